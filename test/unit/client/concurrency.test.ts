// Sessions, locks, elections and transactions in memory, against a real etcd.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../final/client/client.ts';
import { Election } from '../../../final/client/concurrency/election.ts';
import { Mutex } from '../../../final/client/concurrency/mutex.ts';
import { Session } from '../../../final/client/concurrency/session.ts';
import { type Isolation, runStm } from '../../../final/client/concurrency/stm.ts';
import { prefixRange } from '../../../final/client/prefix.ts';
import { needsReal, withReal } from './real_clients.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

/** How many keys begin with `prefix`. */
async function count(client: Client, prefix: string): Promise<number> {
  return (await client.range({ ...prefixRange(bytes(prefix)), count_only: true })).count;
}

/** Waits until so many are there. */
async function untilCount(client: Client, prefix: string, wanted: number): Promise<void> {
  while ((await count(client, prefix)) !== wanted) await delay(10);
}

describe('a session', needsReal, () => {
  test('lives longer than its TTL, and takes its keys with it when it is closed', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const session = await Session.open({ store: client, ttl: 2 });
      await client.put({ key: bytes('k'), lease: session.lease });
      await delay(4_000);
      assert.equal(session.done.aborted, false);
      assert.equal(await count(client, 'k'), 1);
      await session.close();
      assert.equal(session.done.aborted, true);
      assert.equal(await count(client, 'k'), 0);
    });
  });

  test('is done when its lease is lost', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const session = await Session.open({ store: client, ttl: 2 });
      const done = new Promise((resolve) => session.done.addEventListener('abort', resolve));
      await client.leaseRevoke(session.lease);
      await done;
    });
  });
});

describe('a lock', needsReal, () => {
  test('is held by one of five at a time, in the order in which they came', async () => {
    await withReal(async (server, clients) => {
      const log: string[] = [];
      const order: number[] = [];
      const watcher = await clients.connect([server.endpoint]);
      const contend = async (id: number): Promise<void> => {
        const client = await clients.connect([server.endpoint]);
        const mutex = new Mutex(await Session.open({ store: client }), bytes('lock'));
        await mutex.lock();
        order.push(id);
        log.push('in');
        await delay(20);
        log.push('out');
        await mutex.unlock();
      };
      const holder = new Mutex(await Session.open({ store: watcher }), bytes('lock'));
      await holder.lock();
      const contenders: Promise<void>[] = [];
      for (let id = 1; id <= 5; id += 1) {
        contenders.push(contend(id));
        await untilCount(watcher, 'lock/', id + 1);
      }
      assert.deepEqual(order, []);
      await holder.unlock();
      await Promise.all(contenders);
      assert.deepEqual(order, [1, 2, 3, 4, 5]);
      assert.deepEqual(log, Array.from({ length: 5 }, () => ['in', 'out']).flat());
      assert.equal(await count(watcher, 'lock/'), 0);
    });
  });

  test('its key is the name and the lease; its holder may lock it again; others can only try', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      await client.leaseGrant(60);
      const [one, two] = [await Session.open({ store: client }), await Session.open({ store: client })];
      const mutex = new Mutex(one, bytes('L'));
      await mutex.lock();
      assert.equal(text(mutex.key), `L/${one.lease.toString(16)}`);
      const { kvs, header } = await client.range({ key: mutex.key });
      assert.deepEqual([kvs[0]?.lease, kvs[0]?.create_revision], [one.lease, mutex.header?.revision]);
      await mutex.lock();
      assert.equal((await client.range({ key: mutex.key })).header?.revision, header?.revision);
      const other = new Mutex(two, bytes('L'));
      await assert.rejects(other.tryLock(), { kind: 'locked', message: 'mutex: Locked by another session' });
      assert.equal(await count(client, 'L/'), 1);
      await mutex.unlock();
      await other.tryLock();
      assert.equal(await count(client, 'L/'), 1);
    });
  });

  test('whoever stops waiting leaves the queue; whose lease is lost meanwhile has no lock', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [one, two] = [await Session.open({ store: client }), await Session.open({ store: client })];
      const holder = new Mutex(one, bytes('L'));
      await holder.lock();
      const stop = new AbortController();
      const waiting = new Mutex(two, bytes('L')).lock({ signal: stop.signal });
      await untilCount(client, 'L/', 2);
      stop.abort(new Error('enough'));
      await assert.rejects(waiting, { message: 'enough' });
      assert.equal(await count(client, 'L/'), 1);

      const expired = new Mutex(two, bytes('L')).lock();
      await untilCount(client, 'L/', 2);
      await client.leaseRevoke(two.lease);
      await holder.unlock();
      await assert.rejects(expired, { kind: 'sessionExpired', message: 'mutex: session is expired' });
      assert.equal(await count(client, 'L/'), 0);
    });
  });
});

