// One watcher: what it wants to see, and how far it has come. Mirrors the watcher of etcd's mvcc/watchable_store.go.
//
//   synced     it gets every change at once; what came before it has, or does not want
//   unsynced   it lags behind, and is caught up from the log
//   victim     it lags behind, and its stream takes nothing more until the client has read
//   gone       cancelled
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
  readonly startRevision: number;
  readonly #options: WatcherOptions;
  state: 'synced' | 'unsynced' | 'victim' | 'gone' = 'unsynced';
  /** It has all events below this revision. Of a synced watcher also all later ones: there it is not kept up to date. */
  nextRevision: number;

  constructor(stream: WatchStream, id: bigint, options: WatcherOptions & { readonly nextRevision: number }) {
    this.stream = stream;
    this.id = id;
    this.startRevision = options.startRevision;
    this.#options = options;
    this.nextRevision = options.nextRevision;
  }

  /** What it wants of `event`, if anything. */
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
  /** Events of whole revisions, ascending. `revision`: of the store, at or above that of the last event. */
  onEvents(watcher: Watcher, events: Event[], revision: number): void;
  /** All events up to `revision` were given to the watchers of the stream. */
  onProgress(revision: number): void;
}
