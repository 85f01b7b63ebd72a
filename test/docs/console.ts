// `node --import tsx test/docs/console.ts --page NAME [--update]`: runs the console blocks of the pages whose path contains NAME, each
// in a network of its own where the system allows it, and shows where a page says something else. `--update` writes into the page what was
// printed; read the difference before you keep it.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadParts } from '../../docs/site/book.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { consoleBlocks, type Difference, runPage } from './console_page.ts';
import { ownNetwork } from './own_network.ts';

const { values } = parseArgs({
  options: {
    page: { type: 'string', default: '' },
    update: { type: 'boolean', default: false },
    // Set by the program itself: one page, in the network of this process.
    here: { type: 'boolean', default: false },
  },
});

const sources = loadParts()
  .flatMap(({ chapters }) => chapters.map(({ source }) => source))
  .filter((source) => source.includes(values.page) && fs.existsSync(path.join(REPOSITORY, source)))
  .filter((source) => consoleBlocks(fs.readFileSync(path.join(REPOSITORY, source), 'utf8')).length > 0);

if (values.here) await runHere(sources[0] ?? '');
else for (const source of sources) runApart(source);

function runApart(source: string): void {
  const args = [
    '--import',
    'tsx',
    import.meta.filename,
    '--here',
    '--page',
    source,
    ...(values.update ? ['--update'] : []),
  ];
  const [file = '', ...rest] = ownNetwork([process.execPath, ...args]);
  const { status } = spawnSync(file, rest, { stdio: 'inherit', cwd: REPOSITORY });
  if (status !== 0) process.exitCode = 1;
}

async function runHere(source: string): Promise<void> {
  const text = fs.readFileSync(path.join(REPOSITORY, source), 'utf8');
  const differences = await runPage({ text, goSource: process.env['ETCD_SOURCE'], isUpdate: values.update });
  for (const { first, command, said, printed } of differences) {
    console.log(`${source}:${first}: $ ${command}`);
    for (const line of said) console.log(`  - ${line}`);
    for (const line of printed) console.log(`  + ${line}`);
  }
  if (values.update) update(source, differences);
  if (differences.length === 0) console.log(`${source}: prints what it says`);
  else process.exitCode = 1;
  process.exit();
}

function update(source: string, differences: readonly Difference[]): void {
  const file = path.join(REPOSITORY, source);
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  // From the end, so that the places before stay where they are.
  for (const { first, end, printed } of [...differences].reverse()) lines.splice(first - 1, end - first, ...printed);
  fs.writeFileSync(file, lines.join('\n'));
}
