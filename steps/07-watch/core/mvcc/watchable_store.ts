// The hub of all watchers: it hears of every write, hands events to those who are synced, and catches up the others from
// the history. Mirrors etcd's mvcc/watchable_store.go; watcher.ts says what synced, unsynced and victim mean.
//
// Nobody waits for anybody. Watchers of a stream that takes nothing more are no longer synced, and what they miss is not kept.

import type { Event } from '../../../../proto/schema.ts';
import type { WriteObserver } from './kvstore.ts';
import { type RevisionLog, revisionOf } from './revision_log.ts';
import type { Watcher, WatchSink } from './watcher.ts';
import { WatchStream } from './watch_stream.ts';

// Most watchers that one round catches up.
const WATCHERS_PER_ROUND = 512;
// Most distinct revisions in one answer.
const REVISIONS_PER_RESPONSE = 1000;

export class WatchableStore implements WriteObserver {
  readonly #log: RevisionLog;
  readonly #onUnsynced: () => void;
  readonly #synced = new Set<Watcher>();
  // Sets keep the order of adding: whoever was caught up last comes last.
  readonly #unsynced = new Set<Watcher>();
  #currentRevision = 1;

  /** `onUnsynced`: has `syncWatchers` called, not at once but later. */
  constructor(log: RevisionLog, onUnsynced: () => void) {
    this.#log = log;
    this.#onUnsynced = onUnsynced;
  }

  /** Revision of the last write. */
  get currentRevision(): number {
    return this.#currentRevision;
  }

  /** Whether a watcher has all events. */
  isSynced(watcher: Watcher): boolean {
    return this.#synced.has(watcher);
  }

  /** Whether there is something to catch up. */
  get hasUnsynced(): boolean {
    return this.#unsynced.size > 0;
  }

  /** A stream without watchers; it ends with its close. */
  newStream(sink: WatchSink): WatchStream {
    return new WatchStream(this, sink);
  }

  notify(revision: number, events: readonly Event[]): void {
    this.#currentRevision = revision;
    this.#log.append(events);
    // Who becomes a victim here leaves the set; that does not disturb the loop.
    for (const watcher of this.#synced) {
      const wanted = events.flatMap((event) => watcher.view(event) ?? []);
      if (wanted.length > 0) this.#deliver(watcher, wanted, revision);
    }
  }

  /** Catches up some of those that lag behind, the longest waiting first. */
  syncWatchers(): void {
    const round = [...this.#unsynced].slice(0, WATCHERS_PER_ROUND);
    for (const watcher of round) this.#catchUp(watcher);
  }

  // ---- for WatchStream

  /** Takes in a new watcher. */
  admit(watcher: Watcher): void {
    if (watcher.nextRevision > this.#currentRevision) this.#synced.add(watcher);
    else this.#addUnsynced(watcher);
  }

  /** Ends a watcher in whatever state it is. */
  remove(watcher: Watcher): void {
    this.#synced.delete(watcher);
    this.#unsynced.delete(watcher);
    watcher.stream.victims.delete(watcher);
  }

  /** The sink of `stream` takes more again. */
  resume(stream: WatchStream): void {
    for (const watcher of stream.victims) {
      stream.victims.delete(watcher);
      this.#addUnsynced(watcher);
    }
  }

  // ---- states

  #addUnsynced(watcher: Watcher): void {
    this.#unsynced.add(watcher);
    this.#onUnsynced();
  }

  #deliver(watcher: Watcher, events: Event[], revision: number): void {
    const { sink } = watcher.stream;
    if (sink.isWritable) return sink.onEvents(watcher, events);
    watcher.nextRevision = revision;
    this.#synced.delete(watcher);
    watcher.stream.victims.add(watcher);
  }

  #catchUp(watcher: Watcher): void {
    const { sink, victims } = watcher.stream;
    this.#unsynced.delete(watcher);
    if (!sink.isWritable) return void victims.add(watcher);
    const { events, next } = this.#read(watcher);
    watcher.nextRevision = next;
    this.admit(watcher);
    if (events.length > 0) sink.onEvents(watcher, events);
  }

  // The next events of a watcher, whole revisions, and the first revision that was not read.
  #read(watcher: Watcher): { readonly events: Event[]; readonly next: number } {
    const events: Event[] = [];
    const revisions = new Set<number>();
    let next = this.#currentRevision + 1;
    this.#log.scan(watcher.nextRevision, (event) => {
      const wanted = watcher.view(event);
      if (wanted === undefined) return true;
      revisions.add(revisionOf(event));
      if (revisions.size > REVISIONS_PER_RESPONSE) {
        next = revisionOf(event);
        return false;
      }
      events.push(wanted);
      return true;
    });
    return { events, next };
  }
}
