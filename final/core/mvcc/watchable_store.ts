// The hub of all watchers: it hears of every write, hands events to those who are synced, and catches up the others from
// the log. Mirrors etcd's mvcc/watchable_store.go; watcher.ts says what synced, unsynced and victim mean.
//
// Nobody waits for anybody. A stream that takes nothing more costs its watchers their place among the synced, and no memory:
// where etcd keeps the events of a victim, here the log is read again. So a victim can also find its events compacted.

import { must } from '../assert.ts';
import { bytesToKey } from '../keys.ts';
import { type BatchBounds, WatchBatch } from './watch_batch.ts';
import { type Change, EventList, EventSource, type WatchedStore, type WatchEvent } from './watch_event.ts';
import type { Watcher, WatchSink } from './watcher.ts';
import { WatcherGroup } from './watcher_group.ts';
import { WatchStream } from './watch_stream.ts';

// So many watchers in the line are looked at for each that a round can catch up.
const LOOKS_PER_PLACE = 4;

export interface WatchBounds extends BatchBounds {
  /** Most watchers that one round catches up. */
  readonly watchersPerRound: number;
  /** Records of the log, and bytes of events, behind which a round ends, at the end of a revision. */
  readonly recordsPerRound: number;
  readonly bytesPerRound: number;
  /** Most that all watchers may cost together, in bytes; see Watcher.cost. */
  readonly watcherBytes: number;
}

export interface WatchableStoreOptions {
  readonly bounds: WatchBounds;
  /** There is something to catch up: {@link WatchableStore.syncWatchers} is to be called, later in any case. */
  readonly onUnsynced: () => void;
}

export class WatchableStore {
  readonly #options: WatchableStoreOptions;
  readonly #streams = new Set<WatchStream>();
  readonly #synced = new WatcherGroup();
  // The one that was behind longest comes first.
  readonly #unsynced = new Set<Watcher>();
  // Those with victims.
  readonly #stuck = new Set<WatchStream>();
  #watcherBytes = 0;
  #store: WatchedStore | undefined;
  // The database is about to be replaced or closed: its log must not be read.
  #isPaused = false;

  constructor(options: WatchableStoreOptions) {
    this.#options = options;
  }

  /** Main revision of the last write. */
  get currentRevision(): number {
    return must(this.#store, 'a store to watch').currentRevision;
  }

  /** Whether anybody wants to hear of writes. */
  get isWatched(): boolean {
    return this.#synced.size > 0;
  }

  /** Whether there is something to catch up. */
  get hasUnsynced(): boolean {
    return this.#unsynced.size > 0 && !this.#isPaused;
  }

  /** A stream without watchers; it ends with its close. */
  newStream(sink: WatchSink): WatchStream {
    const stream = new WatchStream(this, sink);
    this.#streams.add(stream);
    return stream;
  }

  /**
   * Goes on with `store`, in place of the one before: every watcher is caught up from it, beginning behind what it has.
   * With the first store there are no watchers yet.
   */
  follow(store: WatchedStore): void {
    const before = this.#store;
    this.#store = store;
    this.#isPaused = false;
    for (const stream of this.#streams) {
      for (const watcher of stream.watchers) {
        if (watcher.state !== 'synced') continue;
        watcher.nextRevision = Math.max(watcher.nextRevision, must(before, 'a store').currentRevision + 1);
        this.#synced.delete(watcher);
        this.#addUnsynced(watcher);
      }
    }
    if (this.hasUnsynced) this.#options.onUnsynced();
  }

  /** Reads the store no more, until it follows another. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Tells of a write: all changes of the main revision `main`, which is current already. Called by the writer. */
  notify(main: number, changes: readonly Change[]): void {
    const store = must(this.#store, 'a store to watch');
    const sources = changes.map((change) => new EventSource(store, change));
    if (sources.length === 1) this.#notifyOfOne(main, sources[0] as EventSource);
    else this.#notifyOfMany(main, sources);
  }

  /** Catches up some of those that lag behind, the longest waiting first, with one pass over the log. */
  syncWatchers(): void {
    if (this.#isPaused) return;
    const batches = this.#beginRound();
    if (batches.size > 0) this.#endRound(batches, this.#readLog(batches));
  }

  /** Goes on with the victims of all streams that take more again, for those that cannot tell when they do. */
  resumeVictims(): void {
    for (const stream of this.#stuck) this.resume(stream);
  }

  // ---- for WatchStream

  /** Takes in a new watcher; false when there are too many. */
  admit(watcher: Watcher): boolean {
    if (this.#watcherBytes + watcher.cost > this.#options.bounds.watcherBytes) return false;
    this.#watcherBytes += watcher.cost;
    if (watcher.nextRevision > this.currentRevision) this.#addSynced(watcher);
    else {
      this.#addUnsynced(watcher);
      this.#options.onUnsynced();
    }
    return true;
  }

  /** Ends a watcher in whatever state it is. */
  remove(watcher: Watcher): void {
    this.#leave(watcher);
    watcher.state = 'gone';
    this.#watcherBytes -= watcher.cost;
  }

  /** The sink of `stream` takes more again. */
  resume(stream: WatchStream): void {
    if (!this.#stuck.has(stream) || !stream.sink.isWritable) return;
    for (const watcher of stream.victims) this.#addUnsynced(watcher);
    stream.victims.clear();
    this.#stuck.delete(stream);
    this.#options.onUnsynced();
  }

  forget(stream: WatchStream): void {
    this.#streams.delete(stream);
    this.#stuck.delete(stream);
  }

  // ---- states

  #leave(watcher: Watcher): void {
    if (watcher.state === 'synced') this.#synced.delete(watcher);
    else if (watcher.state === 'unsynced') this.#unsynced.delete(watcher);
    else if (watcher.state === 'victim') watcher.stream.victims.delete(watcher);
  }

  #addSynced(watcher: Watcher): void {
    watcher.state = 'synced';
    this.#synced.add(watcher);
  }

  #addUnsynced(watcher: Watcher): void {
    watcher.state = 'unsynced';
    this.#unsynced.add(watcher);
  }

  #addVictim(watcher: Watcher): void {
    watcher.state = 'victim';
    watcher.stream.victims.add(watcher);
    this.#stuck.add(watcher.stream);
  }

  #becomeSynced(watcher: Watcher): void {
    this.#leave(watcher);
    this.#addSynced(watcher);
  }

  #becomeVictim(watcher: Watcher): void {
    this.#leave(watcher);
    this.#addVictim(watcher);
  }

