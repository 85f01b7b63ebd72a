// Watches of the client library against a server that answers by hand.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WatchRequest, WatchResponse } from '../../../proto/schema.ts';
import { WATCH_QUEUE_BYTES } from '../../../final/client/limits.ts';
import { isProgressNotify, watchError } from '../../../final/client/watch_response.ts';
import { type FakeCall, FakeServer } from './fake_server.ts';

type Call = FakeCall<WatchRequest>;

async function withServer(use: (server: FakeServer<WatchRequest>) => Promise<void>): Promise<void> {
  const server = await FakeServer.start<WatchRequest>();
  try {
    await use(server);
  } finally {
    server.close();
  }
}

const key = Buffer.from('k');

function put(revision: number, value = ''): object {
  return { type: 0, kv: { key, mod_revision: revision, value: Buffer.from(value) } };
}

/** Takes the next request of a call, which must be one to create a watcher, and says that it was. */
async function create(call: Call, watch_id: bigint, revision = 10): Promise<number | undefined> {
  const { create_request: request } = await call.requests.take();
  assert.ok(request !== undefined, 'not a create request');
  call.answer({ header: { revision }, watch_id, created: true });
  return request.start_revision;
}

function events(call: Call, watch_id: bigint, revisions: readonly number[], revision = revisions.at(-1)): void {
  call.answer({ header: { revision }, watch_id, events: revisions.map((one) => put(one)) });
}

async function next(watch: AsyncIterator<WatchResponse, undefined>): Promise<WatchResponse> {
  const { value } = await watch.next();
  assert.ok(value !== undefined, 'the watch has ended');
  return value;
}

async function nextRevisions(watch: AsyncIterator<WatchResponse, undefined>): Promise<(number | undefined)[]> {
  return (await next(watch)).events.map(({ kv }) => kv?.mod_revision);
}

describe('a stream', () => {
  test('carries all watchers with the same metadata; answers to create requests come in their order', async () => {
    await withServer(async (server) => {
      const client = await server.client();
      const [first, second] = [client.watch({ key, start_revision: 1 }), client.watch({ key, start_revision: 2 })];
      const third = client.watch({ key, start_revision: 3 }, { requireLeader: true });
      const calls = [await server.calls.take(), await server.calls.take()];
      const leader = calls.find((one) => one.metadata('hasleader') === 'true');
      const any = calls.find((one) => one.metadata('hasleader') === undefined);
      assert.ok(leader !== undefined && any !== undefined);
      assert.equal(await create(leader, 0n), 3);
      assert.equal(await create(any, 5n), 1);
      assert.equal(await create(any, 7n), 2);
      events(any, 7n, [2]);
      events(any, 5n, [1]);
      events(leader, 0n, [3]);
      assert.deepEqual(await Promise.all([first, second, third].map(nextRevisions)), [[1], [2], [3]]);
    });
  });

  test('cancels a watcher that nobody reads any longer, and ends with the last', async () => {
    await withServer(async (server) => {
      const client = await server.client();
      const [first, second] = [client.watch({ key }), client.watch({ key })];
      const call = await server.calls.take();
      await create(call, 0n);
      await create(call, 1n);
      events(call, 0n, [11]);
      for await (const { header } of first) {
        assert.equal(header?.revision, 11);
        break;
      }
      assert.equal((await call.requests.take()).cancel_request?.watch_id, 0n);
      events(call, 0n, [12]);
      call.answer({ header: {}, watch_id: 0n, canceled: true });
      events(call, 1n, [12]);
      assert.deepEqual(await nextRevisions(second), [12]);
      assert.equal(call.requests.length, 0, 'it asked twice to cancel the same');
      await second.return?.();
      await call.over;
      client.watch({ key, start_revision: 20 });
      assert.equal(await create(await server.calls.take(), 0n), 20);
    });
  });

  test('cancels a watcher that it does not know, once', async () => {
    await withServer(async (server) => {
      const watch = (await server.client()).watch({ key });
      const call = await server.calls.take();
      await create(call, 0n);
      events(call, 44n, [11]);
      events(call, 44n, [12]);
      events(call, 0n, [12]);
      await next(watch);
      assert.equal((await call.requests.take()).cancel_request?.watch_id, 44n);
      assert.equal(call.requests.length, 0);
    });
  });

  test('is not left behind by a watcher that goes at once, after any number of ticks', {
    timeout: 20_000,
  }, async () => {
    await withServer(async (server) => {
      const client = await server.client();
      const first = client.watch({ key });
      await create(await server.calls.take(), 0n);
      await first.return?.();
      for (let ticks = 0; ticks < 14; ticks += 1) {
        const watch = client.watch({ key });
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
        await watch.return?.();
        await delay(20);
        while (server.calls.length > 0) {
          const call = await server.calls.take();
          const left = await Promise.race([call.over.then(() => false), delay(1_000, true)]);
          assert.ok(!left, `a call was left after ${ticks} ticks`);
        }
      }
    });
  });

  test('ends a watcher when its signal is aborted, before and while it is read', async () => {
    await withServer(async (server) => {
      const client = await server.client();
      const other = client.watch({ key });
      const stop = new AbortController();
      const watch = client.watch({ key }, { signal: stop.signal });
      const call = await server.calls.take();
      await create(call, 0n);
      await create(call, 1n);
      const reading = watch.next();
      stop.abort(new Error('enough'));
      await assert.rejects(reading, { message: 'enough' });
      assert.equal((await call.requests.take()).cancel_request?.watch_id, 1n);
      assert.deepEqual(await watch.next(), { done: true, value: undefined });
      await assert.rejects(client.watch({ key }, { signal: stop.signal }).next(), { message: 'enough' });
      events(call, 0n, [11]);
      assert.deepEqual(await nextRevisions(other), [11]);
    });
  });
});

