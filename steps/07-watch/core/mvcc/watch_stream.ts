// The watchers that share a stream, by their IDs. Mirrors etcd's mvcc/watcher.go.

import type { KeyRange } from '../keys.ts';
import type { WatchableStore } from './watchable_store.ts';
import { Watcher, type WatcherOptions, type WatchSink } from './watcher.ts';

/** Why there is no new watcher: its range holds no key, or its ID is in use. */
export type WatchRefusal = 'emptyRange' | 'duplicateId';

export class WatchStream {
  readonly sink: WatchSink;
  /** Those that wait until the client has read. */
  readonly victims = new Set<Watcher>();
  readonly #hub: WatchableStore;
  readonly #watchers = new Map<bigint, Watcher>();
  #nextId = 0n;

  /** Use WatchableStore.newStream. */
  constructor(hub: WatchableStore, sink: WatchSink) {
    this.#hub = hub;
    this.sink = sink;
  }

  /**
   * Begins to watch. `id` 0 = the next one of a counter that never goes back and passes by what is in use; any other value
   * is taken as it is. No event comes before this returns.
   */
  watch(id: bigint, options: WatcherOptions): Watcher | WatchRefusal {
    if (isEmpty(options.range)) return 'emptyRange';
    if (id !== 0n && this.#watchers.has(id)) return 'duplicateId';
    const nextRevision = options.startRevision > 0 ? options.startRevision : this.#hub.currentRevision + 1;
    const watcher = new Watcher(this, id === 0n ? this.#freeId() : id, { ...options, nextRevision });
    if (id === 0n) this.#nextId = watcher.id + 1n;
    this.#watchers.set(watcher.id, watcher);
    this.#hub.admit(watcher);
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

  /** Tells that all watchers have come up to now, if there are any, and none lags behind or waits for a revision to come. */
  progressOfAll(): void {
    const watchers = [...this.#watchers.values()];
    const isUpToNow = (watcher: Watcher): boolean =>
      this.#hub.isSynced(watcher) && watcher.startRevision <= this.#hub.currentRevision;
    if (watchers.length > 0 && watchers.every(isUpToNow) && this.sink.isWritable) this.sink.onProgress();
  }

  /** The sink takes more again: its victims are caught up. */
  resume(): void {
    this.#hub.resume(this);
  }

  /** Ends all watchers. */
  close(): void {
    for (const id of this.#watchers.keys()) this.cancel(id);
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
