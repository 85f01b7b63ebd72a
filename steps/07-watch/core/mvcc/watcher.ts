// One watcher: what it wants to see, and how far it has come. Mirrors the watcher of etcd's mvcc/watchable_store.go.
//
//   synced     it gets every change at once; what came before it has, or does not want
//   unsynced   it lags behind, and is caught up from the history
//   victim     it lags behind, and its stream takes nothing more until the client has read
//
// Whoever lags behind keeps a revision and no events: a watcher that nobody reads costs no more than any other.

import { type Event, Event_EventType as EventType } from '../../../../proto/schema.ts';
import { bytesToKey, inRange, type KeyRange } from '../keys.ts';
import { revisionOf } from './revision_log.ts';
import type { WatchStream } from './watch_stream.ts';

export interface WatcherOptions {
  /** Not empty. */
  readonly range: KeyRange;
  /** The first revision that it wants; 0 = what comes from now on. */
  readonly startRevision: number;
  /** Whether its events tell what was before. */
  readonly wantsPrevKv: boolean;
  /** Events that it does not want. */
  readonly noPut: boolean;
  readonly noDelete: boolean;
}

export class Watcher {
  readonly id: bigint;
  readonly stream: WatchStream;
  /** The first revision that it wants; it may be one to come. */
  readonly startRevision: number;
  readonly #options: WatcherOptions;
  /** The first revision that it has not seen; of a synced watcher, which has seen all, some earlier one. */
  nextRevision: number;

  constructor(stream: WatchStream, id: bigint, options: WatcherOptions & { readonly nextRevision: number }) {
    this.stream = stream;
    this.id = id;
    this.startRevision = options.startRevision;
    this.#options = options;
    this.nextRevision = options.nextRevision;
  }

  /** What it sees of `event`, if anything. */
  view(event: Event): Event | undefined {
    const { range, wantsPrevKv, noPut, noDelete } = this.#options;
    if (event.type === EventType.DELETE ? noDelete : noPut) return undefined;
    if (event.kv === undefined || revisionOf(event) < this.nextRevision) return undefined;
    if (!inRange(bytesToKey(event.kv.key), range)) return undefined;
    return wantsPrevKv ? event : { ...event, prev_kv: undefined };
  }
}

/** Takes what the watchers of a stream get; api/v3rpc makes answers of it. Nothing here may throw. */
export interface WatchSink {
  /** Whether it takes another answer now. When it does so again, WatchStream.resume is called. */
  readonly isWritable: boolean;
  /** Events of whole revisions, ascending. */
  onEvents(watcher: Watcher, events: Event[]): void;
  /** The watchers of the stream were given all events up to now. */
  onProgress(): void;
}