describe('when the connection breaks', () => {
  const resumes: [what: string, start: number, answers: (call: Call) => void, next: number][] = [
    ['a new watcher goes on behind the revision at which it was created', 0, () => undefined, 11],
    ['a watcher of the past goes on where it wanted to begin', 4, () => undefined, 4],
    ['it goes on behind the last event, not behind the header', 4, (call) => events(call, 0n, [5, 6], 9), 7],
    ['progress of its own counts', 4, (call) => call.answer({ header: { revision: 9 }, watch_id: 0n }), 10],
    ['progress of the stream does not', 4, (call) => call.answer({ header: { revision: 9 }, watch_id: -1n }), 4],
    [
      'parts of an answer do not',
      4,
      (call) => {
        call.answer({ header: { revision: 9 }, watch_id: 0n, fragment: true, events: [put(5)] });
        call.answer({ header: { revision: 9 }, watch_id: -1n });
      },
      4,
    ],
  ];
  for (const [what, start, answers, expected] of resumes) {
    test(what, async () => {
      await withServer(async (server) => {
        const watch = (await server.client()).watch({ key, start_revision: start });
        const call = await server.calls.take();
        assert.equal(await create(call, 0n), start);
        answers(call);
        if (expected !== start && start !== 0) await next(watch);
        await delay(50);
        server.shutDown();
        await server.listen();
        assert.equal(await create(await server.calls.take(), 3n, 12), expected);
      });
    });
  }

  test('another endpoint is taken, and watchers keep apart', async () => {
    await withServer(async (server) => {
      const spare = await FakeServer.start(server);
      try {
        const client = await server.client({ endpoints: [server, spare].map(({ port }) => `127.0.0.1:${port}`) });
        const [one, two] = [client.watch({ key, start_revision: 3 }), client.watch({ key, start_revision: 5 })];
        const first = await server.calls.take();
        await create(first, 0n);
        await create(first, 1n);
        events(first, 0n, [3]);
        assert.deepEqual(await nextRevisions(one), [3]);
        first.server.shutDown();
        const second = await server.calls.take();
        assert.notEqual(second.server, first.server);
        assert.equal(await create(second, 8n), 4);
        assert.equal(await create(second, 9n), 5);
        events(second, 9n, [6]);
        assert.deepEqual(await nextRevisions(two), [6]);
      } finally {
        spare.close();
      }
    });
  });

  test('an error that would come again ends the watchers; so does the lack of a leader', async () => {
    for (const [code, details] of [
      [12, 'unknown service etcdserverpb.Watch'],
      [14, 'etcdserver: no leader'],
    ] as const) {
      await withServer(async (server) => {
        const watch = (await server.client()).watch({ key });
        (await server.calls.take()).fail(code, details);
        await assert.rejects(watch.next(), { code, details });
        assert.deepEqual(await watch.next(), { done: true, value: undefined });
      });
    }
  });

  test('an error that may pass does not', async () => {
    await withServer(async (server) => {
      const watch = (await server.client()).watch({ key, start_revision: 2 });
      for (const code of [14, 13]) (await server.calls.take()).fail(code, 'transport is closing');
      const call = await server.calls.take();
      assert.equal(await create(call, 0n), 2);
      events(call, 0n, [2]);
      assert.deepEqual(await nextRevisions(watch), [2]);
    });
  });
});

