// Locks, elections and sessions whose caller gives up while a change is on its way, on a store whose calls a test can hold.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Election } from '../../../final/client/concurrency/election.ts';
import { Mutex } from '../../../final/client/concurrency/mutex.ts';
import { Session } from '../../../final/client/concurrency/session.ts';
import type { KeyStore, LeaseStore, WaitOptions } from '../../../final/client/concurrency/store.ts';
import { GIVE_UP_MS } from '../../../final/client/limits.ts';
import type { Client } from '../../../final/client/client.ts';
import type { TxnResponse } from '../../../proto/schema.ts';
import { needsReal, withReal } from './real_clients.ts';

const timeout = 30_000;
const name = Buffer.from('L');
const enough = new Error('enough');
const forGood = new AbortController();

/** What comes between a call of txn and the store. */
type OnTxn = (make: (options?: WaitOptions) => Promise<TxnResponse>, options: WaitOptions) => Promise<TxnResponse>;

/** The store with another txn. */
function storeOf(client: Client, onTxn: OnTxn): KeyStore {
  return {
    range: (request, options) => client.range(request, options),
    deleteRange: (request, options) => client.deleteRange(request, options),
    watch: (request, options) => client.watch(request, options),
    txn: (request, options = {}) => onTxn((given) => client.txn(request, given), options),
  };
}

/** Aborts the signal while the nth txn is on its way; that txn is made, but a caller whose signal is aborted is not told. */
function abortsDuring(nth: number, stop: AbortController): OnTxn {
  let txns = 0;
  return async (make, options) => {
    txns += 1;
    if (txns !== nth) return make(options);
    stop.abort(enough);
    const response = await make();
    options.signal?.throwIfAborted();
    return response;
  };
}

/** Never ends, but by its signal. */
function hang({ signal }: WaitOptions): Promise<never> {
  return new Promise((_resolve, reject) => {
    // A timer keeps the process alive, as a call does.
    const timer = setInterval(() => undefined, 1_000);
    signal?.addEventListener('abort', () => {
      clearInterval(timer);
      reject(signal.reason as Error);
    });
  });
}

/** The leases of the keys below the name, the oldest first. */
async function queue(client: Client): Promise<bigint[]> {
  const { kvs } = await client.range({ key: Buffer.from('L/'), range_end: Buffer.from('L0') });
  return kvs.sort((a, b) => a.create_revision - b.create_revision).map(({ lease }) => lease);
}

async function leases(client: Client): Promise<[bigint, bigint]> {
  return [(await client.leaseGrant(60)).ID, (await client.leaseGrant(60)).ID];
}

describe('a lock whose caller gives up while its first transaction is on its way', needsReal, () => {
  for (const how of ['lock', 'tryLock'] as const) {
    test(`${how}: leaves nothing behind, whether it has won or not`, { timeout }, async () => {
      await withReal(async (server, clients) => {
        const client = await clients.connect([server.endpoint]);
        const [a, b] = await leases(client);
        for (const before of [[], [a]]) {
          for (const lease of before) await new Mutex({ store: client, lease }, name).lock();
          const stop = new AbortController();
          const store = storeOf(client, abortsDuring(1, stop));
          const mutex = new Mutex({ store, lease: b }, name);
          await assert.rejects(mutex[how]({ signal: stop.signal }), enough);
          assert.deepEqual(await queue(client), before);
          assert.equal(mutex.header, undefined);
        }
      });
    });

    test(`${how}: keeps what its holder had before`, { timeout }, async () => {
      await withReal(async (server, clients) => {
        const client = await clients.connect([server.endpoint]);
        const [a, b] = await leases(client);
        await new Mutex({ store: client, lease: a }, name).lock();
        const waiting = new Mutex({ store: client, lease: b }, name).lock({ signal: forGood.signal });
        while ((await queue(client)).length < 2) await delay(10);
        for (const lease of [a, b]) {
          const stop = new AbortController();
          const store = storeOf(client, abortsDuring(1, stop));
          await assert.rejects(new Mutex({ store, lease }, name)[how]({ signal: stop.signal }), enough);
          assert.deepEqual(await queue(client), [a, b]);
        }
        await assert.rejects(new Mutex({ store: client, lease: b }, name).tryLock(), { kind: 'locked' });
        assert.deepEqual(await queue(client), [a, b]);
        await client.leaseRevoke(a);
        await waiting;
      });
    });
  }

  test('one whose signal is aborted already asks for nothing', { timeout }, async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [lease] = await leases(client);
      const store = storeOf(client, () => assert.fail('a txn'));
      const signal = AbortSignal.abort(enough);
      await assert.rejects(new Mutex({ store, lease }, name).lock({ signal }), enough);
      await assert.rejects(new Election(store, name).campaign({ lease, value: name }, { signal }), enough);
    });
  });

  test('giving up has a time limit: for the transaction, and for what takes it back', { timeout }, async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [a, b] = await leases(client);
      const start = performance.now();
      const hanging = ['the first', 'the second'].map(async (which, at) => {
        const stop = new AbortController();
        let txns = 0;
        const store = storeOf(client, async (make, options) => {
          txns += 1;
          if (txns === 1) setTimeout(() => stop.abort(enough), 200);
          return txns > at ? hang(options) : make(options);
        });
        const holder = { store, lease: at === 0 ? a : b };
        if (at === 1) await new Mutex({ store: client, lease: a }, name).lock();
        await assert.rejects(new Mutex(holder, name).lock({ signal: stop.signal }), enough);
        const took = performance.now() - start;
        assert.ok(took > GIVE_UP_MS && took < GIVE_UP_MS + 2_500, `${which}: ${took} ms`);
      });
      await Promise.all(hanging);
    });
  });
});