describe('an election', needsReal, () => {
  test('passes from one to the next; who observes sees all that leaders say', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const election = new Election(client, bytes('E'));
      await assert.rejects(election.leader(), { message: 'election: no leader' });
      const seen: string[] = [];
      const stop = new AbortController();
      const observing = (async () => {
        for await (const { kv } of election.observe({ signal: stop.signal })) seen.push(text(kv.value));
      })();
      const [a, b] = [(await client.leaseGrant(60)).ID, (await client.leaseGrant(60)).ID];
      await delay(100);
      const first = await election.campaign({ lease: a, value: bytes('v1') });
      const { kvs } = await client.range({ key: first.candidacy.key });
      assert.deepEqual(
        [first.candidacy.revision, first.header?.revision],
        [kvs[0]?.create_revision, kvs[0]?.mod_revision],
      );
      const second = election.campaign({ lease: b, value: bytes('w1') });
      await untilCount(client, 'E/', 2);
      const again = await election.campaign({ lease: a, value: bytes('v1b') });
      assert.equal(again.candidacy.revision, first.candidacy.revision);
      await election.proclaim(first.candidacy, bytes('v2'));
      assert.equal(text((await election.leader()).kv.value), 'v2');
      await election.resign(first.candidacy);
      await second;
      assert.equal(text((await election.leader()).kv.value), 'w1');
      await assert.rejects(election.proclaim(first.candidacy, bytes('x')), { message: 'election: not leader' });
      await election.resign(first.candidacy);
      while (seen.length < 4) await delay(10);
      assert.deepEqual(seen, ['v1', 'v1b', 'v2', 'w1']);
      stop.abort(new Error('enough'));
      await assert.rejects(observing, { message: 'enough' });
    });
  });

  test('a candidate that stops waiting withdraws', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const election = new Election(client, bytes('E'));
      const [a, b] = [(await client.leaseGrant(60)).ID, (await client.leaseGrant(60)).ID];
      await election.campaign({ lease: a, value: bytes('a') });
      const stop = new AbortController();
      const waiting = election.campaign({ lease: b, value: bytes('b') }, { signal: stop.signal });
      await untilCount(client, 'E/', 2);
      stop.abort(new Error('enough'));
      await assert.rejects(waiting, { message: 'enough' });
      assert.equal(await count(client, 'E/'), 1);
    });
  });
});

describe('a transaction in memory', needsReal, () => {
  for (const isolation of ['serializable', 'repeatable-reads'] as const satisfies readonly Isolation[]) {
    test(`${isolation}: eight clients move money, and none is lost or made`, async () => {
      await withReal(async (server, clients) => {
        const accounts = 5;
        const account = (at: number): Uint8Array => bytes(`account${at}`);
        const setup = await clients.connect([server.endpoint]);
        for (let at = 0; at < accounts; at += 1) await setup.put({ key: account(at), value: bytes('100') });
        let runs = 0;
        const move = async (client: Client, seed: number): Promise<void> => {
          for (let round = 0; round < 15; round += 1) {
            const [from, to] = [account((seed + round) % accounts), account((seed * 3 + round * 2 + 1) % accounts)];
            await runStm(
              client,
              async (stm) => {
                runs += 1;
                stm.put(from, bytes(String(Number(text(await stm.get(from))) - 1)));
                stm.put(to, bytes(String(Number(text(await stm.get(to))) + 1)));
              },
              { isolation },
            );
          }
        };
        const movers = Array.from({ length: 8 }, async (_, seed) =>
          move(await clients.connect([server.endpoint]), seed),
        );
        await Promise.all(movers);
        const { kvs } = await setup.range(prefixRange(bytes('account')));
        assert.equal(
          kvs.reduce((sum, { value }) => sum + Number(text(value)), 0),
          500,
        );
        assert.ok(runs > 120, 'nobody was in anybody’s way: the test shows nothing');
      });
    });
  }

  test('serializable: all reads are of one moment; repeatable-reads: the same key reads the same', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [a, b] = [bytes('a'), bytes('b')];
      for (const [isolation, expected] of [
        ['serializable', 'a1 b1, a2 b2'],
        ['repeatable-reads', 'a1 b2, a2 b2'],
      ] as const) {
        await client.put({ key: a, value: bytes('a1') });
        await client.put({ key: b, value: bytes('b1') });
        const seen: string[] = [];
        await runStm(
          client,
          async (stm) => {
            const first = text(await stm.get(a));
            if (seen.length === 0) {
              await client.put({ key: a, value: bytes('a2') });
              await client.put({ key: b, value: bytes('b2') });
            }
            assert.equal(text(await stm.get(a)), first);
            seen.push(`${first} ${text(await stm.get(b))}`);
          },
          { isolation },
        );
        assert.equal(seen.join(', '), expected);
      }
    });
  });

  test('sees what it wrote; what is thrown in it writes nothing', async () => {
    await withReal(async (server, clients) => {
      const client = await clients.connect([server.endpoint]);
      const [a, b] = [bytes('a'), bytes('b')];
      const { header } = await client.put({ key: b, value: bytes('old') });
      const { result, response } = await runStm(client, async (stm) => {
        stm.put(a, bytes('1'));
        stm.delete(b);
        return [text(await stm.get(a)), await stm.get(b), await stm.revision(a), await stm.revision(b)];
      });
      assert.deepEqual(result, ['1', undefined, 0, header?.revision]);
      const { kvs } = await client.range(prefixRange(bytes('')));
      assert.deepEqual(
        kvs.map(({ key, mod_revision }) => [text(key), mod_revision]),
        [['a', response.header?.revision]],
      );
      const failing = runStm(client, async (stm) => {
        stm.put(b, bytes('2'));
        throw new Error('changed my mind');
      });
      await assert.rejects(failing, { message: 'changed my mind' });
      assert.equal(await count(client, ''), 1);
    });
  });
});