describe('answers', () => {
  test('parts are put together', async () => {
    await withServer(async (server) => {
      const watch = (await server.client()).watch({ key, fragment: true });
      const call = await server.calls.take();
      await create(call, 0n);
      const header = { revision: 13 };
      call.answer({ header, watch_id: 0n, fragment: true, events: [put(11)] });
      call.answer({ header, watch_id: 0n, fragment: true, events: [put(12)] });
      call.answer({ header, watch_id: 0n, events: [put(13)] });
      const { events: whole, fragment } = await next(watch);
      assert.deepEqual([whole.map(({ kv }) => kv?.mod_revision), fragment], [[11, 12, 13], false]);
    });
  });

  const ends: [what: string, answer: object, message: string][] = [
    ['compacted', { compact_revision: 7, canceled: true }, 'etcdserver: mvcc: required revision has been compacted'],
    [
      'refused',
      { watch_id: -1n, created: true, canceled: true, cancel_reason: 'mvcc: watcher range is empty' },
      'mvcc: watcher range is empty',
    ],
    [
      'not allowed',
      {
        watch_id: -1n,
        created: true,
        canceled: true,
        cancel_reason: 'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
      },
      'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
    ],
    ['cancelled without a reason', { canceled: true }, 'etcdserver: mvcc: required revision is a future revision'],
  ];
  for (const [what, answer, message] of ends) {
    test(`the one that ends a watch: ${what}`, async () => {
      await withServer(async (server) => {
        const client = await server.client();
        const [watch, other] = [client.watch({ key }), client.watch({ key })];
        const call = await server.calls.take();
        await call.requests.take();
        if (!('created' in answer)) call.answer({ header: {}, watch_id: 0n, created: true });
        call.answer({ header: {}, watch_id: 0n, ...answer });
        assert.equal(watchError(await next(watch))?.message, message);
        assert.deepEqual(await watch.next(), { done: true, value: undefined });
        await create(call, 1n);
        events(call, 1n, [11]);
        assert.deepEqual(await nextRevisions(other), [11], 'the other watcher ended too');
      });
    });
  }

  test('progress of the stream goes to all watchers', async () => {
    await withServer(async (server) => {
      const client = await server.client();
      const watches = [client.watch({ key }), client.watch({ key })];
      const call = await server.calls.take();
      await create(call, 0n);
      await create(call, 1n);
      client.requestProgress();
      assert.ok((await call.requests.take()).progress_request !== undefined);
      call.answer({ header: { revision: 17 }, watch_id: -1n });
      for (const watch of watches) {
        const answer = await next(watch);
        assert.deepEqual([isProgressNotify(answer), answer.header?.revision], [true, 17]);
      }
    });
  });

  test('a renewal of the token that fails, as the server is away, is done again', { timeout: 20_000 }, async () => {
    await withServer(async (server) => {
      const client = await server.client({ user: 'u', password: 'p' });
      const watch = client.watch({ key });
      const call = await server.calls.take();
      await call.requests.take();
      const refusals = [
        { code: 14, details: 'connection reset' },
        { code: 4, details: 'too late' },
      ];
      server.onToken = async () => refusals.shift() ?? 'fresh';
      const cancel_reason = 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token';
      call.answer({ header: {}, watch_id: -1n, created: true, canceled: true, cancel_reason });
      const second = await server.calls.take();
      assert.equal(second.metadata('token'), 'fresh');
      await create(second, 0n);
      events(second, 0n, [11]);
      assert.deepEqual(await nextRevisions(watch), [11]);
    });
  });

  test('a call that is refused for its token is made again with a new one', { timeout: 20_000 }, async () => {
    await withServer(async (server) => {
      const watch = (await server.client({ user: 'u', password: 'p' })).watch({ key });
      (await server.calls.take()).fail(16, 'etcdserver: invalid auth token');
      const call = await server.calls.take();
      assert.equal(call.metadata('token'), 't2');
      await create(call, 0n);
      events(call, 0n, [11]);
      assert.deepEqual(await nextRevisions(watch), [11]);
    });
  });

  test('progress is not asked for nobody', { timeout: 20_000 }, async () => {
    await withServer(async (server) => {
      const client = await server.client();
      client.requestProgress();
      await delay(100);
      assert.equal(server.calls.length, 0);
      const watch = client.watch({ key });
      client.requestProgress();
      await watch.return?.();
      client.requestProgress();
      await delay(100);
      assert.equal(server.calls.length, 0);
      client.watch({ key });
      const call = await server.calls.take();
      await create(call, 0n);
      await delay(50);
      assert.equal(call.requests.length, 0, 'it was asked for one that has gone');
    });
  });

  test('a compacted revision can be any but 0', () => {
    const answer = {
      header: undefined,
      watch_id: 0n,
      created: false,
      canceled: true,
      compact_revision: -5,
      cancel_reason: 'x',
      fragment: false,
      events: [],
    };
    assert.match(watchError(answer)?.message ?? '', /has been compacted$/);
  });

  test('a token that is too old is renewed once', async () => {
    await withServer(async (server) => {
      const client = await server.client({ user: 'u', password: 'p' });
      const watch = client.watch({ key });
      const cancel_reason = 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token';
      const refusal = { header: {}, watch_id: -1n, created: true, canceled: true, cancel_reason };
      for (const token of ['t1', 't2']) {
        const call = await server.calls.take();
        assert.equal(call.metadata('token'), token);
        await call.requests.take();
        call.answer(refusal);
      }
      assert.equal(watchError(await next(watch))?.message, cancel_reason);
    });
  });
});

