// The watch stream of the API over a store without a network: answers as bytes, fragments, progress, and a client that does
// not read.

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { codecs, type Init } from '../../../proto/load.ts';
import { Event_EventType as EventType, type WatchRequest, type WatchResponse } from '../../../proto/schema.ts';
import { encodeEvents, encodeWatchId, HeaderEncoder } from '../../../final/api/v3rpc/watch_response.ts';
import { ServerWatchStream } from '../../../final/api/v3rpc/watch_stream.ts';
import { keyToBytes } from '../../../final/core/keys.ts';
import { WatchEvent } from '../../../final/core/mvcc/watch_event.ts';
import { WATCH_ANSWER_BYTES, WATCH_CONNECTION_BUFFER_BYTES, WATCH_STREAM_BUFFER_BYTES } from '../../../final/limits.ts';
import { MessageReader } from '../../../final/transport/grpc/messages.ts';
import type { StreamCall } from '../../../final/transport/grpc/server.ts';
import { World } from '../core/watch_model.ts';

const response = codecs['etcdserverpb.WatchResponse'];
const FRAGMENT_BYTES = 1000;
const HEADER = { cluster_id: 2n ** 63n + 5n, member_id: 7n, revision: 9, raft_term: 3 };
const A = keyToBytes('a');
const ALL = Uint8Array.of(0);

/** A call whose client can stop reading. */
class FakeCall implements StreamCall<WatchRequest, WatchResponse> {
  readonly answers: WatchResponse[] = [];
  readonly ctx;
  pendingBytes = 0;
  connectionPendingBytes = 0;
  /** Whether the client reads. */
  reads = true;
  taken = 0;
  /** Ends the turn. */
  flush = (): void => {};
  readonly #abort = new AbortController();
  readonly #requests: WatchRequest[] = [];
  #wake = (): void => {};
  #isEnded = false;
  #onDrained: (() => void)[] = [];

  constructor() {
    const { signal } = this.#abort;
    this.ctx = { path: '', peer: '', metadata: () => undefined, signal, deadline: undefined };
  }

  ask(request: Init<WatchRequest>): void {
    const codec = codecs['etcdserverpb.WatchRequest'];
    this.#requests.push(codec.decode(codec.encode(request)));
    this.#wake();
  }

  endRequests(): void {
    this.#isEnded = true;
    this.#wake();
  }

  abort(): void {
    this.#isEnded = true;
    this.#abort.abort();
    this.read();
    this.#wake();
  }

  async *requests(): AsyncGenerator<WatchRequest> {
    for (;;) {
      const request = this.#requests.shift();
      if (request !== undefined) {
        this.taken++;
        yield request;
      } else if (this.#isEnded) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  write(): boolean {
    return assert.fail('answers go out of order past the batch');
  }

  writeEncoded(pieces: readonly Uint8Array[]): void {
    const reader = new MessageReader(100_000_000);
    for (const piece of pieces) {
      reader.push(piece);
      if (!this.reads) this.pendingBytes += piece.length;
    }
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      this.answers.push(response.decode(message));
    }
    assert.equal(reader.length, 0);
  }

  drained(): Promise<void> {
    if (this.pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained.push(resolve);
    });
  }

  /** The client reads all that waits, and goes on reading. */
  read(): void {
    this.reads = true;
    this.pendingBytes = 0;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }

  /** The answers so far, in short. */
  take(): string[] {
    this.flush();
    return this.answers.splice(0).map(show);
  }
}

function show(answer: WatchResponse): string {
  const { header, watch_id, created, canceled, compact_revision, cancel_reason, fragment, events } = answer;
  const what = [
    `${watch_id} @${header?.revision}`,
    created && 'created',
    canceled && 'canceled',
    compact_revision > 0 && `compacted ${compact_revision}`,
    cancel_reason,
    events.length > 0 && `${events.length} events`,
    fragment && 'more',
  ];
  return what.filter(Boolean).join(' ');
}

function serve(world = new World()) {
  const call = new FakeCall();
  let tick = (): void => {};
  const dirty: { flush(): void }[] = [];
  call.flush = () => {
    for (const some of dirty.splice(0)) some.flush();
  };
  const timers = { started: 0, stopped: 0 };
  const header = (revision = world.store.currentRevision) => ({ ...HEADER, revision });
  const stream = new ServerWatchStream(call, {
    hub: world.hub,
    header,
    headers: new HeaderEncoder(header, () => HEADER.raft_term),
    fragmentBytes: FRAGMENT_BYTES,
    everyProgress: (onTick) => {
      timers.started++;
      tick = onTick;
      return () => timers.stopped++;
    },
    flushLater: (some) => dirty.push(some),
  });
  const ended = stream.run();
  return { world, call, ended, timers, tick: () => tick() };
}

