// Snapshots between the implementations: stock tools save one from final and start the real etcd on it, and one of the real
// etcd is restored here and starts on final.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { restoreSnapshot } from '../../final/etcdutl/snapshot_restore.ts';
import { snapshotStatus } from '../../final/etcdutl/snapshot_status.ts';
import { nodeFileSystem } from '../../final/storage/fs_node.ts';
import { KV, Maintenance } from '../../proto/load.ts';
import { makeScratch } from '../harness/scratch.ts';
import { Server } from '../harness/server.ts';
import { findEtcdctl, findReal, parseTarget, type Target } from '../harness/target.ts';

const final = parseTarget('final');
const etcdctl = findEtcdctl();
const reals = [findReal('ETCD_BIN'), findReal('ETCD35_BIN')].filter((one) => one !== undefined);
const skip = etcdctl === undefined || reals.length === 0 ? 'no etcd and etcdctl: set ETCD_BIN and ETCDCTL_BIN' : false;
const PEER = 'http://127.0.0.1:22380';

function run(...args: readonly string[]): string {
  const env = { ...process.env, ETCDCTL_API: '3' };
  return execFileSync(etcdctl ?? '', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
}

/** A server of `target` with some history, saved by the stock etcdctl: the file, and what it must hold. */
async function saved(target: Target): Promise<{ file: string; hash: number; revision: number }> {
  const server = await Server.start(target);
  try {
    const client = server.grpc();
    for (let i = 0; i < 300; i++) {
      await client.unary(KV.methods.Put, { key: Buffer.from(`k${i % 50}`), value: Buffer.alloc(i * 7, i) });
    }
    await client.unary(KV.methods.DeleteRange, { key: Buffer.from('k1'), range_end: Buffer.from('k2') });
    await client.unary(KV.methods.Compact, { revision: 100, physical: true });
    const { response } = await client.unary(Maintenance.methods.HashKV, { revision: 0 });
    const file = path.join(makeScratch(), 'saved.db');
    run(`--endpoints=${server.endpoint}`, 'snapshot', 'save', file);
    return { file, hash: response?.hash ?? 0, revision: response?.header?.revision ?? 0 };
  } finally {
    await server.stop();
  }
}

async function assertServes(
  target: Target,
  dataDir: string,
  expected: { hash: number; revision: number },
): Promise<void> {
  const server = await Server.start(target, {
    flags: { name: 'm1', 'data-dir': dataDir, 'initial-cluster': undefined },
  });
  try {
    const client = server.grpc();
    const { response } = await client.unary(Maintenance.methods.HashKV, { revision: 0 });
    assert.deepEqual([response?.hash, response?.header?.revision], [expected.hash, expected.revision], target.label);
    const put = await client.unary(KV.methods.Put, { key: Buffer.from('after') });
    assert.equal(put.response?.header?.revision, expected.revision + 1);
  } finally {
    await server.stop();
  }
}

test('what stock etcdctl saves from final it accepts, restores, and the real etcd serves', { skip }, async () => {
  const { file, ...expected } = await saved(final);
  assert.equal(fs.statSync(file).size % 512, 32);
  const status = JSON.parse(run('-w', 'json', 'snapshot', 'status', file)) as object;
  assert.deepEqual({ ...snapshotStatus(nodeFileSystem, file) }, status, 'our numbers are those of the stock tool');
  for (const real of reals) {
    const dataDir = path.join(makeScratch(), 'restored');
    const members = ['--name', 'm1', '--initial-cluster', `m1=${PEER}`, '--initial-advertise-peer-urls', PEER];
    run('snapshot', 'restore', file, '--data-dir', dataDir, ...members);
    await assertServes(real, dataDir, expected);
  }
});

test('a snapshot of the real etcd that is restored here starts on final', { skip }, async () => {
  for (const real of reals) {
    const { file, ...expected } = await saved(real);
    const dataDir = path.join(makeScratch(), 'restored');
    restoreSnapshot({
      fs: nodeFileSystem,
      snapshot: file,
      dataDir,
      walDir: '',
      name: 'm1',
      initialCluster: `m1=${PEER}`,
      token: 'etcd-cluster',
      advertisePeerUrls: [PEER],
      skipHashCheck: false,
      bumpRevision: 0,
    });
    await assertServes(final, dataDir, expected);
  }
});
