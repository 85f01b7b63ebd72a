// Renewal of leases by the client library against a server that answers by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseKeepAliveRequest } from '../../../proto/schema.ts';
import { KEEP_ALIVE_QUEUE, MAX_TIMER_MS } from '../../../final/client/limits.ts';
import { FakeServer } from './fake_server.ts';

const timeout = 20_000;
const oldToken = 'etcdserver: invalid auth token';

async function withServer(use: (server: FakeServer<LeaseKeepAliveRequest>) => Promise<void>): Promise<void> {
  const server = await FakeServer.start<LeaseKeepAliveRequest>();
  try {
    await use(server);
  } finally {
    server.close();
  }
}

test('all leases are renewed over one stream, each after a third of its TTL', async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const [quick, calm] = [client.leaseKeepAlive(1n), client.leaseKeepAlive(2n)];
    const call = await server.calls.take();
    const first = [await call.requests.take(), await call.requests.take()].map(({ ID }) => ID);
    assert.deepEqual(new Set(first), new Set([1n, 2n]));
    const start = performance.now();
    call.answer({ header: {}, ID: 1n, TTL: 1 });
    call.answer({ header: {}, ID: 2n, TTL: 600 });
    for (let round = 1; round <= 3; round += 1) {
      assert.equal((await call.requests.take()).ID, 1n);
      const took = performance.now() - start;
      assert.ok(took >= round * 333 - 5, `renewal ${round} came after ${took} ms`);
      call.answer({ header: {}, ID: 1n, TTL: 1 });
    }
    for await (const { TTL } of quick) {
      assert.equal(TTL, 1);
      break;
    }
    for await (const { TTL } of calm) {
      assert.equal(TTL, 600);
      break;
    }
    await call.over;
    assert.equal(server.calls.length, 0);
  });
});

test('a lease that the server does not know ends its readers; others go on', async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const readers = [client.leaseKeepAlive(1n), client.leaseKeepAlive(1n)];
    const other = client.leaseKeepAlive(2n)[Symbol.asyncIterator]();
    const call = await server.calls.take();
    call.answer({ header: {}, ID: 1n, TTL: 0 });
    for (const reader of readers) for await (const answer of reader) assert.fail(`got ${JSON.stringify(answer.TTL)}`);
    call.answer({ header: {}, ID: 2n, TTL: 60 });
    assert.equal((await other.next()).value?.TTL, 60);
  });
});

test('after a reconnect what is due is sent again, and what is not is not', async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const kept = client.leaseKeepAlive(1n)[Symbol.asyncIterator]();
    const call = await server.calls.take();
    client.leaseKeepAlive(2n);
    await call.requests.take();
    call.answer({ header: {}, ID: 2n, TTL: 600 });
    await call.requests.take();
    server.shutDown();
    await server.listen();
    const second = await server.calls.take();
    assert.equal((await second.requests.take()).ID, 1n);
    second.answer({ header: {}, ID: 1n, TTL: 1 });
    assert.equal((await kept.next()).value?.TTL, 1);
    assert.equal((await second.requests.take()).ID, 1n, 'the other was renewed too early');
  });
});

test('a lease counts as lost when its time is up without an answer', async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const kept = client.leaseKeepAlive(1n);
    const call = await server.calls.take();
    await call.requests.take();
    call.answer({ header: {}, ID: 1n, TTL: 1 });
    const start = performance.now();
    let answers = 0;
    for await (const _ of kept) answers += 1;
    assert.equal(answers, 1);
    assert.ok(performance.now() - start > 900);
    await call.over;
  });
});

test('answers that nobody reads do not pile up: the newest are kept', async () => {
  await withServer(async (server) => {
    const kept = (await server.client()).leaseKeepAlive(1n);
    const call = await server.calls.take();
    for (let TTL = 100; TTL < 200; TTL += 1) call.answer({ header: {}, ID: 1n, TTL });
    call.answer({ header: {}, ID: 1n, TTL: 0 });
    await delay(200);
    const seen: number[] = [];
    for await (const { TTL } of kept) seen.push(TTL);
    assert.deepEqual([seen.length, seen.at(-1)], [KEEP_ALIVE_QUEUE, 199]);
  });
});

test('once: the answer, or that there is no such lease; a stream that breaks is opened again', async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const once = client.leaseKeepAliveOnce(5n);
    (await server.calls.take()).fail(14, 'transport is closing');
    const call = await server.calls.take();
    assert.equal((await call.requests.take()).ID, 5n);
    call.answer({ header: {}, ID: 5n, TTL: 9 });
    assert.equal((await once).TTL, 9);
    await call.over;

    const unknown = client.leaseKeepAliveOnce(6n);
    (await server.calls.take()).answer({ header: {}, ID: 6n, TTL: 0 });
    await assert.rejects(unknown, { code: 5, message: 'etcdserver: requested lease not found' });

    const refused = client.leaseKeepAliveOnce(7n);
    (await server.calls.take()).fail(7, 'etcdserver: permission denied');
    await assert.rejects(refused, { code: 7, message: 'etcdserver: permission denied' });

    await assert.rejects(client.leaseKeepAliveOnce(8n, { timeoutMs: 100 }), { code: 4 });
    await assert.rejects(client.leaseKeepAliveOnce(9n, { signal: AbortSignal.abort(new Error('no')) }), {
      message: 'no',
    });
  });
});