describe('a watcher that nobody reads', () => {
  test('is cancelled at the server beyond a bound, and goes on from where it was when it is read', async () => {
    await withServer(async (server) => {
      const client = await server.client();
      const [slow, fast] = [client.watch({ key, start_revision: 1 }), client.watch({ key, start_revision: 1 })];
      const call = await server.calls.take();
      await create(call, 0n);
      await create(call, 1n);
      const value = 'x'.repeat(1024 * 1024);
      const answers = WATCH_QUEUE_BYTES / value.length;
      for (let revision = 1; revision <= answers + 3; revision += 1) {
        call.answer({ header: { revision }, watch_id: 0n, events: [put(revision, value)] });
      }
      events(call, 1n, [1]);
      assert.deepEqual(await nextRevisions(fast), [1], 'the other watcher waits too');
      assert.equal((await call.requests.take()).cancel_request?.watch_id, 0n);
      call.answer({ header: {}, watch_id: 0n, canceled: true });
      await delay(50);
      assert.equal(call.requests.length, 0, 'it was created again before it was read');
      const seen: unknown[] = [];
      for (let at = 0; at < answers; at += 1) seen.push(...(await nextRevisions(slow)));
      assert.deepEqual(seen, [1, 2, 3, 4]);
      assert.equal(await create(call, 2n), 5);
      events(call, 2n, [5]);
      assert.deepEqual(await nextRevisions(slow), [5]);
    });
  });

  test('is not created again by a new connection, but when it is read', async () => {
    await withServer(async (server) => {
      const client = await server.client();
      const [slow, fast] = [client.watch({ key, start_revision: 1 }), client.watch({ key, start_revision: 1 })];
      const call = await server.calls.take();
      await create(call, 0n);
      await create(call, 1n);
      const value = 'x'.repeat(WATCH_QUEUE_BYTES);
      call.answer({ header: { revision: 1 }, watch_id: 0n, events: [put(1, value)] });
      events(call, 1n, [1]);
      await next(fast);
      server.shutDown();
      await server.listen();
      const second = await server.calls.take();
      assert.equal(await create(second, 0n), 2);
      events(second, 0n, [2]);
      await next(fast);
      assert.equal(second.requests.length, 0);
      await next(slow);
      assert.equal(await create(second, 1n), 2);
    });
  });
});
