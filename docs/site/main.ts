// `npm run docs`: builds the site into docs/dist and says what is wrong with the pages. `-- --page NAME` shows only the problems
// of pages whose path contains NAME.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { buildSite } from './build.ts';

const { values } = options();
const begin = performance.now();
const out = path.join(REPOSITORY, 'docs/dist');
const { problems, pages, files } = await buildSite({ out });
const wanted = problems.filter(({ page }) => page.includes(values.page));
for (const { page, line, text } of wanted) console.error(`${page}${line > 0 ? `:${line}` : ''}: ${text}`);
for (const { chapter, words, answers } of pages) {
  if (values.page !== '' && chapter.source.includes(values.page))
    console.log(`${chapter.source}: ${words} words, ${answers} folded answers`);
}
const seconds = ((performance.now() - begin) / 1000).toFixed(1);
console.log(`${files} files in docs/dist, ${seconds} s; open docs/dist/index.html`);
if (wanted.length > 0) process.exitCode = 1;

function options(): { values: { page: string } } {
  try {
    return parseArgs({ options: { page: { type: 'string', default: '' } } });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}
