// Snapshot files of a real etcd: their status, what damage does to them, and what a restored directory holds.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { restoreSnapshot, type RestoreOptions } from '../../../final/etcdutl/snapshot_restore.ts';
import { snapshotStatus } from '../../../final/etcdutl/snapshot_status.ts';
import { nodeFileSystem } from '../../../final/storage/fs_node.ts';
import { listSnapshots, loadNewest } from '../../../final/storage/snap/snapshotter.ts';
import { readWal, validSnapshots } from '../../../final/storage/wal/reader.ts';
import { codecs, KV, Maintenance } from '../../../proto/load.ts';
import { REPOSITORY } from '../../../steps/tool/chain.ts';
import { expectedOf } from '../../harness/fixtures.ts';
import { makeScratch } from '../../harness/scratch.ts';
import { Server } from '../../harness/server.ts';
import { findReal, parseTarget } from '../../harness/target.ts';

const FIXTURES = path.join(REPOSITORY, 'test/data/bolt');

interface Stage {
  readonly revision: number;
  readonly compact_revision: number;
  readonly hash_kv: readonly { readonly rev: number; readonly hash?: number }[];
  readonly snapshot?: { readonly status_json: object };
}
const { stages } = expectedOf('datadir-basic') as { stages: Readonly<Record<string, Stage>> };
const FILES: Readonly<Record<string, string>> = {
  'snapshot-before-compaction': 'before-compaction',
  'snapshot-after-compaction-250': 'after-compaction-250',
  'snapshot-final': 'final',
};

function unpack(name: string): string {
  const file = path.join(makeScratch(), 'snapshot.db');
  fs.writeFileSync(file, gunzipSync(fs.readFileSync(path.join(FIXTURES, `${name}.db.gz`))));
  return file;
}

function restore(snapshot: string, over: Partial<RestoreOptions> = {}): string {
  const dataDir = path.join(makeScratch(), 'restored');
  const url = 'http://127.0.0.1:22380';
  restoreSnapshot({
    fs: nodeFileSystem,
    snapshot,
    dataDir,
    walDir: '',
    name: 'm1',
    initialCluster: `m1=${url}`,
    token: 'restored-token',
    advertisePeerUrls: [url],
    skipHashCheck: false,
    bumpRevision: 0,
    ...over,
  });
  return dataDir;
}

for (const [file, stage] of Object.entries(FILES)) {
  test(`the status of ${file} is that of the real tool`, () => {
    assert.deepEqual({ ...snapshotStatus(nodeFileSystem, unpack(file)) }, stages[stage]?.snapshot?.status_json);
  });
}

const DAMAGE: readonly {
  readonly what: string;
  readonly change: (bytes: Buffer) => Buffer;
  readonly restore: RegExp;
  readonly hash?: number;
}[] = [
  {
    what: 'a missing sum',
    change: (bytes) => bytes.subarray(0, -32),
    restore: /snapshot missing hash but --skip-hash-check=false/,
    hash: 4182463945,
  },
  {
    what: 'a wrong sum',
    change: (bytes) => flip(bytes, bytes.length - 1),
    restore: /expected sha256 \[[\d ]+\], got \[[\d ]+\]/,
    hash: 4182463945,
  },
  { what: 'a flipped value', change: (bytes) => flip(bytes, 50_000), restore: /expected sha256/, hash: 367615289 },
  { what: 'a cut file', change: (bytes) => bytes.subarray(0, 100_000), restore: /snapshot missing hash/ },
];

function flip(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

for (const { what, change, restore: refusal, hash } of DAMAGE) {
  test(`${what} is noticed as by the real tool`, () => {
    const file = unpack('snapshot-final');
    fs.writeFileSync(file, change(fs.readFileSync(file)));
    assert.throws(() => restore(file), refusal);
    if (hash === undefined) assert.throws(() => snapshotStatus(nodeFileSystem, file), /invalid database/);
    else assert.equal(snapshotStatus(nodeFileSystem, file).hash, hash);
  });
}

test('a restored directory has the log and the members that the real tool writes', () => {
  const { single } = expectedOf('restored') as {
    single: { on_disk: { wal: [{ records: { type: number; data_hex?: string }[] }] } };
  };
  const folder = path.join(restore(unpack('snapshot-final')), 'member');
  const wal = path.join(folder, 'wal');
  const content = readWal(nodeFileSystem, wal, { index: 0, term: 0 });
  const records = single.on_disk.wal[0].records;
  const hexOf = (type: number): string | undefined => records.find((record) => record.type === type)?.data_hex;
  assert.equal(Buffer.from(content.metadata ?? []).toString('hex'), hexOf(1), 'who the member is');
  assert.equal(
    Buffer.from(codecs['raftpb.Entry'].encode(content.entries[0] ?? {})).toString('hex'),
    hexOf(2),
    'the entry',
  );
  assert.equal(
    Buffer.from(codecs['raftpb.HardState'].encode(content.hardState)).toString('hex'),
    hexOf(3),
    'the state',
  );
  const snap = path.join(folder, 'snap');
  assert.deepEqual(listSnapshots(nodeFileSystem, snap), ['0000000000000001-0000000000000001.snap']);
  assert.ok(loadNewest(nodeFileSystem, snap, validSnapshots(nodeFileSystem, wal)).snapshot);
});

test('a directory that is there, and members that do not fit, are refused', () => {
  const file = unpack('snapshot-final');
  const dataDir = restore(file);
  assert.throws(() => restore(file, { dataDir }), /data-dir ".*" not empty or could not be read/);
  assert.throws(
    () => restore(file, { name: 'zz' }),
    /couldn't find local name "zz" in the initial cluster configuration/,
  );
  assert.throws(
    () => restore(file, { advertisePeerUrls: ['http://127.0.0.1:1'] }),
    /--initial-cluster has m1=.* but missing from --initial-advertise-peer-urls=/,
  );
});

const targets = [
  parseTarget('final'),
  ...[findReal('ETCD35_BIN'), findReal('ETCD_BIN')].filter((one) => one !== undefined),
];
for (const target of targets) {
  test(`${target.label} starts on a directory that was restored here`, async () => {
    const server = await Server.start(target, {
      flags: { name: 'm1', 'data-dir': restore(unpack('snapshot-final')), 'initial-cluster': undefined },
    });
    try {
      const client = server.grpc();
      for (const { rev, hash } of stages['final']?.hash_kv ?? []) {
        if (hash === undefined) continue;
        const answer = await client.unary(Maintenance.methods.HashKV, { revision: rev });
        assert.equal(answer.response?.hash, hash, `hash at ${rev}`);
      }
      const put = await client.unary(KV.methods.Put, { key: Buffer.from('after') });
      assert.equal(put.response?.header?.revision, 360);
    } finally {
      await server.stop();
    }
  });
}

test('a bumped revision is where the restored member goes on, and everything before it is compacted', async () => {
  const dataDir = restore(unpack('snapshot-final'), { bumpRevision: 1000 });
  const server = await Server.start(parseTarget('final'), {
    flags: { name: 'm1', 'data-dir': dataDir, 'initial-cluster': undefined },
  });
  try {
    const client = server.grpc();
    const put = await client.unary(KV.methods.Put, { key: Buffer.from('after') });
    assert.equal(put.response?.header?.revision, 1360);
    const old = await client.unary(KV.methods.Range, { key: Buffer.from('after'), revision: 1358 });
    assert.equal(old.message, 'etcdserver: mvcc: required revision has been compacted');
  } finally {
    await server.stop();
  }
});
