// Leases as a small server does them: grant, revoke, keep-alive, time to live, list, keys on leases, expiry (spec/rpc.md 8 and
// rows of 17.5).

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { KV, Lease } from '../../proto/load.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';

const { Range, Put, DeleteRange } = KV.methods;
const { LeaseGrant, LeaseRevoke, LeaseKeepAlive, LeaseTimeToLive, LeaseLeases } = Lease.methods;
const since = '06-lease';
const NOT_FOUND = { code: Code.NotFound, message: 'etcdserver: requested lease not found' } as const;
const EXISTS = { code: Code.FailedPrecondition, message: 'etcdserver: lease already exists' } as const;
const TOO_LARGE = { code: Code.OutOfRange, message: 'etcdserver: too large lease TTL' } as const;
// From the due time to the revoke: one look every 500 ms, the way through the log, and room for a busy machine.
const EXPIRY_LATE_MS = 2500;

/** Leases are not in the key space, so a case takes IDs of its own. */
let lastId = 1_000_000n;
function freshId(): bigint {
  lastId += 1n;
  return lastId;
}

async function grant(t: CaseContext, TTL: number): Promise<bigint> {
  return (await t.ok(LeaseGrant, { TTL, ID: freshId() })).ID;
}

const put = (t: CaseContext, name: string, lease: bigint): Promise<unknown> =>
  t.ok(Put, { key: t.key(name), value: bytes('v'), lease });

/** Names of the keys on a lease, sorted. */
async function keysOf(t: CaseContext, ID: bigint): Promise<string[]> {
  const { keys } = await t.ok(LeaseTimeToLive, { ID, keys: true });
  return keys.map((key) => t.nameOf(key)).sort();
}

async function exists(t: CaseContext, name: string): Promise<boolean> {
  return (await t.ok(Range, { key: t.key(name), count_only: true })).count === 1;
}

async function revision(t: CaseContext): Promise<number> {
  return (await t.ok(Range, { key: t.key('x'), count_only: true })).header?.revision ?? 0;
}

/** Waits until a key is gone and returns how long that took, in ms. */
async function gone(t: CaseContext, name: string, limitMs: number): Promise<number> {
  const begin = performance.now();
  while (await exists(t, name)) {
    if (performance.now() - begin > limitMs) assert.fail(`${name} is still there after ${limitMs} ms`);
    await delay(20);
  }
  return performance.now() - begin;
}

const grants: Case[] = [
  {
    name: 'a granted lease has the wanted ID and TTL, and the revision stays',
    since,
    run: async (t) => {
      const before = await t.ok(Put, { key: t.key('a') });
      const ID = freshId();
      const answer = await t.ok(LeaseGrant, { TTL: 60, ID });
      assert.deepEqual(answer, { header: before.header, ID, TTL: 60, error: '' });
    },
  },
  {
    name: 'without an ID the server gives positive ones that differ',
    since,
    run: async (t) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => t.ok(LeaseGrant, { TTL: 60 })));
      const ids = answers.map(({ ID }) => ID);
      assert.equal(new Set(ids).size, 20);
      assert.ok(ids.every((id) => id > 0n));
    },
  },
  {
    name: 'a TTL below the smallest, none and a negative one are raised to 2 s (row 96)',
    since,
    run: async (t) => {
      for (const TTL of [0, -5, 1, 2]) assert.equal((await t.ok(LeaseGrant, { TTL, ID: freshId() })).TTL, 2);
      assert.equal((await t.ok(LeaseGrant, { TTL: 3 })).TTL, 3);
    },
  },
  {
    name: 'an ID that is in use is refused, and the lease keeps its TTL (row 97)',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      await t.refused(LeaseGrant, { TTL: 100, ID }, EXISTS);
      assert.equal((await t.ok(LeaseTimeToLive, { ID })).grantedTTL, 60);
    },
  },
  {
    name: 'a TTL of 9000000000 is the largest, and a larger one is refused before the ID is looked at (row 98)',
    since,
    run: async (t) => {
      const ID = freshId();
      assert.equal((await t.ok(LeaseGrant, { TTL: 9_000_000_000, ID })).TTL, 9_000_000_000);
      await t.refused(LeaseGrant, { TTL: 9_000_000_001, ID }, TOO_LARGE);
      await t.refused(LeaseGrant, { TTL: 9_000_000_001, ID: freshId() }, TOO_LARGE);
      await t.ok(LeaseRevoke, { ID });
    },
  },
  {
    name: 'a negative ID is as good as any (row 99)',
    since,
    run: async (t) => {
      assert.equal((await t.ok(LeaseGrant, { TTL: 60, ID: -9n })).ID, -9n);
      await put(t, 'a', -9n);
      assert.deepEqual(await keysOf(t, -9n), ['a']);
      await t.ok(LeaseRevoke, { ID: -9n });
      assert.equal(await exists(t, 'a'), false);
    },
  },
];

