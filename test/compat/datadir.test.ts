// Data directories go from one implementation to the other and back: every one that a real etcd wrote starts on final with
// the same revision and hashes, the real etcd starts on what final left, and so on, several times.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KV, Lease, Maintenance } from '../../proto/load.ts';
import { expectedOf, unpackFixture } from '../harness/fixtures.ts';
import { Server } from '../harness/server.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';

const final = parseTarget('final');
// Only a 3.5 starts on what final wrote: final raises the cluster version as a 3.5 does.
const real = [findReal('ETCD35_BIN'), findReal('ETCD_BIN')].find((target) => target?.line === '3.5');
const ROUNDS = 10;

interface HashRow {
  readonly rev: number;
  readonly hash?: number;
  readonly error?: string;
}

interface Expected {
  readonly identity: { readonly member_id: string; readonly cluster_id: string };
  readonly hash_kv?: readonly HashRow[];
  readonly boot_check?: Boot;
  readonly after_real_boot?: Boot;
}

interface Boot {
  readonly status?: { readonly revision: number };
  readonly hash_kv: readonly HashRow[];
}

/** Starts `target` on the data directory `folder`. */
function startOn(target: Target, folder: string): Promise<Server> {
  return Server.start(target, { flags: { name: 'm1', 'data-dir': folder, 'initial-cluster': undefined }, env: {} });
}

async function hashOf(server: Server, revision = 0): Promise<number | string> {
  const client = server.grpc();
  const answer = await client.unary(Maintenance.methods.HashKV, { revision });
  client.close();
  return answer.response?.hash ?? answer.message;
}

const FIXTURES = ['datadir-basic', 'datadir-crash', 'datadir-auth', 'datadir-snapfiles', 'datadir-compact-interrupted'];

for (const name of FIXTURES) {
  test(`${name} starts on final as on the real etcd that wrote it`, async () => {
    const expected = expectedOf(name) as Expected;
    const boot = expected.after_real_boot ?? expected.boot_check;
    const server = await startOn(final, unpackFixture(name));
    try {
      const client = server.grpc();
      const status = await client.unary(Maintenance.methods.Status, {});
      assert.equal(String(status.response?.header?.member_id), expected.identity.member_id);
      assert.equal(String(status.response?.header?.cluster_id), expected.identity.cluster_id);
      if (boot?.status !== undefined) assert.equal(status.response?.header?.revision, boot.status.revision);
      client.close();
      for (const { rev, hash, error } of boot?.hash_kv ?? expected.hash_kv ?? []) {
        // 3.4 refuses the hash at the compact revision itself; 3.5 gives it.
        if (error === undefined) assert.equal(await hashOf(server, rev), hash, `hash at ${rev}`);
      }
    } finally {
      await server.stop();
    }
  });
}

test('a data directory goes from the real etcd to final and back, ten times', {
  skip: real === undefined ? 'no etcd 3.5: set ETCD35_BIN' : false,
}, async () => {
  assert.ok(real);
  const folder = unpackFixture('datadir-basic');
  const lease = 0x1111n;
  let revision = 0;
  let hash: number | string | undefined;
  for (let round = 0; round < ROUNDS * 2; round++) {
    const target: Target = round % 2 === 0 ? final : real;
    const server = await startOn(target, folder);
    const where: string = `round ${round} on ${target.label}`;
    try {
      const client = server.grpc();
      if (hash !== undefined) assert.equal(await hashOf(server), hash, `${where}: the hash of what the other one left`);
      const before = await client.unary(KV.methods.Range, {
        key: Buffer.from('a'),
        range_end: Buffer.of(0),
        count_only: true,
      });
      assert.ok((before.response?.header?.revision ?? 0) >= revision, where);
      for (let i = 0; i < 5; i++) {
        const put = await client.unary(KV.methods.Put, {
          key: Buffer.from(`round/${round}/${i}`),
          value: Buffer.from(target.label),
          lease,
        });
        assert.equal(put.code, 0, `${where}: ${put.message}`);
      }
      const deleted = await client.unary(KV.methods.DeleteRange, { key: Buffer.from(`round/${round - 1}/0`) });
      assert.equal(deleted.response?.deleted, round === 0 ? 0 : 1, where);
      revision = deleted.response?.header?.revision ?? 0;
      if (round % 5 === 4) {
        const compacted = await client.unary(KV.methods.Compact, { revision: revision - 3, physical: true });
        assert.equal(compacted.code, 0, `${where}: ${compacted.message}`);
      }
      const times = await client.unary(Lease.methods.LeaseTimeToLive, { ID: lease, keys: true });
      assert.ok((times.response?.keys.length ?? 0) >= 5, `${where}: ${times.response?.keys.length} keys on the lease`);
      hash = await hashOf(server);
      client.close();
    } finally {
      // Killed every third time: then it is the log that has to be read.
      if (round % 3 === 2) await server.kill();
      else await server.stop();
    }
  }
});
