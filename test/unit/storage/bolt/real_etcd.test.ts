// What the real programs make of files that were written here. They are named by ETCD_BIN, ETCDCTL_BIN, ETCDUTL_BIN or
// found on the PATH; what is not there is skipped.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Bucket } from '../../../../final/storage/bolt/bucket.ts';
import { check } from '../../../../final/storage/bolt/check.ts';
import { DB, type OpenOptions } from '../../../../final/storage/bolt/db.ts';
import { nodeFileSystem } from '../../../../final/storage/fs_node.ts';
import { freePort } from '../../../harness/ports.ts';
import { makeScratch, removeScratch } from '../../../harness/scratch.ts';
import { findEtcdctl, findOnPath, findReal } from '../../../harness/target.ts';
import { bytes, seeded } from './dump.ts';
import { FOLDER, openFixture, status } from './fixture.ts';

const folder = makeScratch();
after(() => removeScratch(folder));

const etcd = findReal('ETCD_BIN')?.command[0];
const etcdctl = findEtcdctl();
const etcdutl = process.env['ETCDUTL_BIN'] ?? findOnPath('etcdutl');

// Writes random states into a file: batches of revisions, compactions, nested buckets, large values.
function write(file: string, options: OpenOptions, seed: number): void {
  const random = seeded(seed);
  const db = DB.open(nodeFileSystem.open(file, 'create'), options);
  let main = 1;
  let compacted = 1;
  for (let round = 0; round < 25; round++) {
    db.update((tx) => {
      const key = tx.createBucketIfNotExists('key');
      key.fillPercent = 0.9;
      for (let n = Math.floor(random() * 300); n >= 0; n--) key.put(revision(++main), value(random));
      if (random() < 0.3) {
        for (; compacted < main - 50; compacted++) if (random() < 0.9) key.delete(revision(compacted));
      }
      const other = tx.createBucketIfNotExists(`b${Math.floor(random() * 4)}`);
      for (let n = 0; n < 20; n++) other.put(bytes(`k${Math.floor(random() * 1_000)}`), value(random));
      other.createBucketIfNotExists('inner').createBucketIfNotExists('innermost').put(bytes('k'), value(random));
      other.nextSequence();
      const dropped = `b${Math.floor(random() * 4)}`;
      if (random() < 0.1 && tx.bucket(dropped) !== undefined) tx.deleteBucket(dropped);
    });
    assert.deepEqual(check(db), []);
  }
  db.close();
}

function revision(main: number): Uint8Array {
  const key = new Uint8Array(17);
  new DataView(key.buffer).setBigUint64(0, BigInt(main));
  key[8] = 0x5f;
  return key;
}

function value(random: () => number): Uint8Array {
  const length = random() < 0.02 ? 30_000 : Math.floor(random() * 300);
  return new Uint8Array(length).fill(random() * 256);
}

const WRITERS: readonly OpenOptions[] = [{}, { syncFreelist: true }, { pageSize: 1024 }];

