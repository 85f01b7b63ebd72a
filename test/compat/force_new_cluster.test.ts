// --force-new-cluster on the data directory of a member whose cluster is lost: final and the real etcd make the same cluster of
// one out of it, each from what the other one wrote, also when the
// members were killed.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster as ClusterService, KV, Lease, Maintenance } from '../../proto/load.ts';
import { Cluster, type ClusterMember } from '../harness/cluster.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { type Flags, Server } from '../harness/server.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';

const final = parseTarget('final');
const real34 = findReal('ETCD_BIN');
const real35 = findReal('ETCD35_BIN');
const KEYS = 30;
// By then the database has what was applied, while the log may not say yet that it is committed.
const DATABASE_MS = 500;
// Most entries between the first look at the old cluster and that at the new one: one for each member that is removed, the first
// of the term, the member's own name, a cluster version, and what the members do by themselves before they are stopped:
// elections, and the cluster version once more.
const NEW_ENTRIES = 2 + 1 + 1 + 1 + 5;

interface Course {
  /** The cluster that is lost. */
  readonly from: Target | undefined;
  /** The real etcd that goes on from it. */
  readonly real: Target | undefined;
  readonly isKilled: boolean;
  readonly flags: Flags;
}

/** What is compared. */
interface Found {
  readonly members: readonly { readonly id: bigint; readonly name: string; readonly peerUrls: readonly string[] }[];
  readonly clusterId: bigint;
  readonly kvs: readonly string[];
  readonly hash: number;
  readonly revision: number;
  readonly leaseKeys: readonly string[];
  readonly term: number;
  readonly index: number;
}

const SNAPSHOTS = { 'snapshot-count': '10' };

const COURSES: Readonly<Record<string, Course>> = {
  'from 3.4': { from: real34, real: real34, isKilled: false, flags: {} },
  'from 3.4 with snapshots, killed': { from: real34, real: real34, isKilled: true, flags: SNAPSHOTS },
  'from 3.5': { from: real35, real: real35, isKilled: false, flags: {} },
  'from 3.5 with snapshots, killed': { from: real35, real: real35, isKilled: true, flags: SNAPSHOTS },
  'from final': { from: final, real: real35, isKilled: false, flags: {} },
  'from final with snapshots, killed': { from: final, real: real35, isKilled: true, flags: SNAPSHOTS },
};

for (const [name, { from, real, isKilled, flags }] of Object.entries(COURSES)) {
  const skip = from === undefined || real === undefined ? 'no such etcd: set ETCD_BIN and ETCD35_BIN' : false;
  test(`--force-new-cluster, ${name}: final and the real etcd come to the same`, { skip }, async () => {
    assert.ok(from !== undefined && real !== undefined);
    const cluster = await Cluster.start([from, from, from], flags);
    const copies: string[] = [];
    try {
      const before = await fill(cluster);
      // One that followed, and so may know less of what is committed.
      const leader = await cluster.waitLeader();
      const member = cluster.members.find((one) => one !== leader);
      assert.ok(member?.id !== undefined);
      if (isKilled) await delay(DATABASE_MS);
      for (const one of cluster.members) await (isKilled ? cluster.kill(one) : cluster.stop(one));
      const [byReal, byFinal] = [copyOf(member), copyOf(member)];
      copies.push(byReal, byFinal);
      const expected = await forced(real, byReal, member);
      const found = await forced(final, byFinal, member);
      const { term: realTerm, index: realIndex, ...same } = expected;
      const { term, index, ...rest } = found;
      assert.deepEqual(rest, same);
      assert.deepEqual([rest.revision, rest.hash], [before.revision, before.hash], 'as in the lost cluster');
      assert.deepEqual(
        rest.members.map(({ id }) => id),
        [member.id],
      );
      assert.equal(term, realTerm);
      assert.ok(term > before.term, `term ${term} behind ${before.term}`);
      assert.ok(Math.abs(index - realIndex) <= 1, `index ${index}, that of the real etcd is ${realIndex}`);
      assert.ok(index >= before.index && index <= before.index + NEW_ENTRIES, `${index} behind ${before.index}`);
      await goesOn(final, byFinal, member);
    } finally {
      for (const folder of copies) removeScratch(folder);
      await cluster.close();
    }
  });
}

/** Writes keys, some of them with a lease, and removes some. */
async function fill(cluster: Cluster): Promise<{ hash: number; revision: number; term: number; index: number }> {
  const leader = await cluster.waitLeader();
  const { ID: lease } = await leader.client.ok(Lease.methods.LeaseGrant, { TTL: 600, ID: 0x77n });
  for (let i = 0; i < KEYS; i++) {
    const on = cluster.members[i % cluster.members.length];
    const key = Buffer.from(`key/${i % 20}`);
    await on?.client.ok(KV.methods.Put, { key, value: Buffer.from(`value ${i}`), lease: i % 3 === 0 ? lease : 0n });
  }
  await leader.client.ok(KV.methods.DeleteRange, { key: Buffer.from('key/7') });
  const { hash, revision } = await cluster.waitEqualHash();
  const { raftTerm, raftIndex } = await leader.client.ok(Maintenance.methods.Status, {});
  return { hash, revision, term: raftTerm, index: raftIndex };
}

function copyOf({ folder }: ClusterMember): string {
  const copy = makeScratch();
  fs.cpSync(path.join(folder, 'data'), path.join(copy, 'data'), { recursive: true });
  return copy;
}

function start(target: Target, folder: string, { name }: ClusterMember, flags: Flags): Promise<Server> {
  return Server.start(target, { folder, flags: { name, 'initial-cluster': undefined, ...flags } });
}

async function forced(target: Target, folder: string, member: ClusterMember): Promise<Found> {
  const server = await start(target, folder, member, { 'force-new-cluster': 'true' });
  try {
    return await look(server);
  } finally {
    await server.stop();
  }
}

async function look(server: Server): Promise<Found> {
  const client = server.grpc();
  const list = await client.unary(ClusterService.methods.MemberList, {});
  const all = await client.unary(KV.methods.Range, { key: Buffer.of(0), range_end: Buffer.of(0) });
  const hash = await client.unary(Maintenance.methods.HashKV, { revision: 0 });
  const times = await client.unary(Lease.methods.LeaseTimeToLive, { ID: 0x77n, keys: true });
  const status = await client.unary(Maintenance.methods.Status, {});
  assert.ok(list.response && all.response && hash.response && times.response && status.response, all.message);
  return {
    members: list.response.members.map(({ ID, name, peerURLs }) => ({ id: ID, name, peerUrls: peerURLs })),
    clusterId: list.response.header?.cluster_id ?? 0n,
    kvs: all.response.kvs.map(({ key, value, mod_revision, version, lease }) =>
      [Buffer.from(key), Buffer.from(value), mod_revision, version, lease].join(' '),
    ),
    hash: hash.response.hash,
    revision: all.response.header?.revision ?? 0,
    leaseKeys: times.response.keys.map((key) => Buffer.from(key).toString()).sort(),
    term: status.response.raftTerm,
    index: status.response.raftIndex,
  };
}

/** Without the flag it is still a cluster of one, and takes writes. */
async function goesOn(target: Target, folder: string, member: ClusterMember): Promise<void> {
  const server = await start(target, folder, member, {});
  try {
    const { members, revision } = await look(server);
    assert.deepEqual(
      members.map(({ id }) => id),
      [member.id],
    );
    const put = await server.grpc().unary(KV.methods.Put, { key: Buffer.from('on'), value: Buffer.from('we go') });
    assert.equal(put.response?.header?.revision, revision + 1, put.message);
  } finally {
    await server.stop();
  }
}
