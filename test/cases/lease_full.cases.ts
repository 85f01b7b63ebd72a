// Leases in full: in transactions, many at once, over restarts, in a cluster through a follower and over a change of the
// leader (spec/rpc.md 8).

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { KV, Lease } from '../../proto/load.ts';
import type { ClusterMember } from '../harness/cluster.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import { assertStatus, bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';
import { deleteOp, nested, putOp } from './txn_ops.ts';
import { Watching } from './watching.ts';

const { Range, Put, Txn } = KV.methods;
const { LeaseGrant, LeaseRevoke, LeaseKeepAlive, LeaseTimeToLive, LeaseLeases } = Lease.methods;
const since = 'final';
const NOT_FOUND = { code: Code.NotFound, message: 'etcdserver: requested lease not found' } as const;
const EXPIRY_LATE_MS = 2500;
const ELECTION_TIMEOUT_MS = 1000;
// Writing on after a member was lost, on a busy machine.
const CHANGE_LIMIT_MS = 10_000;

let lastId = 2_000_000n;
function freshId(): bigint {
  lastId += 1n;
  return lastId;
}

type Caller = Pick<GrpcClient, 'unary'>;

async function grant(client: Caller, TTL: number): Promise<bigint> {
  const { response, message } = await client.unary(LeaseGrant, { TTL, ID: freshId() });
  if (response === undefined) assert.fail(`no lease: ${message}`);
  return response.ID;
}

async function keysOf(t: CaseContext, client: Caller, ID: bigint): Promise<string[]> {
  const { response, message } = await client.unary(LeaseTimeToLive, { ID, keys: true });
  if (response === undefined) assert.fail(message);
  return response.keys.map((key) => t.nameOf(key)).sort();
}

async function exists(t: CaseContext, client: Caller, name: string): Promise<boolean> {
  const { response, message } = await client.unary(Range, { key: t.key(name), count_only: true });
  if (response === undefined) assert.fail(message);
  return response.count === 1;
}

async function gone(t: CaseContext, client: Caller, name: string, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (await exists(t, client, name)) {
    if (performance.now() > end) assert.fail(`${name} is still there after ${limitMs} ms`);
    await delay(25);
  }
}

const transactions: Case[] = [
  {
    name: 'puts of a txn attach their keys, deletes take them off, the last word counts',
    since,
    run: async (t) => {
      const [one, two] = [await grant(t.client, 60), await grant(t.client, 60)];
      const put = (name: string, lease: bigint) => putOp({ key: t.key(name), lease });
      await t.ok(Txn, { success: [put('a', one), put('b', one), nested({ success: [put('c', two)] })] });
      assert.deepEqual(await keysOf(t, t.client, one), ['a', 'b']);
      assert.deepEqual(await keysOf(t, t.client, two), ['c']);
      await t.ok(Txn, { success: [deleteOp({ key: t.key('a') }), put('b', two)] });
      assert.deepEqual(await keysOf(t, t.client, one), []);
      assert.deepEqual(await keysOf(t, t.client, two), ['b', 'c']);
    },
  },
  {
    name: 'a txn that names a lease that is not there changes nothing',
    since,
    run: async (t) => {
      const ID = await grant(t.client, 60);
      const success = [putOp({ key: t.key('a'), lease: ID }), putOp({ key: t.key('b'), lease: freshId() })];
      await t.refused(Txn, { success }, NOT_FOUND);
      assert.deepEqual(await keysOf(t, t.client, ID), []);
      assert.equal(await exists(t, t.client, 'a'), false);
    },
  },
  {
    name: 'a watcher sees the keys of a revoked lease deleted in one answer, ascending (row 104)',
    since,
    run: async (t) => {
      const ID = await grant(t.client, 60);
      for (const name of ['k2', 'k3', 'k0']) await t.ok(Put, { key: t.key(name), value: bytes('v'), lease: ID });
      const watching = await Watching.open(t);
      await watching.create({ key: t.key(''), range_end: t.rangeEnd, prev_kv: true });
      await t.ok(LeaseRevoke, { ID });
      assert.equal(
        await watching.next(),
        '0 @1 | delete k0 m1 was v m0 | delete k2 m1 was v m-2 | delete k3 m1 was v m-1',
      );
    },
  },
];

