// What the tests of the watchers share: a store with its hub, streams that can be full, and a naive history from which it
// follows what each watcher must get.

import assert from 'node:assert/strict';
import { bytesToKey, inRange, type KeyRange, keyToBytes } from '../../../final/core/keys.ts';
import type { Compaction } from '../../../final/core/mvcc/compaction.ts';
import { KVStore } from '../../../final/core/mvcc/kvstore.ts';
import { MemRevisionLog } from '../../../final/core/mvcc/revision_log.ts';
import { WatchableStore, type WatchBounds } from '../../../final/core/mvcc/watchable_store.ts';
import type { WatchEvent } from '../../../final/core/mvcc/watch_event.ts';
import type { Watcher, WatcherOptions, WatchReceiver, WatchSink } from '../../../final/core/mvcc/watcher.ts';
import type { WatchStream } from '../../../final/core/mvcc/watch_stream.ts';
import { codecs } from '../../../proto/load.ts';

const NO_LEASES = { leaseOf: () => 0n, attach: () => {}, detach: () => {}, restore: () => {} };
const codec = codecs['mvccpb.KeyValue'];

export type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly range: KeyRange };

/** An event in plain form. */
export interface PlainEvent {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly main: number;
  readonly value: string;
  readonly version: number;
  /** Value before; undefined = none. */
  readonly prev: string | undefined;
}

export const SMALL_BOUNDS: WatchBounds = {
  watchersPerRound: 2,
  revisionsPerResponse: 3,
  bytesPerResponse: 60,
  recordsPerRound: 4,
  bytesPerRound: 100,
  watcherBytes: 1_000_000,
};

/** A stream of a client that reads, or does not: it takes `room` more answers. */
export class TestSink implements WatchSink {
  room = Number.POSITIVE_INFINITY;
  readonly progress: number[] = [];

  get isWritable(): boolean {
    return this.room > 0;
  }

  onProgress(revision: number): void {
    this.room--;
    this.progress.push(revision);
  }
}

/** What one watcher got, held against the history. */
export class Seen implements WatchReceiver {
  readonly events: PlainEvent[] = [];
  readonly world: World;
  readonly sink: TestSink;
  readonly options: Omit<WatcherOptions, 'receiver'>;
  watcher: Watcher | undefined;
  isCompacted = false;
  isCancelled = false;
  answers = 0;
  /** All events below it came; there were none of them after it. */
  cursor: number;

  constructor(world: World, sink: TestSink, options: Omit<WatcherOptions, 'receiver'>) {
    this.world = world;
    this.sink = sink;
    this.options = options;
    this.cursor = options.startRevision > 0 ? options.startRevision : world.store.currentRevision + 1;
  }

  onEvents(events: readonly WatchEvent[], revision: number): void {
    assert.ok(!this.isCancelled && !this.isCompacted, 'events behind the end');
    assert.ok(this.sink.isWritable, 'events to a stream that is full');
    this.sink.room--;
    this.answers++;
    assert.ok(events.length > 0, 'an answer without events');
    const last = (events.at(-1) as WatchEvent).modRevision;
    assert.equal(revision, this.world.store.currentRevision);
    assert.deepEqual(events.map(plainEvent), this.#expected(this.cursor, last));
    this.#checkBounds(events);
    this.events.push(...events.map(plainEvent));
    this.cursor = last + 1;
  }

  onCompacted(compactRevision: number): void {
    assert.equal(compactRevision, this.world.store.compactRevision);
    assert.ok(compactRevision > this.cursor, `cancelled at ${this.cursor} for a compaction at ${compactRevision}`);
    this.sink.room--;
    this.isCompacted = true;
  }

  onProgress(): void {
    throw new Error('nobody asked for the progress of a watcher');
  }

  /** Whoever is synced has everything. */
  check(): void {
    if (this.watcher?.state !== 'synced') return;
    const { currentRevision } = this.world.store;
    assert.deepEqual(this.#expected(this.cursor, currentRevision), [], 'a synced watcher that lacks events');
    this.cursor = Math.max(this.cursor, currentRevision + 1);
  }

  #expected(from: number, to: number): PlainEvent[] {
    const { range, wantsPrevKv, noPut, noDelete } = this.options;
    const { history, store } = this.world;
    return history
      .filter((event) => event.main >= from && event.main <= to && inRange(event.key, range))
      .filter(({ kind }) => !(kind === 'put' ? noPut : noDelete))
      .map((event) => ({
        ...event,
        prev: wantsPrevKv && event.main - 1 >= store.compactRevision ? event.prev : undefined,
      }));
  }

  #checkBounds(events: readonly WatchEvent[]): void {
    const { revisionsPerResponse, bytesPerResponse } = this.world.bounds;
    const revisions = new Set(events.map((event) => event.modRevision)).size;
    const bytes = events.reduce((sum, event) => sum + event.size, 0);
    assert.ok(revisions <= revisionsPerResponse, `${revisions} revisions in one answer`);
    assert.ok(bytes <= bytesPerResponse || revisions === 1, `${bytes} bytes in ${revisions} revisions`);
  }
}

