// The recipes print what their pages say: every block of commands is run as it stands, against final and the real servers.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { freePort } from '../harness/ports.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { Server } from '../harness/server.ts';
import { findEtcdctl, findReal, parseTarget, type Target } from '../harness/target.ts';
import { blocksOf, readPage, recipeNames, runBlocks } from './recipe_page.ts';

const PAGE_LIMIT_MS = 90_000;
// The page with a cluster uses the ports from BASE + 1 on, two for each of three members.
const CLUSTER_PORTS = 6;

/** A folder with `etcdctl` in it, and what a page that is read in the repository takes for granted beside it. */
function makeBin(folder: string, etcdctl: string): string {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  fs.symlinkSync(etcdctl, path.join(bin, 'etcdctl'));
  for (const name of ['docs', 'node_modules', 'package.json', 'tsconfig.json']) {
    fs.symlinkSync(path.join(REPOSITORY, name), path.join(folder, name));
  }
  return bin;
}

/** The etcdctl that belongs to a target: a real 3.5 has its own beside it. */
function etcdctlFor(target: Target): string | undefined {
  const own = path.join(path.dirname(target.command[0] ?? ''), 'etcdctl');
  return target.kind === 'real' && path.isAbsolute(own) && fs.existsSync(own) ? own : findEtcdctl();
}

/** The port in front of a row of free ones. */
async function freeRow(): Promise<number> {
  const row = [await freePort()];
  while (row.length < CLUSTER_PORTS) {
    const port = await freePort();
    if (port !== (row.at(-1) ?? 0) + 1) row.length = 0;
    row.push(port);
  }
  return (row[0] ?? 0) - 1;
}

async function run(name: string, target: Target, etcdctl: string): Promise<void> {
  const folder = makeScratch();
  const server = await Server.start(target);
  try {
    const blocks = blocksOf(readPage(name));
    const printed = await runBlocks({
      blocks,
      folder,
      bin: makeBin(folder, etcdctl),
      env: {
        ETCDCTL_API: '3',
        ETCDCTL_ENDPOINTS: server.endpoint,
        ETCD: target.command.join(' '),
        BASE: String(await freeRow()),
      },
      limitMs: PAGE_LIMIT_MS,
    });
    const show = (texts: readonly string[]): string[] => texts.map((text, i) => `line ${blocks[i]?.line}:\n${text}`);
    assert.deepEqual(show(printed), show(blocks.map(({ prints }) => prints)));
  } finally {
    await server.kill();
    removeScratch(folder);
  }
}

function register(target: Target): void {
  const etcdctl = etcdctlFor(target);
  describe(`the recipes with ${target.label}`, { concurrency: 1 }, () => {
    for (const name of recipeNames()) {
      if (etcdctl === undefined) it(name, { skip: 'no etcdctl: set ETCDCTL_BIN' }, () => undefined);
      else it(name, { timeout: 2 * PAGE_LIMIT_MS }, () => run(name, target, etcdctl));
    }
  });
}

it('the index names every recipe', () => {
  const index = readPage('README');
  for (const name of recipeNames()) assert.ok(index.includes(`(${name}.md)`), name);
});

// Each server has its own, and they share nothing.
describe('the recipes', { concurrency: 3 }, () => {
  register(parseTarget('final'));
  for (const variable of ['ETCD_BIN', 'ETCD35_BIN'] as const) {
    const real = findReal(variable);
    if (real !== undefined) register(real);
    else it(`the recipes with the real etcd of ${variable}`, { skip: `set ${variable} to run it` }, () => undefined);
  }
});