const put = (world: World, key: string, value = 'v'): void => world.write([{ kind: 'put', key, value }]);

function event(change: { readonly isDelete?: boolean; readonly size?: number; readonly prev?: boolean }): WatchEvent {
  const kv = {
    key: A,
    create_revision: 2,
    mod_revision: 9,
    version: 300,
    value: new Uint8Array(change.size ?? 1).fill(1),
    lease: 4n,
  };
  const encoded = codecs['mvccpb.KeyValue'].encode(kv);
  const prevKv = change.prev === true ? encoded : undefined;
  return new WatchEvent({ isDelete: change.isDelete === true, key: 'a', modRevision: 9, kv: encoded, prevKv });
}

test('an answer with events is what the codec would make of it, whatever its size', () => {
  const headers = new HeaderEncoder(
    (revision) => ({ ...HEADER, revision }),
    () => 3,
  );
  const kvCodec = codecs['mvccpb.KeyValue'];
  for (const watch_id of [0n, 1n, 300n, -1n, 2n ** 62n]) {
    for (const size of [0, 1, ...Array.from({ length: 50 }, (_, i) => 90 + i), 5000, 70_000, 3_000_000]) {
      const events = [event({ size }), event({ isDelete: true, prev: true, size }), event({ prev: true })];
      const plain = events.map(({ isDelete, kv, prevKv }) => ({
        type: isDelete ? EventType.DELETE : EventType.PUT,
        kv: kvCodec.decode(kv),
        prev_kv: prevKv === undefined ? undefined : kvCodec.decode(prevKv),
      }));
      for (const revision of [9, 300, 2 ** 40]) {
        const address = { id: encodeWatchId(watch_id), fragmentBytes: undefined };
        const messages = encodeEvents(headers.encode(revision), address, events);
        assert.equal(messages.length, 1);
        const expected = response.encode({ header: { ...HEADER, revision }, watch_id, events: plain });
        assert.deepEqual(Buffer.concat(messages[0] ?? []), Buffer.from(expected));
      }
    }
  }
});

test('the header follows the revision and the term', () => {
  let raft_term = 3;
  const headers = new HeaderEncoder(
    (revision) => ({ ...HEADER, revision, raft_term }),
    () => raft_term,
  );
  const termOf = (): number | undefined => response.decode(headers.encode(9)).header?.raft_term;
  assert.equal(termOf(), 3);
  assert.equal(headers.encode(9), headers.encode(9));
  raft_term = 4;
  assert.equal(termOf(), 4);
});

test('answers are cut only at the limit, below it where that can be, and never within an event', () => {
  const header = new HeaderEncoder(
    (revision) => ({ ...HEADER, revision }),
    () => 3,
  ).encode(9);
  const id = encodeWatchId(5n);
  const piecesOf = (sizes: readonly number[], fragmentBytes: number): [number, number, boolean][] =>
    encodeEvents(
      header,
      { id, fragmentBytes },
      sizes.map((size) => event({ size })),
    ).map((parts) => {
      const bytes = Buffer.concat(parts);
      const { watch_id, fragment, events, header: own } = response.decode(bytes);
      assert.equal(watch_id, 5n);
      assert.equal(own?.revision, 9);
      return [bytes.length, events.length, fragment];
    });
  const whole = piecesOf([100, 100, 100], 100_000)[0]?.[0] ?? 0;
  assert.deepEqual(piecesOf([100, 100, 100], whole + 1), [[whole, 3, false]]);
  const cut = piecesOf([100, 100, 100], whole);
  assert.deepEqual(
    cut.map(([, events, isMore]) => [events, isMore]),
    [
      [2, true],
      [1, false],
    ],
  );
  assert.ok(cut.every(([size]) => size < whole));
  // At the limit itself it is cut.
  const two = cut[0]?.[0] ?? 0;
  const eventsOf = (limit: number): number[] => piecesOf([100, 100, 100, 100], limit).map(([, events]) => events);
  assert.deepEqual(eventsOf(two + 1), [2, 2]);
  assert.deepEqual(eventsOf(two), [1, 1, 1, 1]);
  const big = piecesOf([10, 5000, 10, 10, 5000], 1000).map(([, events, isMore]) => [events, isMore]);
  assert.deepEqual(big, [
    [1, true],
    [1, true],
    [2, true],
    [1, false],
  ]);
  assert.deepEqual(
    piecesOf([5000], 1000).map(([, events, isMore]) => [events, isMore]),
    [[1, false]],
  );
});

