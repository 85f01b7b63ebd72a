// The Lock service: keys in the order of their creation, one holder, and what happens to those who wait (spec/rpc.md 12.1 and
// rows of 17.8).

import assert from 'node:assert/strict';
import { KV, Lease, Lock as LockService } from '../../proto/load.ts';
import { assertStatus, bytes, type Case, type CaseContext, type CaseGroup, Code, text } from './case.ts';
import { aside } from './watching.ts';
import { assertGaveUp, hex, isWaiting, leaseOf, queued, waiters } from './locking.ts';

const { Lock, Unlock } = LockService.methods;
const { Range, Put } = KV.methods;
const { LeaseRevoke, LeaseTimeToLive } = Lease.methods;
const since = 'final';
const LONG_WAIT = { deadlineMs: 20_000 };

const lock = (t: CaseContext, name: string, lease: bigint) =>
  t.client.unary(Lock, { name: t.key(name), lease }, LONG_WAIT);

/** Takes a lock that must be free, and returns its key. */
async function take(t: CaseContext, name: string, lease: bigint): Promise<string> {
  return text((await t.ok(Lock, { name: t.key(name), lease })).key);
}

/** Waits for the lock `L`, sees that nobody else is in front, and lets it go. */
async function lockAndUnlock(t: CaseContext, lease: bigint): Promise<void> {
  const { response, message } = await lock(t, 'L', lease);
  if (response === undefined) assert.fail(message);
  assert.equal((await waiters(t, 'L'))[0]?.lease, lease);
  await t.ok(Unlock, { key: response.key });
}