const many: Case[] = [
  {
    name: 'a thousand leases that are due at one time are all gone soon, each with its key',
    since,
    run: async (t) => {
      const ids = Array.from({ length: 1000 }, freshId);
      await Promise.all(ids.map((ID) => t.ok(LeaseGrant, { TTL: 3, ID })));
      const last = performance.now();
      await Promise.all(ids.map((lease) => t.ok(Put, { key: t.key(String(lease)), lease })));
      const { leases } = await t.ok(LeaseLeases, {});
      assert.equal(leases.filter(({ ID }) => ids.includes(ID)).length, 1000);
      const left = async (): Promise<number> => {
        return (await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd, count_only: true })).count;
      };
      // 500 leases a look, a look every 500 ms.
      while ((await left()) > 0) {
        assert.ok(performance.now() - last < 3000 + 2 * EXPIRY_LATE_MS, `${await left()} are left`);
        await delay(50);
      }
    },
  },
  {
    name: 'many streams renew many leases at once, and none of those ends',
    since,
    run: async (t) => {
      const ids = Array.from({ length: 200 }, freshId);
      await Promise.all(ids.map((ID) => t.ok(LeaseGrant, { TTL: 2, ID })));
      const streams = Array.from({ length: 10 }, () => t.client.openBidi(LeaseKeepAlive));
      for (let round = 0; round < 4; round++) {
        await delay(800);
        for (const [i, ID] of ids.entries()) streams[i % 10]?.write({ ID });
        const answers = await Promise.all(streams.map((stream) => stream.take(20)));
        assert.ok(answers.flat().every(({ TTL }) => TTL === 2));
      }
      const alive = await Promise.all(ids.map((ID) => t.ok(LeaseTimeToLive, { ID })));
      assert.ok(alive.every(({ grantedTTL }) => grantedTTL === 2));
    },
  },
];

const restarts: Case[] = [
  ...(['stop', 'kill'] as const).map(
    (how): Case => ({
      name: `a lease has its full time again after the server was started anew (${how}), and then ends`,
      since,
      server: 'none',
      run: async (t) => {
        const folder = t.folder();
        const first = await t.start({ folder });
        const ID = await grant(first.grpc(), 5);
        await first.grpc().unary(Put, { key: t.key('a'), lease: ID });
        await delay(2000);
        await first[how]();
        const client = (await t.start({ folder })).grpc();
        const begin = performance.now();
        const { response } = await client.unary(LeaseTimeToLive, { ID, keys: true });
        assert.deepEqual([response?.grantedTTL, response?.keys.map((key) => t.nameOf(key))], [5, ['a']]);
        assert.ok((response?.TTL ?? 0) >= 3, `TTL ${response?.TTL}`);
        await delay(3000);
        assert.equal(await exists(t, client, 'a'), true);
        // An election timeout is added when the member becomes leader.
        await gone(t, client, 'a', 3000 + ELECTION_TIMEOUT_MS + EXPIRY_LATE_MS);
        const ms = performance.now() - begin;
        assert.ok(ms < 5000 + ELECTION_TIMEOUT_MS + EXPIRY_LATE_MS, `${ms} ms`);
      },
    }),
  ),
  {
    name: 'a lease that was revoked, or that ended, stays away after kill -9',
    since,
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder });
      const client = first.grpc();
      const [revoked, ended, kept] = [await grant(client, 60), await grant(client, 2), await grant(client, 600)];
      await client.unary(Put, { key: t.key('a'), lease: revoked });
      await client.unary(Put, { key: t.key('b'), lease: ended });
      await client.unary(LeaseRevoke, { ID: revoked });
      await gone(t, client, 'b', 2000 + EXPIRY_LATE_MS);
      await first.kill();
      const again = (await t.start({ folder })).grpc();
      const { response } = await again.unary(LeaseLeases, {});
      assert.deepEqual(response?.leases, [{ ID: kept }]);
      assert.deepEqual([await exists(t, again, 'a'), await exists(t, again, 'b')], [false, false]);
    },
  },
];

async function roles(t: CaseContext): Promise<{ leader: ClusterMember; followers: ClusterMember[] }> {
  const leader = await t.cluster.waitLeader();
  return { leader, followers: t.cluster.members.filter((one) => one !== leader) };
}

/** A client with streams for a member that runs. */
function clientOf({ server, name }: ClusterMember): GrpcClient {
  if (server === undefined) throw new Error(`${name} does not run`);
  return server.grpc();
}