test('create, events, cancel; refusals leave the stream as it was', async () => {
  const { world, call, ended } = serve();
  call.ask({});
  call.ask({ create_request: { key: A } });
  call.ask({ create_request: { key: A, start_revision: -1 } });
  call.ask({ create_request: { key: A, range_end: A } });
  call.ask({ create_request: { key: A, watch_id: 0n, start_revision: 100 } });
  call.ask({ create_request: { key: A, watch_id: 1n } });
  await turn();
  assert.deepEqual(call.take(), [
    '0 @1 created',
    '-1 @1 created canceled etcdserver: mvcc: required revision has been compacted',
    '-1 @1 created canceled mvcc: watcher range is empty',
    '1 @1 created',
    '-1 @1 created canceled mvcc: duplicate watch ID provided on the WatchStream',
  ]);
  put(world, 'a');
  call.ask({ cancel_request: { watch_id: 0n } });
  call.ask({ cancel_request: { watch_id: 0n } });
  await turn();
  put(world, 'a');
  assert.deepEqual(call.take(), ['0 @2 1 events', '0 @2 canceled']);
  call.abort();
  await ended;
  assert.equal(world.hub.isWatched, false);
});

test('created comes before what was missed; a compacted watcher says so with revision 0 and keeps its ID', async () => {
  const { world, call, ended } = serve();
  for (let i = 0; i < 3; i++) put(world, 'a');
  call.ask({ create_request: { key: A, start_revision: 3 } });
  await turn();
  assert.deepEqual(call.take(), ['0 @4 created']);
  world.compact(0);
  world.hub.syncWatchers();
  assert.deepEqual(call.take(), ['0 @0 canceled compacted 4']);
  call.ask({ create_request: { key: A, watch_id: 0n } });
  call.ask({ progress_request: {} });
  call.ask({ cancel_request: { watch_id: 0n } });
  call.ask({ progress_request: {} });
  await turn();
  // As etcd has it: no progress while an ID is in use whose watcher is dead.
  assert.deepEqual(call.take(), ['1 @4 created', '0 @4 canceled', '-1 @4']);
  call.abort();
  await ended;
});

test('an empty key means the zero byte: alone, or from there on', async () => {
  const { world, call, ended } = serve();
  call.ask({ create_request: {} });
  call.ask({ create_request: { range_end: ALL } });
  await turn();
  call.take();
  put(world, 'a');
  put(world, '\x00');
  assert.deepEqual(call.take(), ['1 @2 1 events', '0 @3 1 events', '1 @3 1 events']);
  call.abort();
  await ended;
});

test('progress by time: whoever was quiet since the last tick, and is synced, and asked for it', async () => {
  const { world, call, ended, tick, timers } = serve();
  call.ask({ create_request: { key: A } });
  await turn();
  assert.equal(timers.started, 0);
  call.ask({ create_request: { key: A, progress_notify: true } });
  call.ask({ create_request: { key: keyToBytes('b'), progress_notify: true } });
  call.ask({ create_request: { key: keyToBytes('b'), progress_notify: true, start_revision: 50 } });
  await turn();
  assert.equal(timers.started, 1);
  call.take();
  put(world, 'a');
  call.take();
  tick();
  assert.deepEqual(call.take(), ['2 @2']);
  tick();
  assert.deepEqual(call.take(), ['1 @2', '2 @2']);
  call.ask({ cancel_request: { watch_id: 1n } });
  await turn();
  call.take();
  tick();
  assert.deepEqual(call.take(), ['2 @2']);
  for (const watch_id of [2n, 3n]) call.ask({ cancel_request: { watch_id } });
  await turn();
  assert.deepEqual(timers, { started: 1, stopped: 1 });
  call.ask({ create_request: { key: A, progress_notify: true } });
  await turn();
  call.abort();
  await ended;
  assert.deepEqual(timers, { started: 2, stopped: 2 });
});