for (const [label, program] of [
  ['etcdctl', etcdctl],
  ['etcdutl', etcdutl],
] as const) {
  const skip = program === undefined ? `no ${label}: set ${label.toUpperCase()}_BIN` : false;
  for (const [i, options] of WRITERS.entries()) {
    test(`${label} accepts a file of ours, ${JSON.stringify(options)}`, { skip }, () => {
      for (let seed = 1; seed <= 4; seed++) {
        const file = path.join(folder, `${label}-${i}-${seed}.db`);
        write(file, options, seed);
        const db = DB.open(nodeFileSystem.open(file, 'read'), { readOnly: true });
        const own = db.view(status);
        db.close();
        const text = execFileSync(program as string, ['snapshot', 'status', file, '-w', 'json'], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const { hash, totalKey, totalSize } = JSON.parse(text) as ReturnType<typeof status>;
        assert.deepEqual({ hash, totalKey, totalSize }, own);
      }
    });
  }
}

// Copies every bucket of `from` into `to`, key by key, in transactions of a few keys.
function copyDatabase(from: DB, to: DB): void {
  from.view((source) => {
    for (const name of source.bucketNames()) {
      to.update((tx) => tx.createBucket(name));
      const pairs: [Uint8Array, Uint8Array][] = [];
      (source.bucket(name) as Bucket).forEach((key, value) => pairs.push([key, value as Uint8Array]));
      for (let n = 0; n < pairs.length; n += 30) {
        to.update((tx) => {
          const bucket = tx.bucket(name) as Bucket;
          bucket.fillPercent = 0.9;
          for (const [key, value] of pairs.slice(n, n + 30)) bucket.put(key, value);
        });
      }
    }
  });
}

async function runEtcd<T>(program: string, dataDir: string, use: (endpoint: string) => Promise<T>): Promise<T> {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const args = ['--name', 'm1', '--data-dir', dataDir, '--listen-client-urls', endpoint];
  args.push('--advertise-client-urls', endpoint, '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
  args.push('--initial-cluster', `m1=${peer}`);
  const server = spawn(program, args, { stdio: 'ignore' });
  const exited = once(server, 'exit');
  try {
    for (let tries = 0; ; tries++) {
      const health = await fetch(`${endpoint}/health`).catch(() => undefined);
      if (health?.ok) break;
      assert.ok(tries < 150 && server.exitCode === null, 'the real etcd does not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await use(endpoint);
  } finally {
    server.kill('SIGTERM');
    await exited;
  }
}

function ctl(endpoint: string, ...args: string[]): string {
  const env = { ...process.env, ETCDCTL_API: '3' };
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  return execFileSync(etcdctl as string, ['--endpoints', endpoint, ...args], { encoding: 'utf8', env, stdio });
}

for (const variable of ['ETCD_BIN', 'ETCD35_BIN'] as const) {
  const server = variable === 'ETCD_BIN' ? etcd : findReal(variable)?.command[0];
  const missing = [server === undefined && `no etcd: set ${variable}`, etcdctl === undefined && 'no etcdctl'];
  const skip = missing.find((text) => text !== false) ?? false;

  test(`the real etcd (${variable}) lives in a data directory whose database was rewritten here`, {
    skip,
  }, async () => {
    const parent = path.join(folder, variable);
    fs.mkdirSync(parent);
    execFileSync('tar', ['xzf', `${FOLDER}/../storage/datadir-basic.tar.gz`, '-C', parent]);
    const dataDir = path.join(parent, 'datadir-basic');
    const file = path.join(dataDir, 'member/snap/db');
    fs.renameSync(file, `${file}.original`);
    const original = DB.open(nodeFileSystem.open(`${file}.original`, 'read'), { readOnly: true });
    const ours = DB.open(nodeFileSystem.open(file, 'create'));
    copyDatabase(original, ours);
    assert.deepEqual(check(ours), []);
    original.close();
    ours.close();
    fs.rmSync(`${file}.original`);

    const hash = await runEtcd(server as string, dataDir, async (endpoint) => {
      // What the real server said of the directory as it was (spec/storage.md 10.25).
      assert.equal(hashKV(endpoint).hash, 443377704);
      for (let n = 0; n < 50; n++) ctl(endpoint, 'put', `key-${n % 20}`, `value ${n}`);
      ctl(endpoint, 'compaction', '380');
      return hashKV(endpoint).hash;
    });

    // And what it wrote into our file is read here, changed, and read there.
    const db = DB.open(nodeFileSystem.open(file, 'create'));
    assert.deepEqual(check(db), []);
    db.update((tx) => {
      const key = tx.bucket('key') as Bucket;
      const pairs: [Uint8Array, Uint8Array][] = [];
      key.forEach((k, v) => pairs.push([k, v as Uint8Array]));
      tx.deleteBucket('key');
      const copy = tx.createBucket('key');
      for (const [k, v] of pairs) copy.put(k, v);
    });
    assert.deepEqual(check(db), []);
    db.close();
    await runEtcd(server as string, dataDir, async (endpoint) => assert.equal(hashKV(endpoint).hash, hash));
  });
}

function hashKV(endpoint: string): { hash: number } {
  const [answer] = JSON.parse(ctl(endpoint, 'endpoint', 'hashkv', '-w', 'json')) as [{ HashKV: { hash: number } }];
  return { hash: answer.HashKV.hash };
}

test('a snapshot that the real client saved is restored through here unchanged', () => {
  const from = openFixture('snapshot-final', { readOnly: true });
  const file = path.join(folder, 'copy.db');
  const to = DB.open(nodeFileSystem.open(file, 'create'));
  copyDatabase(from, to);
  const { hash, totalKey } = to.view(status);
  assert.deepEqual({ hash, totalKey }, { hash: 4182463945, totalKey: 212 });
  to.close();
});
