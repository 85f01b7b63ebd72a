// The hub of all watchers: it hears of every write, hands events to those who are synced, and catches up the others from
// the log. Mirrors etcd's mvcc/watchable_store.go; watcher.ts says what synced, unsynced and victim mean.
//
// Nobody waits for anybody. A stream that takes nothing more costs its watchers their place among the synced, and no memory.

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
  // The one that was behind longest comes first.
  readonly #unsynced = new Set<Watcher>();
  #currentRevision = 1;

  /** `onUnsynced`: there is something to catch up, and `syncWatchers` is to be called, later in any case. */
  constructor(log: RevisionLog, onUnsynced: () => void) {
    this.#log = log;
    this.#onUnsynced = onUnsynced;
  }

  /** Revision of the last write. */
  get currentRevision(): number {
    return this.#currentRevision;
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
    if (watcher.nextRevision > this.#currentRevision) this.#addSynced(watcher);
    else this.#addUnsynced(watcher);
  }

  /** Ends a watcher in whatever state it is. */
  remove(watcher: Watcher): void {
    this.#leave(watcher);
    watcher.state = 'gone';
  }

  /** The sink of `stream` takes more again. */
  resume(stream: WatchStream): void {
    for (const watcher of stream.victims) {
      stream.victims.delete(watcher);
      this.#addUnsynced(watcher);
    }
  }

  // ---- states

  #leave(watcher: Watcher): void {
    this.#synced.delete(watcher);
    this.#unsynced.delete(watcher);
    watcher.stream.victims.delete(watcher);
  }

  #addSynced(watcher: Watcher): void {
    watcher.state = 'synced';
    this.#synced.add(watcher);
  }

  #addUnsynced(watcher: Watcher): void {
    watcher.state = 'unsynced';
    this.#unsynced.add(watcher);
    this.#onUnsynced();
  }

  #addVictim(watcher: Watcher): void {
    watcher.state = 'victim';
    watcher.stream.victims.add(watcher);
  }

  #deliver(watcher: Watcher, events: Event[], revision: number): void {
    const { sink } = watcher.stream;
    if (sink.isWritable) return sink.onEvents(watcher, events, revision);
    watcher.nextRevision = revision;
    this.#leave(watcher);
    this.#addVictim(watcher);
  }

  #catchUp(watcher: Watcher): void {
    const { sink } = watcher.stream;
    this.#leave(watcher);
    if (!sink.isWritable) return this.#addVictim(watcher);
    const { events, next } = this.#read(watcher);
    watcher.nextRevision = next;
    this.admit(watcher);
    if (events.length > 0) sink.onEvents(watcher, events, this.#currentRevision);
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
      if (revisions.size <= REVISIONS_PER_RESPONSE) return events.push(wanted) > 0;
      next = revisionOf(event);
      return false;
    });
    return { events, next };
  }
}