const times: Case[] = [
  {
    name: 'the time to live is rounded down: 59 right after a grant of 60 (row 100)',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      const { header } = await t.ok(Put, { key: t.key('a') });
      const answer = await t.ok(LeaseTimeToLive, { ID });
      assert.deepEqual(answer, { header, ID, TTL: 59, grantedTTL: 60, keys: [] });
    },
  },
  {
    name: 'the time to live of a lease that is not there is -1, not an error (row 101)',
    since,
    run: async (t) => {
      for (const ID of [freshId(), 0n, -77n]) {
        const { TTL, grantedTTL, keys, ID: told } = await t.ok(LeaseTimeToLive, { ID, keys: true });
        assert.deepEqual([told, TTL, grantedTTL, keys], [ID, -1, 0, []]);
      }
    },
  },
  {
    name: 'the keys of a lease are told when asked for, all of them',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      for (const name of ['b', 'a', 'c']) await put(t, name, ID);
      assert.deepEqual(await keysOf(t, ID), ['a', 'b', 'c']);
      assert.deepEqual((await t.ok(LeaseTimeToLive, { ID })).keys, []);
    },
  },
  {
    name: 'the list has every lease, the one that ends first in front',
    since,
    run: async (t) => {
      const [late, soon, middle] = [await grant(t, 3000), await grant(t, 1000), await grant(t, 2000)];
      const listed = async (): Promise<bigint[]> => {
        const { leases } = await t.ok(LeaseLeases, {});
        return leases.map(({ ID }) => ID).filter((id) => [late, soon, middle].includes(id));
      };
      assert.deepEqual(await listed(), [soon, middle, late]);
      await t.ok(LeaseRevoke, { ID: middle });
      assert.deepEqual(await listed(), [soon, late]);
    },
  },
];

const attached: Case[] = [
  {
    name: 'a put with a lease shows it, and one with a lease that is not there is refused',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      await put(t, 'a', ID);
      assert.equal((await t.ok(Range, { key: t.key('a') })).kvs[0]?.lease, ID);
      const before = await revision(t);
      await t.refused(Put, { key: t.key('b'), lease: freshId() }, NOT_FOUND);
      assert.deepEqual([await exists(t, 'b'), await revision(t)], [false, before]);
    },
  },
  {
    name: 'a key that is put with another lease or with none leaves the old one (row 102)',
    since,
    run: async (t) => {
      const [one, two] = [await grant(t, 60), await grant(t, 60)];
      for (const name of ['a', 'b', 'c']) await put(t, name, one);
      await put(t, 'a', two);
      await put(t, 'b', 0n);
      assert.deepEqual([await keysOf(t, one), await keysOf(t, two)], [['c'], ['a']]);
      await t.ok(LeaseRevoke, { ID: one });
      assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((name) => exists(t, name))), [true, true, false]);
    },
  },
  {
    name: 'a key that is put again with its lease stays on it once',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      await put(t, 'a', ID);
      await put(t, 'a', ID);
      assert.deepEqual(await keysOf(t, ID), ['a']);
      await t.ok(LeaseRevoke, { ID });
      assert.equal(await exists(t, 'a'), false);
    },
  },
  {
    name: 'a key that is deleted leaves its lease, and a new one of that name is not on it',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      for (const name of ['a', 'b']) await put(t, name, ID);
      await t.ok(DeleteRange, { key: t.key('a') });
      assert.deepEqual(await keysOf(t, ID), ['b']);
      await put(t, 'a', 0n);
      await t.ok(LeaseRevoke, { ID });
      assert.deepEqual([await exists(t, 'a'), await exists(t, 'b')], [true, false]);
    },
  },
  {
    name: 'ignore_lease keeps the lease of the key (row 103)',
    since: 'final',
    run: async (t) => {
      const ID = await grant(t, 60);
      await put(t, 'a', ID);
      await t.ok(Put, { key: t.key('a'), value: bytes('new'), ignore_lease: true });
      assert.equal((await t.ok(Range, { key: t.key('a') })).kvs[0]?.lease, ID);
      assert.deepEqual(await keysOf(t, ID), ['a']);
    },
  },
];

const revokes: Case[] = [
  {
    name: 'a revoke deletes the keys of the lease in one revision (row 104)',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      for (const name of ['k2', 'k3', 'k0']) await put(t, name, ID);
      await put(t, 'k1', 0n);
      const before = await revision(t);
      const { header } = await t.ok(LeaseRevoke, { ID });
      assert.equal(header?.revision, before + 1);
      const { kvs } = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(t.names(kvs), ['k1']);
      assert.equal((await t.ok(LeaseTimeToLive, { ID })).TTL, -1);
    },
  },
  {
    name: 'a lease that is not there cannot be revoked (row 105)',
    since,
    run: async (t) => {
      await t.refused(LeaseRevoke, { ID: freshId() }, NOT_FOUND);
      await t.refused(LeaseRevoke, { ID: 0n }, NOT_FOUND);
      const ID = await grant(t, 60);
      await t.ok(LeaseRevoke, { ID });
      await t.refused(LeaseRevoke, { ID }, NOT_FOUND);
    },
  },
  {
    name: 'a revoke without live keys keeps the revision (row 106)',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      await put(t, 'a', ID);
      await t.ok(DeleteRange, { key: t.key('a') });
      const before = await revision(t);
      assert.equal((await t.ok(LeaseRevoke, { ID })).header?.revision, before);
    },
  },
  {
    name: 'an ID that was revoked can be granted again, without the old keys',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      await put(t, 'a', ID);
      await t.ok(LeaseRevoke, { ID });
      await put(t, 'a', 0n);
      assert.equal((await t.ok(LeaseGrant, { TTL: 70, ID })).ID, ID);
      assert.deepEqual(await keysOf(t, ID), []);
    },
  },
];

