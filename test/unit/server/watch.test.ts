// Watching from inside the server, and the rounds that catch up whoever lags behind.

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { EtcdError } from '../../../final/core/errors.ts';
import { type KeyRange, keyToBytes } from '../../../final/core/keys.ts';
import { KVStore } from '../../../final/core/mvcc/kvstore.ts';
import { MemRevisionLog } from '../../../final/core/mvcc/revision_log.ts';
import {
  INTERNAL_WATCH_BUFFER_BYTES,
  MAX_WATCHER_BYTES,
  WATCH_RESPONSE_REVISIONS,
  WATCH_SYNC_INTERVAL_MS,
} from '../../../final/limits.ts';
import { type WatchedEvents, watchRange } from '../../../final/server/watch.ts';
import { Watchers } from '../../../final/server/watchers.ts';
import { codecs } from '../../../proto/load.ts';
import { steppedClock } from './fixture.ts';

const NO_LEASES = { leaseOf: () => 0n, attach: () => {}, detach: () => {}, restore: () => {} };
const A: KeyRange = { kind: 'single', key: 'a' };
const crash = (error: unknown): never => {
  throw error;
};

function fixture() {
  const time = steppedClock();
  const watchers = new Watchers({ clock: time.clock, crash });
  const store = new KVStore({
    log: new MemRevisionLog(),
    leases: NO_LEASES,
    codec: codecs['mvccpb.KeyValue'],
    watchers: watchers.hub,
  });
  watchers.hub.follow(store);
  watchers.start();
  const put = (value = 'v'): void => {
    const writer = store.write();
    writer.put({ key: keyToBytes('a'), value: keyToBytes(value), lease: 0n });
    writer.end();
  };
  const abort = new AbortController();
  const watch = (startRevision = 0) => watchRange(watchers.hub, { range: A, startRevision, signal: abort.signal });
  return { watchers, store, time, put, watch, abort };
}

async function next(events: AsyncGenerator<WatchedEvents, void, void>): Promise<number[] | undefined> {
  const { value } = await events.next();
  return value?.map((event) => event.modRevision);
}

test('events come from the call on, or from an earlier revision on, until the signal is aborted', async () => {
  const { put, watch, abort, watchers } = fixture();
  put();
  const now = watch();
  const past = watch(1);
  put();
  assert.deepEqual(await next(now), [3]);
  assert.deepEqual(await next(past), [2, 3]);
  put();
  assert.deepEqual(await next(past), [4]);
  const waiting = next(past);
  abort.abort();
  assert.equal(await waiting, undefined);
  assert.equal(await next(now), undefined);
  assert.equal(watchers.hub.isWatched, false);
});

test('leaving the loop ends the watcher', async () => {
  const { put, watch, watchers } = fixture();
  const events = watch();
  put();
  for await (const some of events) {
    assert.equal(some.length, 1);
    break;
  }
  assert.equal(watchers.hub.isWatched, false);
});

test('whoever does not read keeps a bounded number of bytes, and misses nothing', async () => {
  const { put, watch, watchers } = fixture();
  const events = watch();
  const value = 'x'.repeat(INTERNAL_WATCH_BUFFER_BYTES / 4);
  for (let i = 0; i < 12; i++) put(value);
  assert.equal(watchers.hub.isWatched, false);
  const seen: number[] = [];
  while (seen.length < 12) seen.push(...((await next(events)) ?? []));
  assert.deepEqual(
    seen,
    Array.from({ length: 12 }, (_, i) => i + 2),
  );
});

test('what was not read and is compacted ends it with an error', async () => {
  const { put, watch, store } = fixture();
  for (let i = 0; i < 5; i++) put();
  store.compact(4);
  await assert.rejects(next(watch(2)), (error) => error instanceof EtcdError && error.kind === 'Compacted');
});

test('too many watchers are refused', async () => {
  const { watch, watchers } = fixture();
  const sink = { isWritable: true, onProgress: () => {} };
  const key = 'k'.repeat(MAX_WATCHER_BYTES / 2);
  const receiver = { onEvents: () => {}, onCompacted: () => {}, onProgress: () => {} };
  const options = { range: { kind: 'single' as const, key }, startRevision: 0, receiver };
  const stream = watchers.hub.newStream(sink);
  stream.watch(0n, { ...options, wantsPrevKv: false, noPut: false, noDelete: false });
  const events = watchRange(watchers.hub, {
    range: { kind: 'single', key },
    startRevision: 0,
    signal: new AbortController().signal,
  });
  await assert.rejects(next(events), (error) => error instanceof EtcdError && error.kind === 'RequestTooManyRequests');
  stream.close();
  assert.ok(watch());
});

test('rounds follow each other until nobody lags behind; a stuck stream is looked at now and then; a stop ends both', async () => {
  const { put, watchers, time } = fixture();
  for (let i = 0; i < 2 * WATCH_RESPONSE_REVISIONS + 1; i++) put();
  const sink = { isWritable: true, onProgress: () => {} };
  const answers: number[] = [];
  const receiver = {
    onEvents: (events: WatchedEvents) => void answers.push(events.length),
    onCompacted: () => {},
    onProgress: () => {},
  };
  const stream = watchers.hub.newStream(sink);
  const options = { range: A, wantsPrevKv: false, noPut: false, noDelete: false, receiver };
  stream.watch(0n, { ...options, startRevision: 1 });
  assert.deepEqual(answers, []);
  await turn();
  assert.deepEqual(answers, [WATCH_RESPONSE_REVISIONS, WATCH_RESPONSE_REVISIONS, 1]);
  sink.isWritable = false;
  put();
  sink.isWritable = true;
  await turn();
  assert.equal(answers.length, 3);
  time.pass(WATCH_SYNC_INTERVAL_MS);
  await turn();
  assert.equal(answers.length, 4);
  watchers.stop();
  stream.watch(0n, { ...options, startRevision: 1 });
  time.pass(WATCH_SYNC_INTERVAL_MS);
  await turn();
  assert.equal(answers.length, 4);
});