const cluster: Case[] = [
  {
    name: 'all members know a lease and its keys, and any of them can be asked how long it lives',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const [follower] = followers as [ClusterMember];
      const ID = await grant(follower.client, 60);
      await follower.client.ok(Put, { key: t.key('a'), lease: ID });
      for (const { client, name } of [leader, ...followers]) {
        const { TTL, grantedTTL } = await client.ok(LeaseTimeToLive, { ID });
        assert.ok(TTL >= 58 && TTL <= 60, `${name}: TTL ${TTL}`);
        assert.deepEqual([grantedTTL, await keysOf(t, client, ID)], [60, ['a']]);
        const { TTL: none } = await client.ok(LeaseTimeToLive, { ID: freshId() });
        assert.equal(none, -1);
      }
      await follower.client.ok(LeaseRevoke, { ID });
      for (const { client } of t.cluster.members) assert.equal(await exists(t, client, 'a'), false);
    },
  },
  {
    name: 'keep-alive through a follower renews, answers in order, and tells what is not there',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const client = clientOf(followers[0] as ClusterMember);
      const ID = await grant(client, 3);
      await client.unary(Put, { key: t.key('a'), lease: ID });
      const missing = freshId();
      const stream = client.openBidi(LeaseKeepAlive);
      for (let i = 0; i < 4; i++) {
        await delay(1000);
        for (const one of [ID, missing, ID]) stream.write({ ID: one });
        const answers = (await stream.take(3)).map((one) => `${one.ID} ${one.TTL}`);
        assert.deepEqual(answers, [`${ID} 3`, `${missing} 0`, `${ID} 3`]);
      }
      assert.equal(await exists(t, leader.client, 'a'), true);
      stream.halfClose();
      assertStatus(await stream.ended, { code: Code.OK, message: '' });
      await gone(t, leader.client, 'a', 3000 + EXPIRY_LATE_MS);
    },
  },
  {
    name: 'when the leader is killed, a lease lives on for its full time at least, can be renewed, and ends later',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const [follower] = followers as [ClusterMember];
      const [kept, left] = [await grant(leader.client, 4), await grant(leader.client, 4)];
      await leader.client.ok(Put, { key: t.key('kept'), lease: kept });
      await leader.client.ok(Put, { key: t.key('left'), lease: left });
      await t.cluster.kill(leader);
      const killed = performance.now();
      await t.cluster.waitLeader(followers);
      const client = clientOf(follower);
      const stream = client.openBidi(LeaseKeepAlive);
      const isOver = (ms: number): boolean => performance.now() - killed > ms;
      while (!isOver(3900)) {
        stream.write({ ID: kept });
        assert.equal((await stream.next()).TTL, 4);
        assert.equal(await exists(t, client, 'left'), true);
        await delay(300);
      }
      while (await exists(t, client, 'left')) {
        assert.ok(!isOver(4000 + CHANGE_LIMIT_MS), 'the lease does not end');
        stream.write({ ID: kept });
        await stream.next();
        await delay(100);
      }
      assert.equal(await exists(t, client, 'kept'), true);
      await t.cluster.restart(leader);
      assert.deepEqual(await keysOf(t, leader.client, kept), ['kept']);
    },
  },
  {
    name: 'without a majority no lease ends and none is renewed; the list can be read',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const ID = await grant(leader.client, 2);
      await leader.client.ok(Put, { key: t.key('a'), lease: ID });
      await Promise.all(followers.map((one) => t.cluster.kill(one)));
      await delay(2500);
      const { kvs } = await leader.client.ok(Range, { key: t.key('a'), serializable: true });
      assert.equal(kvs.length, 1);
      const { leases } = await leader.client.ok(LeaseLeases, {});
      assert.equal(
        leases.some((one) => one.ID === ID),
        true,
      );
      const stream = clientOf(leader).openBidi(LeaseKeepAlive);
      stream.write({ ID });
      const renewed = await stream.next().then(
        ({ TTL }) => TTL > 0,
        () => false,
      );
      assert.equal(renewed, false);
      await Promise.all(followers.map((one) => t.cluster.restart(one)));
      await t.cluster.waitLeader();
      await gone(t, leader.client, 'a', CHANGE_LIMIT_MS);
    },
  },
  {
    name: 'a follower without a leader ends a keep-alive stream with an error that says so',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const [follower, other] = followers as [ClusterMember, ClusterMember];
      const ID = await grant(leader.client, 600);
      await Promise.all([t.cluster.kill(leader), t.cluster.kill(other)]);
      await delay(2 * ELECTION_TIMEOUT_MS + 500);
      const stream = clientOf(follower).openBidi(LeaseKeepAlive);
      stream.write({ ID });
      const { code, message } = await stream.ended;
      assert.equal(code, Code.Unavailable, message);
      assert.match(message, /^etcdserver: (no leader|request timed out)/);
    },
  },
];

export const leaseFullCases: CaseGroup = {
  name: 'lease in full',
  cases: [...transactions, ...many, ...restarts, ...cluster],
};