test('a client that has no more requests still gets events, until it ends the call', async () => {
  const { world, call, ended } = serve();
  call.ask({ create_request: { key: A } });
  call.endRequests();
  await turn();
  put(world, 'a');
  assert.deepEqual(call.take(), ['0 @1 created', '0 @2 1 events']);
  call.abort();
  await ended;
  assert.equal(world.hub.isWatched, false);
});

test('a client that does not read: no events, no requests beyond the bound, and everything when it reads again', async () => {
  const { world, call, ended } = serve();
  call.ask({ create_request: { key: A } });
  await turn();
  call.take();
  call.reads = false;
  const value = 'x'.repeat(100_000);
  for (let i = 0; i < 40; i++) put(world, 'a', value);
  const most = WATCH_STREAM_BUFFER_BYTES + 100_100;
  assert.ok(call.pendingBytes >= WATCH_STREAM_BUFFER_BYTES && call.pendingBytes < most, `${call.pendingBytes} bytes`);
  assert.equal(world.hub.isWatched, false);
  const before = call.take().length;
  const asked = 5000;
  for (let i = 0; i < asked; i++) call.ask({ create_request: { key: A, start_revision: 1000 } });
  for (let i = 0; i < asked; i++) await Promise.resolve();
  await turn();
  const held = call.pendingBytes - most;
  assert.ok(held < WATCH_ANSWER_BYTES + 10_000, `${held} bytes of answers`);
  assert.ok(call.taken > 500 && call.taken < asked / 2, `${call.taken} requests`);
  call.read();
  for (let i = 0; i < 5 && call.taken <= asked; i++) await turn();
  assert.equal(call.taken, asked + 1);
  for (let i = 0; i < 40 && world.hub.hasUnsynced; i++) world.hub.syncWatchers();
  call.flush();
  const events = call.answers.reduce((sum, answer) => sum + answer.events.length, 0);
  assert.equal(before + events, 40);
  call.abort();
  await ended;
});

test('a client that reads slowly can cancel the watcher that floods it', async () => {
  const { world, call, ended } = serve();
  call.ask({ create_request: { key: A } });
  await turn();
  call.reads = false;
  for (let i = 0; i < 20; i++) put(world, 'a', 'x'.repeat(100_000));
  call.take();
  call.ask({ cancel_request: { watch_id: 0n } });
  await turn();
  call.flush();
  assert.deepEqual(call.take(), ['0 @21 canceled']);
  call.abort();
  await ended;
});

test('a burst within one turn goes out in bounded pieces, and makes no victims of a client that reads', async () => {
  const { world, call, ended } = serve();
  for (let i = 0; i < 100; i++) call.ask({ create_request: { key: A } });
  await turn();
  call.take();
  for (let i = 0; i < 300; i++) put(world, 'a');
  assert.ok(world.hub.isWatched);
  assert.ok(call.answers.length > 20_000, 'nothing left before the end of the turn');
  assert.equal(call.take().length, 30_000);
  call.abort();
  await ended;
});

test('whoever became a victim goes on at once when the stream takes more behind the next output', async () => {
  const { world, call, ended } = serve();
  call.ask({ create_request: { key: A } });
  await turn();
  call.take();
  call.pendingBytes = WATCH_STREAM_BUFFER_BYTES;
  put(world, 'a');
  assert.equal(world.hub.isWatched, false);
  call.pendingBytes = 0;
  call.ask({ create_request: { key: A, start_revision: 100 } });
  await turn();
  assert.deepEqual(call.take(), ['1 @2 created']);
  world.hub.syncWatchers();
  assert.deepEqual(call.take(), ['0 @2 1 events']);
  call.abort();
  await ended;
});

test('a connection that holds too much holds up the watchers of all its streams', async () => {
  const { world, call, ended } = serve();
  call.ask({ create_request: { key: A } });
  await turn();
  call.take();
  call.connectionPendingBytes = WATCH_CONNECTION_BUFFER_BYTES;
  put(world, 'a');
  call.ask({ progress_request: {} });
  await turn();
  assert.deepEqual(call.take(), []);
  call.connectionPendingBytes = 0;
  world.hub.resumeVictims();
  world.hub.syncWatchers();
  assert.deepEqual(call.take(), ['0 @2 1 events']);
  call.abort();
  await ended;
});
