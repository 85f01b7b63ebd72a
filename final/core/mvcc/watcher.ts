// One watcher: what it wants to see, and how far it has come. Mirrors the watcher of etcd's mvcc/watchable_store.go.
//
//   synced     it gets every change at once; what came before it has, or does not want
//   unsynced   it lags behind, and is caught up from the log
//   victim     it lags behind, and its stream takes nothing more until the client has read
//   dead       what it needs next is compacted; only its ID is still in use
//   gone       cancelled
//
// Whoever lags behind keeps a revision and no events: a watcher that nobody reads costs no more than any other.

import type { Key, KeyRange } from '../keys.ts';
import { END_OF_KEYS } from './interval_tree.ts';
import type { WatchEvent } from './watch_event.ts';
import type { WatchStream } from './watch_stream.ts';

export type WatcherState = 'synced' | 'unsynced' | 'victim' | 'dead' | 'gone';

export interface WatcherOptions {
  /** Not empty. */
  readonly range: KeyRange;
  /** The first main revision that it wants; 0 = what comes from now on. */
  readonly startRevision: number;
  /** Whether its events tell what was before. */
  readonly wantsPrevKv: boolean;
  /** Events that it does not want. */
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly receiver: WatchReceiver;
}

/** What a watcher costs beside its keys, in bytes: its objects here and in the stream, and its places in groups, as measured. */
export const WATCHER_BYTES = 1400;

export class Watcher {
  readonly id: bigint;
  readonly stream: WatchStream;
  readonly receiver: WatchReceiver;
  readonly range: KeyRange;
  readonly startRevision: number;
  readonly wantsPrevKv: boolean;
  readonly #noPut: boolean;
  readonly #noDelete: boolean;
  state: WatcherState = 'unsynced';
  /** It has all events below this main revision. Of a synced watcher also all later ones: there it is not kept up to date. */
  nextRevision: number;

  constructor(stream: WatchStream, id: bigint, options: WatcherOptions & { readonly nextRevision: number }) {
    this.stream = stream;
    this.id = id;
    this.receiver = options.receiver;
    this.range = options.range;
    this.startRevision = options.startRevision;
    this.wantsPrevKv = options.wantsPrevKv;
    this.#noPut = options.noPut;
    this.#noDelete = options.noDelete;
    this.nextRevision = options.nextRevision;
  }

  /** Whether it wants a change of its keys, of this kind and with this main revision. */
  wants(isDelete: boolean, main: number): boolean {
    return main >= this.nextRevision && !(isDelete ? this.#noDelete : this.#noPut);
  }

  /** What it costs, in bytes. */
  get cost(): number {
    const { range } = this;
    return WATCHER_BYTES + range.key.length + (range.kind === 'interval' ? range.end.length : 0);
  }
}

/** Where the range ends, for an {@link IntervalTree}. Not for a single key. */
export function endOf(range: KeyRange): Key {
  return range.kind === 'interval' ? range.end : END_OF_KEYS;
}

/** Takes what a watcher gets; api/v3rpc makes answers of it. It must not throw. */
export interface WatchReceiver {
  /** Events of whole revisions, ascending. `revision`: of the store, at or above that of the last event. */
  onEvents(events: readonly WatchEvent[], revision: number): void;
  /** The watcher is over: revisions that it has not seen are compacted. */
  onCompacted(compactRevision: number): void;
  /** It was given all events up to `revision`. */
  onProgress(revision: number): void;
}

/** What the watchers of a stream share. */
export interface WatchSink {
  /** Whether it takes another answer now. When it does so again, WatchStream.resume is called. */
  readonly isWritable: boolean;
  /** All watchers of the stream were given all events up to `revision`. */
  onProgress(revision: number): void;
}