  // Nearly all writes change one key: its watchers share a list of one event.
  #notifyOfOne(main: number, source: EventSource): void {
    const matched: Watcher[] = [];
    this.#synced.visit(source.key, (watcher) => {
      if (watcher.wants(source.isDelete, main)) matched.push(watcher);
    });
    for (const watcher of matched) this.#deliver(watcher, main, source);
  }

  #notifyOfMany(main: number, sources: readonly EventSource[]): void {
    const matched = new Map<Watcher, EventSource[]>();
    for (const source of sources) {
      this.#synced.visit(source.key, (watcher) => {
        if (!watcher.wants(source.isDelete, main)) return;
        const others = matched.get(watcher);
        if (others === undefined) matched.set(watcher, [source]);
        else others.push(source);
      });
    }
    for (const [watcher, found] of matched) this.#deliver(watcher, main, new EventList(found));
  }

  // A receiver may cancel watchers, also others than the one it was called for.
  #deliver(watcher: Watcher, main: number, found: { list(wantsPrev: boolean): readonly WatchEvent[] }): void {
    if (watcher.state !== 'synced') return;
    if (watcher.stream.sink.isWritable) {
      watcher.receiver.onEvents(found.list(watcher.wantsPrevKv), main);
      return;
    }
    watcher.nextRevision = main;
    this.#becomeVictim(watcher);
  }

  // ---- catching up

  // Chooses watchers for one pass over the log, which begins where the first in line is: whoever is further behind keeps its
  // place in the line, so that the first always gets on, however far behind those are who come new. Those that need no history
  // are settled at once.
  #beginRound(): Map<Watcher, WatchBatch> {
    const { currentRevision, compactRevision } = must(this.#store, 'a store to watch');
    const { watchersPerRound } = this.#options.bounds;
    const batches = new Map<Watcher, WatchBatch>();
    let from: number | undefined;
    let seen = 0;
    for (const watcher of this.#unsynced) {
      if (batches.size === watchersPerRound || seen++ === LOOKS_PER_PLACE * watchersPerRound) break;
      if (!watcher.stream.sink.isWritable) this.#becomeVictim(watcher);
      else if (watcher.nextRevision < compactRevision) {
        this.#unsynced.delete(watcher);
        watcher.state = 'dead';
        watcher.receiver.onCompacted(compactRevision);
      } else if (watcher.nextRevision > currentRevision) this.#becomeSynced(watcher);
      else if (watcher.nextRevision >= (from ??= watcher.nextRevision)) {
        batches.set(watcher, new WatchBatch(watcher, this.#options.bounds));
      }
    }
    return batches;
  }

  // Fills the batches. Returns the first revision that was not read.
  #readLog(batches: ReadonlyMap<Watcher, WatchBatch>): number {
    const store = must(this.#store, 'a store to watch');
    const { recordsPerRound, bytesPerRound } = this.#options.bounds;
    const group = new WatcherGroup();
    let from = Number.POSITIVE_INFINITY;
    for (const watcher of batches.keys()) {
      group.add(watcher);
      from = Math.min(from, watcher.nextRevision);
    }
    let end = store.currentRevision + 1;
    let main = from;
    let records = 0;
    let bytes = 0;
    let full = 0;
    store.log.scan({ main: from, sub: 0 }, ({ revision, isTombstone, value }) => {
      if (revision.main !== main) {
        if (records >= recordsPerRound || bytes >= bytesPerRound || full === batches.size) {
          end = revision.main;
          return false;
        }
        main = revision.main;
      }
      records++;
      const key = bytesToKey(store.codec.decode(value).key);
      const source = new EventSource(store, { key, revision, isTombstone, value });
      group.visit(key, (watcher) => {
        const batch = batches.get(watcher) as WatchBatch;
        if (batch.isFull || !watcher.wants(isTombstone, main)) return;
        batch.add(source.event(watcher.wantsPrevKv));
        if (batch.isFull) full++;
      });
      bytes += source.builtBytes;
      return true;
    });
    return end;
  }

  // Who was served goes to the end of the line; whom the pass did not come to keeps its place.
  #endRound(batches: ReadonlyMap<Watcher, WatchBatch>, end: number): void {
    const { currentRevision } = must(this.#store, 'a store to watch');
    for (const [watcher, batch] of batches) {
      // Cancelled by a receiver meanwhile, or not reached.
      if (watcher.state !== 'unsynced' || watcher.nextRevision >= end) continue;
      if (batch.events.length > 0 && !watcher.stream.sink.isWritable) {
        this.#becomeVictim(watcher);
        continue;
      }
      watcher.nextRevision = batch.nextRevision ?? end;
      if (watcher.nextRevision > currentRevision) this.#becomeSynced(watcher);
      else {
        this.#unsynced.delete(watcher);
        this.#addUnsynced(watcher);
      }
      if (batch.events.length > 0) watcher.receiver.onEvents(batch.events, currentRevision);
    }
  }
}