describe('a candidate that gives up', needsReal, () => {
  test('while its first transaction is on its way leaves nothing behind', { timeout }, async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [a, b] = await leases(client);
      for (const before of [[], [a]]) {
        for (const lease of before) await new Election(client, name).campaign({ lease, value: name });
        const stop = new AbortController();
        const election = new Election(storeOf(client, abortsDuring(1, stop)), name);
        await assert.rejects(election.campaign({ lease: b, value: name }, { signal: stop.signal }), enough);
        assert.deepEqual(await queue(client), before);
      }
    });
  });

  test('while it changes what it stands with resigns', { timeout }, async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [lease] = await leases(client);
      await new Election(client, name).campaign({ lease, value: Buffer.from('old') });
      const stop = new AbortController();
      const election = new Election(storeOf(client, abortsDuring(2, stop)), name);
      const value = Buffer.from('new');
      await assert.rejects(election.campaign({ lease, value }, { signal: stop.signal }), enough);
      assert.deepEqual(await queue(client), []);
    });
  });

  test('watches that end by a compaction at any revision are begun again', { timeout }, async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [a, b] = await leases(client);
      await new Election(client, name).campaign({ lease: a, value: name });
      let watches = 0;
      const hasTwo = (): boolean => watches >= 2;
      const store: KeyStore = {
        ...storeOf(client, (make, options) => make(options)),
        watch: async function* (request, options) {
          watches += 1;
          if (watches > 1) return yield* client.watch(request, options);
          const none = { header: undefined, watch_id: 0n, created: false, cancel_reason: '', fragment: false };
          yield { ...none, canceled: true, compact_revision: -5, events: [] };
        },
      };
      const campaign = new Election(store, name).campaign({ lease: b, value: name });
      while (!hasTwo()) await delay(10);
      await client.leaseRevoke(a);
      await campaign;
      watches = 0;
      for await (const { kv } of new Election(store, name).observe()) {
        assert.equal(kv.lease, b);
        if (watches > 0) break;
        // Reading on begins the first watch, which ends at once.
      }
    });
  });
});

test('a session with the longest TTL is closed, however long that is', { timeout }, async () => {
  for (const ttl of [1, 3_000_000, 5_000_000, 9_000_000_000]) {
    const revoked: WaitOptions[] = [];
    const store = {
      leaseGrant: async () => ({ ID: 1n }),
      leaseKeepAlive: async function* () {},
      leaseRevoke: async (_id: bigint, options: WaitOptions) => {
        await delay(20);
        revoked.push(options);
      },
    } as unknown as KeyStore & LeaseStore;
    await (await Session.open({ store, ttl })).close();
    assert.equal(revoked[0]?.signal?.aborted, false, `a TTL of ${ttl} s`);
  }
});
