// `flag NAME [--in CODE] [--each]`: follows a flag through the code: its entry in the table, the field that it sets, where
// that is used, and what for. With --each: how the flag grows from step to step.

import { parseArgs } from 'node:util';
import { Sources } from '../site/source/program.ts';
import { type Command, findCode, UsageError, type Workplace } from './command.ts';
import { followEach } from './flag_each.ts';
import { followGoFlag } from './flag_go.ts';
import { type FlagStory, flagNames, followFlag, type Quote } from './flag_ts.ts';
import { didYouMean } from './suggest.ts';
import { CallGraph } from '../site/source/call_graph.ts';
import { TsCode } from '../site/source/code.ts';

const USAGE = 'usage: flag NAME [--in 05|final|FOLDER] [--each]';

/** Where a flag is followed when nothing else is said. */
export const DEFAULT_STEP = '05';

export const flag: Command = async (args, place) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { in: { type: 'string' }, each: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [given, extra] = positionals;
  if (given === undefined || extra !== undefined || (values.each && values.in !== undefined))
    throw new UsageError(USAGE);
  const name = given.replace(/^--?/, '');
  if (values.each) return withSources(place, (sources) => followEach(sources, name, place));
  const code = findCode(values.in ?? DEFAULT_STEP, place);
  if (code.kind === 'go') return followGoFlag(code.folder, name, place.print);
  const { folder, slug } = code.link;
  return withSources(place, (sources) => {
    const ts = new TsCode(sources, folder);
    const story = followFlag(ts, new CallGraph(ts), name);
    if (story === undefined) throw new Error(`${slug} has no flag "${name}"${didYouMean(name, flagNames(ts))}`);
    place.print(tell(story, slug, folder));
    return 0;
  });
};

function withSources<T>({ chain }: Workplace, work: (sources: Sources) => T): T {
  const sources = new Sources(chain.root);
  try {
    return work(sources);
  } finally {
    sources.close();
  }
}

/** The story of a flag as text: paths are relative to `folder`. */
export function tell(story: FlagStory, slug: string, folder: string): string {
  const where = ({ file, line, symbol }: Quote): string =>
    `${file.slice(folder.length + 1)}:${line}${symbol === 'FLAGS' || symbol === 'FLAG_SECTIONS' ? '' : `  ${symbol}`}`;
  const lines = [`--${story.name} in ${slug}`, ''];
  const add = (label: string, quote: Quote): void =>
    void lines.push(`${label.padEnd(7)}${where(quote)}`, `         ${quote.text}`);
  add('table', story.table);
  if (story.fields.length === 0) {
    lines.push(
      `field  none${story.isReady ? '' : ': the table says that it is not ready, so only its default is allowed'}`,
    );
  }
  story.fields.forEach(({ name, quote, uses }, i) => {
    add(i === 0 ? 'field' : 'also', quote);
    const count = uses.length === 1 ? '1 use' : `${uses.length} uses`;
    lines.push(`       Config.${name} – ${count}${uses.length > 1 ? ', in the order of a start' : ''}`);
    uses.forEach((use, j) => {
      add(`${j + 1}`.padStart(3), use);
      if (use.path.length > 1) lines.push(`         reached by  ${use.path.join(' → ')}`);
      if (use.into !== undefined) lines.push(`         goes into   ${use.into}`);
    });
  });
  for (const quote of story.named) add('named', quote);
  return lines.join('\n');
}