test('closing the client ends the renewal', async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const kept = client.leaseKeepAlive(1n);
    const call = await server.calls.take();
    client.close();
    for await (const _ of kept) assert.fail('an answer');
    await call.over;
  });
});

test('a token that a restarted server does not know is renewed, also when that fails at first', {
  timeout,
}, async () => {
  await withServer(async (server) => {
    const client = await server.client({ user: 'u', password: 'p' });
    const kept = client.leaseKeepAlive(1n)[Symbol.asyncIterator]();
    const call = await server.calls.take();
    assert.equal(call.metadata('token'), 't1');
    const refusals = [
      { code: 14, details: 'connection reset' },
      { code: 3, details: 'etcdserver: authentication failed, invalid user ID or password' },
    ];
    server.onToken = async () => refusals.shift() ?? 'fresh';
    call.fail(16, oldToken);
    const second = await server.calls.take();
    assert.equal(second.metadata('token'), 'fresh');
    assert.equal((await second.requests.take()).ID, 1n);
    second.answer({ header: {}, ID: 1n, TTL: 60 });
    assert.equal((await kept.next()).value?.TTL, 60);
    assert.equal(refusals.length, 0);
  });
});

test('once: a token that is too old is renewed once', { timeout }, async () => {
  await withServer(async (server) => {
    const client = await server.client({ user: 'u', password: 'p' });
    const once = client.leaseKeepAliveOnce(1n);
    (await server.calls.take()).fail(16, oldToken);
    const call = await server.calls.take();
    assert.equal(call.metadata('token'), 't2');
    call.answer({ header: {}, ID: 1n, TTL: 9 });
    assert.equal((await once).TTL, 9);
    const refused = client.leaseKeepAliveOnce(1n);
    for (let at = 1; at <= 2; at += 1) (await server.calls.take()).fail(16, oldToken);
    await assert.rejects(refused, { code: 16, details: oldToken });
  });
});

test('whoever leaves at once, after any number of ticks, leaves no call behind', { timeout }, async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const once = client.leaseKeepAliveOnce(9n);
    (await server.calls.take()).answer({ header: {}, ID: 9n, TTL: 9 });
    await once;
    for (let ticks = 0; ticks < 14; ticks += 1) {
      const stop = new AbortController();
      const kept = client.leaseKeepAlive(1n, { signal: stop.signal })[Symbol.asyncIterator]().next();
      const one = client.leaseKeepAliveOnce(2n, { signal: stop.signal });
      const ends = [assert.rejects(kept), assert.rejects(one)];
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      stop.abort();
      await Promise.all(ends);
      await delay(20);
      while (server.calls.length > 0) {
        const call = await server.calls.take();
        const left = await Promise.race([call.over.then(() => false), delay(1_000, true)]);
        assert.ok(!left, `a call was left after ${ticks} ticks`);
      }
    }
  });
});

test('a lease of years is kept without a timer that fires at once', { timeout }, async (context) => {
  await withServer(async (server) => {
    const client = await server.client();
    const kept = client.leaseKeepAlive(1n)[Symbol.asyncIterator]();
    const call = await server.calls.take();
    await call.requests.take();
    const timers = context.mock.method(globalThis, 'setTimeout');
    call.answer({ header: {}, ID: 1n, TTL: 20_000_000 });
    await kept.next();
    await delay(200);
    const waits = timers.mock.calls.map((one) => one.arguments[1] ?? 0);
    assert.ok(waits.length < 10, `${waits.length} timers`);
    assert.ok(Math.max(...waits) <= MAX_TIMER_MS);
    assert.equal(call.requests.length, 0);
  });
});

test('once: a time limit that no timer can wait for is none', { timeout }, async () => {
  await withServer(async (server) => {
    const client = await server.client();
    for (const timeoutMs of [2 ** 31, 2 ** 33, Infinity, 5_000.5]) {
      const once = client.leaseKeepAliveOnce(1n, { timeoutMs });
      const call = await server.calls.take();
      await delay(20);
      call.answer({ header: {}, ID: 1n, TTL: 9 });
      assert.equal((await once).TTL, 9);
    }
  });
});

test('the time of a lease counts from when its renewal was sent', { timeout }, async () => {
  await withServer(async (server) => {
    const client = await server.client();
    const kept = client.leaseKeepAlive(1n);
    const call = await server.calls.take();
    await call.requests.take();
    const start = performance.now();
    await delay(1_300);
    call.answer({ header: {}, ID: 1n, TTL: 2 });
    let answers = 0;
    for await (const _ of kept) answers += 1;
    const took = performance.now() - start;
    assert.equal(answers, 1);
    assert.ok(took > 1_900 && took < 2_900, `it counted as lost after ${took} ms`);
    assert.equal(call.requests.length, 1, 'it was not renewed in what was left of its time');
  });
});

test('at a client that is closed a renewal is at its end', { timeout }, async () => {
  await withServer(async (server) => {
    const client = await server.client();
    client.close();
    const start = performance.now();
    for await (const _ of client.leaseKeepAlive(1n)) assert.fail('an answer');
    assert.ok(performance.now() - start < 1_000);
    await assert.rejects(client.leaseKeepAliveOnce(1n), { message: 'context canceled' });
  });
});