export function plainEvent(event: WatchEvent): PlainEvent {
  const kv = codec.decode(event.kv);
  assert.equal(bytesToKey(kv.key), event.key);
  assert.equal(kv.mod_revision, event.modRevision);
  const prev = event.prevKv === undefined ? undefined : bytesToKey(codec.decode(event.prevKv).value);
  return {
    kind: event.isDelete ? 'delete' : 'put',
    key: event.key,
    main: event.modRevision,
    value: bytesToKey(kv.value),
    version: kv.version,
    prev,
  };
}

export class World {
  readonly bounds: WatchBounds;
  readonly hub: WatchableStore;
  /** All events of all time, each with the value before it. */
  readonly history: PlainEvent[] = [];
  readonly seen: Seen[] = [];
  store: KVStore;
  log = new MemRevisionLog();
  wakes = 0;
  #values = new Map<string, { readonly value: string; readonly version: number }>();
  #compaction: Compaction | undefined;

  constructor(bounds: WatchBounds = SMALL_BOUNDS) {
    this.bounds = bounds;
    this.hub = new WatchableStore({ bounds, onUnsynced: () => this.wakes++ });
    this.store = new KVStore({ log: this.log, leases: NO_LEASES, codec, watchers: this.hub });
    this.hub.follow(this.store);
  }

  /** One write; of several changes of a key only the first is made, as clients can cause no others. */
  write(changes: readonly Change[]): void {
    const writer = this.store.write();
    const main = this.store.currentRevision + 1;
    const events: PlainEvent[] = [];
    const before = new Map(this.#values);
    for (const change of changes) {
      const keys =
        change.kind === 'put'
          ? [change.key]
          : [...this.#values.keys()].filter((key) => inRange(key, change.range)).sort();
      if (keys.some((key) => events.some((event) => event.key === key))) continue;
      for (const key of keys) events.push(this.#record(change, key, { main, before }));
      if (change.kind === 'put') {
        writer.put({ key: keyToBytes(change.key), value: keyToBytes(change.value), lease: 0n });
      } else writer.deleteRange(change.range);
    }
    this.history.push(...events);
    writer.end();
  }

  watch(stream: WatchStream, id: bigint, options: Omit<WatcherOptions, 'receiver'>): Seen | undefined {
    const seen = new Seen(this, stream.sink as TestSink, options);
    const watcher = stream.watch(id, { ...options, receiver: seen });
    if (typeof watcher === 'string') return undefined;
    seen.watcher = watcher;
    this.seen.push(seen);
    return seen;
  }

  /** Compacts at `back` revisions before the current one, if that can be; the work is left to {@link compactStep}. */
  compact(back: number): void {
    const revision = this.store.currentRevision - back;
    if (revision <= Math.max(this.store.compactRevision, 1)) return;
    this.#compaction?.run(10);
    this.#compaction = this.store.compact(revision);
  }

  compactStep(): void {
    if (this.#compaction?.step(1) === false) this.#compaction = undefined;
  }

  /** Another database takes the place of this one, `changes` ahead of it. */
  replace(changes: readonly (readonly Change[])[], back: number): void {
    this.hub.pause();
    const mark = Math.max(this.store.compactRevision, 0);
    const log = new MemRevisionLog();
    this.log.scan({ main: 0, sub: 0 }, (record) => {
      log.append(record);
      return true;
    });
    this.log = log;
    this.#compaction = undefined;
    // The leader's watchers are elsewhere: nobody here hears of its writes.
    this.store = new KVStore({ log, leases: NO_LEASES, codec });
    this.store.restore({ scheduled: mark, finished: mark });
    for (const one of changes) this.write(one);
    this.compact(back);
    this.#finishCompaction();
    const { currentRevision, compactRevision } = this.store;
    const finished = Math.max(compactRevision, 0);
    this.store = new KVStore({ log, leases: NO_LEASES, codec, watchers: this.hub });
    this.store.restore({ scheduled: finished, finished });
    assert.equal(this.store.currentRevision, currentRevision);
    this.hub.follow(this.store);
  }

  check(): void {
    for (const seen of this.seen) if (!seen.isCancelled) seen.check();
  }

  /** Lets everybody read, and catches up until nobody lags behind. Throws when that does not come to an end. */
  settle(streams: readonly WatchStream[]): void {
    for (const stream of streams) {
      (stream.sink as TestSink).room = Number.POSITIVE_INFINITY;
      stream.resume();
    }
    for (let rounds = 0; this.hub.hasUnsynced; rounds++) {
      assert.ok(rounds < 10_000, 'rounds without an end');
      this.hub.syncWatchers();
    }
    for (const { watcher, isCancelled, isCompacted } of this.seen) {
      assert.equal(watcher?.state, isCancelled ? 'gone' : isCompacted ? 'dead' : 'synced');
    }
    this.check();
  }

  #finishCompaction(): void {
    this.#compaction?.run(10);
    this.#compaction = undefined;
  }

  #record(
    change: Change,
    key: string,
    at: { readonly main: number; readonly before: ReadonlyMap<string, { readonly value: string }> },
  ): PlainEvent {
    const prev = at.before.get(key)?.value;
    if (change.kind === 'delete') {
      this.#values.delete(key);
      return { kind: 'delete', key, main: at.main, value: '', version: 0, prev };
    }
    const version = (this.#values.get(key)?.version ?? 0) + 1;
    this.#values.set(key, { value: change.value, version });
    return { kind: 'put', key, main: at.main, value: change.value, version, prev };
  }
}
