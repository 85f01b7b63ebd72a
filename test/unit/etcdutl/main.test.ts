// The command line of etcdutl: what it prints and refuses, as the real one of 3.5.30 does; hashkv as 3.6. What the commands
// do to files is in test/unit/storage/etcdutl.test.ts.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { newPrinter } from '../../../final/etcdctl/printers.ts';
import { main } from '../../../final/etcdutl/main.ts';
import { REPOSITORY } from '../../../steps/tool/chain.ts';
import { expectedOf } from '../../harness/fixtures.ts';
import { makeScratch } from '../../harness/scratch.ts';
import { fakeIo } from '../etcdctl/fake_io.ts';

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...argv: readonly string[]): Promise<Ran> {
  const fake = fakeIo();
  const status = await main({ argv, io: fake.io, printers: async () => newPrinter });
  return { status, stdout: fake.stdout().toString(), stderr: fake.stderr() };
}

function unpack(folder: string): string {
  const file = path.join(folder, 's.db');
  fs.writeFileSync(file, gunzipSync(fs.readFileSync(path.join(REPOSITORY, 'test/data/bolt/snapshot-final.db.gz'))));
  return file;
}

const file = unpack(makeScratch());

interface Stage {
  readonly revision: number;
  readonly compact_revision: number;
  readonly hash_kv: readonly { readonly rev: number; readonly hash?: number }[];
}
const { stages } = expectedOf('datadir-basic') as { stages: { final: Stage } };

describe('help', () => {
  test('of a command has its flags in columns', async () => {
    const { status, stdout, stderr } = await run('defrag', '--help');
    const expected = [
      'Usage:',
      '  etcdutl defrag [flags]',
      '',
      'Flags:',
      '      --data-dir string   Required. Defragments a data directory not in use by etcd.',
      '  -h, --help              help for defrag',
      '',
      'Global Flags:',
      '  -w, --write-out string   set the output format (fields, json, protobuf, simple, table) (default "simple")',
      '',
    ];
    assert.deepEqual([status, stdout, stderr], [0, expected.join('\n'), '']);
  });

  test('of a group lists its commands, without those that are deprecated', async () => {
    const { stdout } = await run('snapshot');
    assert.match(stdout, /^Available Commands:\n {2}restore {5}Restores an etcd .*\n {2}status {6}Gets .*\n\nFlags:/m);
    assert.match(stdout, /\nUse "etcdutl snapshot \[command\] --help" for more information about a command\.\n$/);
  });
});

describe('refused', () => {
  const refused: [argv: readonly string[], status: number, stderr: RegExp][] = [
    [['frob'], 1, /^Error: unknown command "frob" for "etcdutl"\nRun 'etcdutl --help' for usage\.\nError: unknown/],
    [['version', '--nope'], 1, /^Error: unknown flag: --nope\nUsage:\n[\s\S]*\n\nError: unknown flag: --nope\n$/],
    [['defrag'], 1, /^Error: required flag\(s\) "data-dir" not set\nUsage:[^]*\n\nError: required/],
    [['snapshot', 'restore', file], 1, /^Error: required flag\(s\) "data-dir" not set\nUsage:/],
    [['snapshot', 'restore', '--data-dir=x'], 128, /^Error: snapshot restore requires exactly one argument\n$/],
    [
      ['snapshot', 'restore', file, '--data-dir=x', '--bump-revision=1'],
      128,
      /^Error: --mark-compacted required if --revision-bump > 0\n$/,
    ],
    [['snapshot', 'restore', file, '--data-dir=x', '--mark-compacted'], 128, /^Error: --mark-compacted required/],
    [['snapshot', 'status', 'no/such'], 1, /^Error: stat no\/such: no such file or directory\n$/],
    [['snapshot', 'status', file, '-w', 'protobuf'], 4, /^Error: protobuf not supported as output format\n$/],
    [['snapshot', 'status', file, '-w', 'yaml'], 4, /^Error: unsupported output format\n$/],
    [['snapshot', 'save', 'x'], 128, /^Command "save" is deprecated, Use `etcdctl snapshot save` .*\nError: In order/],
    [['hashkv'], 1, /^Error: accepts 1 arg\(s\), received 0\nUsage:/],
    [['hashkv', file, '--rev=1'], 1, /^Error: mvcc: required revision has been compacted\n$/],
    [['hashkv', file, '--rev=100000'], 1, /^Error: mvcc: required revision is a future revision\n$/],
    [['defrag', '--data-dir=no'], 2, /^Error: cannot open database at no\/member\/snap\/db \(open .*: no such file/],
    [['backup'], 1, /^Error: etcdutl backup is not yet implemented\n$/],
    [['check', 'v2store'], 1, /^Error: etcdutl check v2store is not yet implemented\n$/],
  ];
  for (const [argv, status, stderr] of refused) {
    test(argv.map((word) => (word === file ? 'FILE' : word)).join(' '), async () => {
      const ran = await run(...argv);
      assert.deepEqual([ran.status, ran.stdout], [status, '']);
      assert.match(ran.stderr, stderr);
    });
  }
});

describe('printed', () => {
  test('the status of a file, in a table with lines', async () => {
    const { stdout } = await run('snapshot', 'status', file, '-w', 'table');
    assert.match(stdout, /^┌─+┬─+┬─+┬─+┐\n│ {3}HASH {3}│ REVISION │ TOTAL KEYS │ TOTAL SIZE │\n├─+┼/);
    assert.match(stdout, /│ f94b55c9 │ {6}359 │ {8}212 │ {5}131 kB │\n└─+┴─+┴─+┴─+┘\n$/);
  });

  test('the hash that the server of the file told', async () => {
    const { revision, compact_revision: compacted, hash_kv: hashes } = stages.final;
    for (const { rev, hash } of hashes) {
      if (hash === undefined) continue;
      const { stdout } = await run('hashkv', file, `--rev=${rev}`);
      assert.equal(stdout, `${hash}, ${rev === 0 ? revision : rev}, ${compacted}\n`);
    }
    assert.match(
      (await run('hashkv', file, '-w', 'json')).stdout,
      /^\{"hash":\d+,"hashRevision":\d+,"compactRevision":/,
    );
    assert.match((await run('hashkv', file, '-w', 'fields')).stdout, /^"Hash" : \d+\n"Hash revision" : \d+\n"Compact/);
  });

  test('a restore as lines for people, and the directory that it made can be defragmented', async () => {
    const dataDir = path.join(makeScratch(), 'r');
    const restored = await run(
      'snapshot',
      'restore',
      file,
      '--data-dir',
      dataDir,
      '--bump-revision=5',
      '--mark-compacted',
    );
    assert.deepEqual([restored.status, restored.stdout], [0, '']);
    const messages = restored.stderr.split('\n').map((line) => line.split('\t')[3] ?? '');
    assert.deepEqual(messages, [
      'restoring snapshot',
      'Trimming membership information from the backend...',
      'bumping latest revision',
      'marking revision compacted',
      'added member',
      'restored snapshot',
      '',
    ]);
    assert.match(restored.stderr, /\{"latest-revision": 359, "bump-amount": 5, "new-latest-revision": 364\}\n/);
    const { status, stderr } = await run('defrag', '--data-dir', dataDir);
    assert.equal(status, 0);
    assert.match(
      stderr,
      /\tdefragmenting\t\{"path": [^]*\tfinished defragmenting directory\t\{"path": .*"took": "[\d.]+m?s"\}\n$/,
    );
  });
});