const cases: Case[] = [
  {
    name: 'a free lock is given at once; its key is name, slash and the lease in hex, on that lease, without a value',
    since,
    run: async (t) => {
      const lease = await leaseOf(t);
      const { header: before } = await t.ok(Range, { key: t.key('L') });
      const { key, header } = await t.ok(Lock, { name: t.key('L'), lease });
      assert.equal(t.nameOf(key), `L/${hex(lease)}`);
      assert.deepEqual(header, { ...before, revision: (before?.revision ?? 0) + 1 });
      const [kv] = (await t.ok(Range, { key })).kvs;
      assert.deepEqual(
        [kv?.lease, kv?.value.length, kv?.create_revision, kv?.version],
        [lease, 0, header?.revision, 1],
      );
    },
  },
  {
    name: 'without a lease the server grants one of 60 s, and an unlock leaves it (row 164)',
    since,
    run: async (t) => {
      const key = await take(t, 'L', 0n);
      const [, id = ''] = /\/([0-9a-f]+)$/.exec(key) ?? [];
      const ID = BigInt(`0x${id}`);
      const { grantedTTL, keys } = await t.ok(LeaseTimeToLive, { ID, keys: true });
      assert.deepEqual([grantedTTL, keys.map(text)], [60, [key]]);
      await t.ok(Unlock, { key: bytes(key) });
      const after = await t.ok(LeaseTimeToLive, { ID, keys: true });
      assert.deepEqual([after.grantedTTL, after.keys], [60, []]);
    },
  },
  {
    name: 'a lease with few digits and a name of nothing make short keys',
    since,
    run: async (t) => {
      await t.ok(Lease.methods.LeaseGrant, { TTL: 600, ID: 500n });
      assert.equal(await take(t, 'L', 500n), `${t.prefix}L/1f4`);
      const { key } = await t.ok(Lock, { lease: 500n });
      assert.equal(text(key), '/1f4');
      await t.ok(LeaseRevoke, { ID: 500n });
    },
  },
  {
    name: 'who comes second waits, and has the lock as soon as the first unlocks (row 165)',
    since,
    run: async (t) => {
      const [first, second] = [await leaseOf(t), await leaseOf(t)];
      const key = await take(t, 'L', first);
      const waiting = lock(t, 'L', second);
      await queued(t, 'L', 2);
      assert.equal(await isWaiting(waiting), true);
      await t.ok(Unlock, { key: bytes(key) });
      const { response } = await waiting;
      assert.equal(t.nameOf(response?.key ?? bytes('')), `L/${hex(second)}`);
    },
  },
  {
    name: 'those who wait get the lock in the order in which they came',
    since,
    run: async (t) => {
      const holder = await take(t, 'L', await leaseOf(t));
      const order: number[] = [];
      const calls: Promise<void>[] = [];
      for (let i = 0; i < 6; i++) {
        calls.push(aside(lockAndUnlock(t, await leaseOf(t)).then(() => void order.push(i))));
        await queued(t, 'L', i + 2);
      }
      await t.ok(Unlock, { key: bytes(holder) });
      await Promise.all(calls);
      assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
    },
  },
  {
    name: 'a waiter in the middle that leaves does not let the one behind it in',
    since,
    run: async (t) => {
      const [first, second, third] = [await leaseOf(t), await leaseOf(t), await leaseOf(t)];
      const key = await take(t, 'L', first);
      const middle = t.client.unary(Lock, { name: t.key('L'), lease: second }, { deadlineMs: 700 });
      await queued(t, 'L', 2);
      const last = lock(t, 'L', third);
      await queued(t, 'L', 3);
      assertGaveUp(await middle);
      await queued(t, 'L', 2);
      assert.equal(await isWaiting(last), true);
      await t.ok(Unlock, { key: bytes(key) });
      assert.equal((await last).code, Code.OK);
    },
  },
  {
    name: 'the holder that locks again with its lease has the same key at once',
    since,
    run: async (t) => {
      const lease = await leaseOf(t);
      const first = await t.ok(Lock, { name: t.key('L'), lease });
      await t.ok(Put, { key: t.key('other') });
      const again = await t.ok(Lock, { name: t.key('L'), lease });
      assert.deepEqual(again.key, first.key);
      assert.equal((await waiters(t, 'L')).length, 1);
    },
  },
  {
    name: 'a waiter whose deadline comes takes its key with it (row 167)',
    since,
    run: async (t) => {
      const [first, second] = [await leaseOf(t), await leaseOf(t)];
      await take(t, 'L', first);
      const answer = await t.client.unary(Lock, { name: t.key('L'), lease: second }, { deadlineMs: 700 });
      assertGaveUp(answer);
      await queued(t, 'L', 1);
      assert.equal((await waiters(t, 'L'))[0]?.lease, first);
    },
  },
  {
    name: 'a waiter whose connection breaks takes its key with it',
    since,
    run: async (t) => {
      const [first, second] = [await leaseOf(t), await leaseOf(t)];
      await take(t, 'L', first);
      const other = t.server.grpc();
      const stream = other.openServerStream(Lock, { name: t.key('L'), lease: second });
      await queued(t, 'L', 2);
      stream.cancel();
      await queued(t, 'L', 1);
      assert.equal((await waiters(t, 'L'))[0]?.lease, first);
    },
  },
  {
    name: 'a waiter whose lease ends is told that its session is over, when its turn comes (row 168)',
    since,
    only: '3.5',
    run: async (t) => {
      const [first, second] = [await leaseOf(t), await leaseOf(t)];
      const key = await take(t, 'L', first);
      const waiting = lock(t, 'L', second);
      await queued(t, 'L', 2);
      await t.ok(LeaseRevoke, { ID: second });
      assert.equal(await isWaiting(waiting), true);
      await t.ok(Unlock, { key: bytes(key) });
      assertStatus(await waiting, { code: Code.Unknown, message: 'mutex: session is expired' });
    },
  },
  {
    name: 'the lock of a holder whose lease ends goes to the next',
    since,
    run: async (t) => {
      const [first, second] = [await leaseOf(t), await leaseOf(t)];
      await take(t, 'L', first);
      const waiting = lock(t, 'L', second);
      await queued(t, 'L', 2);
      await t.ok(LeaseRevoke, { ID: first });
      assert.equal((await waiting).code, Code.OK);
    },
  },
  {
    name: 'a waiter does not mind that the history behind it is compacted',
    since,
    run: async (t) => {
      const [first, second] = [await leaseOf(t), await leaseOf(t)];
      const key = await take(t, 'L', first);
      const waiting = lock(t, 'L', second);
      await queued(t, 'L', 2);
      // A Go server begins to watch for it at its next look, one in 100 ms; a compaction before that ends the call.
      for (let looks = 0; looks < 3; looks++) assert.equal(await isWaiting(waiting), true);
      for (let i = 0; i < 10; i++) await t.ok(Put, { key: t.key('other') });
      const { header } = await t.ok(Put, { key: t.key('other') });
      await t.ok(KV.methods.Compact, { revision: header?.revision ?? 0, physical: true });
      assert.equal(await isWaiting(waiting), true);
      await t.ok(Unlock, { key: bytes(key) });
      assert.equal((await waiting).code, Code.OK);
    },
  },
  {
    name: 'a lease that is not there is refused with its text and no code of its own (row 166)',
    since,
    run: async (t) => {
      const expected = { code: Code.Unknown, message: 'etcdserver: requested lease not found' } as const;
      await t.refused(Lock, { name: t.key('L'), lease: 12_345_678n }, expected);
      assert.equal((await waiters(t, 'L')).length, 0);
    },
  },
  {
    name: 'unlock deletes any key that it is given, needs none to be there, but needs a name (row 166)',
    since,
    run: async (t) => {
      const { header } = await t.ok(Put, { key: t.key('plain') });
      const done = await t.ok(Unlock, { key: t.key('plain') });
      assert.deepEqual(done.header, { ...header, revision: (header?.revision ?? 0) + 1 });
      assert.equal((await t.ok(Range, { key: t.key('plain') })).count, 0);
      const again = await t.ok(Unlock, { key: t.key('plain') });
      assert.deepEqual(again.header, done.header);
      await t.refused(Unlock, {}, { code: Code.Unknown, message: 'etcdserver: key is not provided' });
    },
  },
  {
    name: 'locks of other names, also of names that begin alike, do not wait for each other',
    since,
    run: async (t) => {
      for (const name of ['L', 'LL', 'K']) {
        const lease = await leaseOf(t);
        assert.equal(await take(t, name, lease), `${t.prefix}${name}/${hex(lease)}`);
      }
    },
  },
  {
    name: 'the keys of a lock count for a lock whose name is in front of its own',
    since,
    run: async (t) => {
      const [inner, outer] = [await leaseOf(t), await leaseOf(t)];
      const key = await take(t, 'L/x', inner);
      const waiting = lock(t, 'L', outer);
      await queued(t, 'L', 2);
      assert.equal(await isWaiting(waiting), true);
      await t.ok(Unlock, { key: bytes(key) });
      assert.equal((await waiting).code, Code.OK);
    },
  },
  {
    name: 'a lock through a follower waits for the holder of another member, and gets its turn',
    since,
    server: 'cluster',
    run: async (t) => {
      const [one, two, three] = t.cluster.members;
      if (one === undefined || two === undefined || three === undefined) throw new Error('three members');
      const grant = async (): Promise<bigint> => (await one.client.ok(Lease.methods.LeaseGrant, { TTL: 600 })).ID;
      const [first, second] = [await grant(), await grant()];
      const { key } = await one.client.ok(Lock, { name: t.key('L'), lease: first });
      const waiting = two.client.unary(Lock, { name: t.key('L'), lease: second }, LONG_WAIT);
      assert.equal(await isWaiting(waiting), true);
      await three.client.ok(Unlock, { key });
      assert.equal(text((await waiting).response?.key ?? bytes('')), `${t.prefix}L/${hex(second)}`);
    },
  },
];

export const lockCases: CaseGroup = { name: 'lock', cases };
