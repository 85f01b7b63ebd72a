// Every page prints what it says: its console blocks are run in order, each page in a network and a folder of its own.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { loadParts } from '../../docs/site/book.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { canListen } from '../harness/ports.ts';
import { runProgram } from '../harness/process.ts';
import { findEtcdctl, findOnPath } from '../harness/target.ts';
import { consoleBlocks } from './console_page.ts';
import { HAS_OWN_NETWORK, ownNetwork } from './own_network.ts';

const PAGE_LIMIT_MS = 300_000;
// A page waits for most of its time.
const PAGES_AT_ONCE = HAS_OWN_NETWORK ? 3 : 1;
// What a page may need of this environment, which is otherwise kept from programs that are tested.
const PASSED_ON = Object.fromEntries(
  ['ETCD_SOURCE', 'ETCDCTL_BIN'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);
const USUAL_PORTS = [2379, 2380, 12379, 12380, 22379, 22380, 32379, 32380];

const pages = loadParts()
  .flatMap(({ chapters }) => chapters.map(({ source }) => source))
  .filter((source) => consoleBlocks(fs.readFileSync(path.join(REPOSITORY, source), 'utf8')).length > 0);

/** Why pages cannot be run here; false when they can. */
async function obstacle(): Promise<string | false> {
  if (findEtcdctl() === undefined) return 'no etcdctl: set ETCDCTL_BIN';
  for (const program of ['bash', 'curl', 'fuser']) if (findOnPath(program) === undefined) return `no ${program}`;
  if (HAS_OWN_NETWORK) return false;
  for (const port of USUAL_PORTS)
    if (!(await canListen(port))) return `no network of its own, and port ${port} is taken`;
  return false;
}

const skip = await obstacle();

describe('pages print what they say', { concurrency: PAGES_AT_ONCE }, () => {
  for (const source of pages) {
    it(source, { skip, timeout: PAGE_LIMIT_MS + 10_000 }, async () => {
      const command = ownNetwork([
        process.execPath,
        '--import',
        'tsx',
        path.join(REPOSITORY, 'test/docs/console.ts'),
        '--here',
        '--page',
        source,
      ]);
      const { code, stdout, stderr } = await runProgram({
        command,
        cwd: REPOSITORY,
        env: PASSED_ON,
        limitMs: PAGE_LIMIT_MS,
      });
      assert.equal(code, 0, `${stdout}\n${stderr}`);
    });
  }
});
