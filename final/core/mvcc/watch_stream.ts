// The watchers that share a stream, by their IDs. Mirrors etcd's mvcc/watcher.go.

import type { KeyRange } from '../keys.ts';
import type { WatchableStore } from './watchable_store.ts';
import { Watcher, type WatcherOptions, type WatchSink } from './watcher.ts';

/** Why there is no new watcher: its range holds no key, its ID is in use, or the member has as many as it can hold. */
export type WatchRefusal = 'emptyRange' | 'duplicateId' | 'tooMany';

export class WatchStream {
  readonly sink: WatchSink;
  /** Those that wait until the client has read. */
  readonly victims = new Set<Watcher>();
  readonly #hub: WatchableStore;
  readonly #watchers = new Map<bigint, Watcher>();
  #nextId = 0n;
  #isClosed = false;

  /** Use WatchableStore.newStream. */
  constructor(hub: WatchableStore, sink: WatchSink) {
    this.#hub = hub;
    this.sink = sink;
  }

  /** Watchers whose ID is in use, dead ones included. */
  get watchers(): Iterable<Watcher> {
    return this.#watchers.values();
  }

  /**
   * Begins to watch. `id` 0 = the next one of a counter that never goes back and passes by what is in use; any other value
   * is taken as it is (spec/rpc.md 7.2). No event comes before this returns.
   */
  watch(id: bigint, options: WatcherOptions): Watcher | WatchRefusal {
    if (isEmpty(options.range)) return 'emptyRange';
    if (id !== 0n && this.#watchers.has(id)) return 'duplicateId';
    const nextRevision = options.startRevision > 0 ? options.startRevision : this.#hub.currentRevision + 1;
    const watcher = new Watcher(this, id === 0n ? this.#freeId() : id, { ...options, nextRevision });
    if (!this.#hub.admit(watcher)) return 'tooMany';
    if (id === 0n) this.#nextId = watcher.id + 1n;
    this.#watchers.set(watcher.id, watcher);
    return watcher;
  }

  /** Ends a watcher: nothing more comes for it, and its ID is free. False when there is none with this ID. */
  cancel(id: bigint): boolean {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return false;
    this.#watchers.delete(id);
    this.#hub.remove(watcher);
    return true;
  }

  /** Tells how far a watcher has come, if it is synced. */
  progress(watcher: Watcher): void {
    const revision = this.#hub.currentRevision;
    if (this.sink.isWritable && isUpTo(watcher, revision)) watcher.receiver.onProgress(revision);
  }

  /** Tells how far all watchers have come, if there are any and all of them are synced; else nothing (spec/rpc.md 7.7). */
  progressOfAll(): void {
    const revision = this.#hub.currentRevision;
    if (!this.sink.isWritable || this.#watchers.size === 0) return;
    for (const watcher of this.#watchers.values()) if (!isUpTo(watcher, revision)) return;
    this.sink.onProgress(revision);
  }

  /** The sink takes more again: its victims are caught up. */
  resume(): void {
    if (!this.#isClosed) this.#hub.resume(this);
  }

  /** Ends all watchers. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) this.#hub.remove(watcher);
    this.#watchers.clear();
    this.#hub.forget(this);
  }

  #freeId(): bigint {
    let id = this.#nextId;
    while (this.#watchers.has(id)) id++;
    return id;
  }
}

function isEmpty(range: KeyRange): boolean {
  return range.kind === 'interval' && range.key >= range.end;
}

// A watcher that waits for a future revision has not come up to the present one (etcd 3.5.22 on).
function isUpTo(watcher: Watcher, revision: number): boolean {
  return watcher.state === 'synced' && watcher.startRevision <= revision;
}