const keepAlive: Case[] = [
  {
    name: 'keep-alive answers each request in order, TTL 0 for a lease that is not there, and ends with the client (row 107)',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      const missing = freshId();
      const asked = [ID, missing, 0n, ID];
      const answer = await t.client.bidi(
        LeaseKeepAlive,
        asked.map((one) => ({ ID: one })),
      );
      assert.equal(answer.code, Code.OK);
      const { header } = await t.ok(Put, { key: t.key('a') });
      const expected = { ...header, revision: (header?.revision ?? 0) - 1 };
      assert.deepEqual(answer.responses, [
        { header: expected, ID, TTL: 60 },
        { header: expected, ID: missing, TTL: 0 },
        { header: expected, ID: 0n, TTL: 0 },
        { header: expected, ID, TTL: 60 },
      ]);
    },
  },
  {
    name: 'a keep-alive stream stays open between requests, and a hundred requests at once are answered in order',
    since,
    run: async (t) => {
      const ids = await Promise.all(Array.from({ length: 10 }, (_, i) => grant(t, 60 + i)));
      const stream = t.client.openBidi(LeaseKeepAlive);
      stream.write({ ID: ids[0] as bigint });
      assert.equal((await stream.next()).TTL, 60);
      await stream.quiet(100);
      const asked = Array.from({ length: 100 }, (_, i) => ids[(i * 7) % 10] as bigint);
      for (const ID of asked) stream.write({ ID });
      assert.deepEqual(
        (await stream.take(100)).map(({ ID }) => ID),
        asked,
      );
      stream.halfClose();
      assert.equal((await stream.ended).code, Code.OK);
    },
  },
  {
    name: 'keep-alive sets the time to live back to what was granted',
    since,
    run: async (t) => {
      const ID = await grant(t, 60);
      await delay(1200);
      assert.equal((await t.ok(LeaseTimeToLive, { ID })).TTL, 58);
      await t.client.bidi(LeaseKeepAlive, [{ ID }]);
      assert.equal((await t.ok(LeaseTimeToLive, { ID })).TTL, 59);
    },
  },
];

const expiry: Case[] = [
  {
    name: 'a lease that nobody renews ends not before its TTL and soon after, and its keys with it (row 108)',
    since,
    run: async (t) => {
      const begin = performance.now();
      const ID = await grant(t, 2);
      for (const name of ['a', 'b']) await put(t, name, ID);
      const before = await revision(t);
      await gone(t, 'a', 2000 + EXPIRY_LATE_MS);
      const ms = performance.now() - begin;
      assert.ok(ms >= 2000, `${ms} ms`);
      assert.deepEqual([await exists(t, 'b'), await revision(t)], [false, before + 1]);
      assert.equal((await t.ok(LeaseTimeToLive, { ID })).TTL, -1);
      await t.refused(Put, { key: t.key('a'), lease: ID }, NOT_FOUND);
    },
  },
  {
    name: 'a lease that is renewed stays, and ends when it is not any more',
    since,
    run: async (t) => {
      const ID = await grant(t, 2);
      await put(t, 'a', ID);
      const stream = t.client.openBidi(LeaseKeepAlive);
      for (let i = 0; i < 5; i++) {
        await delay(700);
        stream.write({ ID });
        assert.equal((await stream.next()).TTL, 2);
      }
      const last = performance.now();
      assert.equal(await exists(t, 'a'), true);
      await gone(t, 'a', 2000 + EXPIRY_LATE_MS);
      // The renewal was made before its answer came.
      const ms = performance.now() - last;
      assert.ok(ms >= 1900, `${ms} ms`);
      stream.write({ ID });
      assert.equal((await stream.next()).TTL, 0);
    },
  },
  {
    name: 'a key that was moved to a longer lease outlives its first one',
    since,
    run: async (t) => {
      const [short, long] = [await grant(t, 2), await grant(t, 60)];
      for (const name of ['a', 'b']) await put(t, name, short);
      await put(t, 'a', long);
      await gone(t, 'b', 2000 + EXPIRY_LATE_MS);
      assert.equal(await exists(t, 'a'), true);
    },
  },
];

export const leaseCases: CaseGroup = {
  name: 'lease',
  cases: [...grants, ...times, ...attached, ...revokes, ...keepAlive, ...expiry],
};
