// The part of the log that is on disk, as raft reads it, and the memory copy that etcd keeps of it. Mirrors etcd's
// raft/storage.go.
//
// A storage holds the entries [firstIndex, lastIndex] and knows the term of firstIndex-1, the last compacted entry.

import type { RaftConfState, RaftEntry, RaftHardState, RaftSnapshot } from '../../../proto/schema.ts';
import { AssertionError, assert } from '../assert.ts';
import { limitSize } from './entries.ts';
import { RaftError } from './errors.ts';

export interface RaftStorage {
  /** What was persisted before a restart; zero values when nothing was. */
  initialState(): { hardState: RaftHardState; confState: RaftConfState };
  /**
   * The entries [lo, hi), cut to `maxSize` bytes but at least one. The array is the caller's.
   * Throws RaftError `Compacted` or `Unavailable`.
   */
  entries(lo: number, hi: number, maxSize: number): RaftEntry[];
  /** The term of `index`, which is in [firstIndex-1, lastIndex]; else throws RaftError `Compacted` or `Unavailable`. */
  term(index: number): number;
  firstIndex(): number;
  lastIndex(): number;
  /** The newest snapshot. Throws RaftError `SnapshotTemporarilyUnavailable` when the caller should ask later again. */
  snapshot(): RaftSnapshot;
}

export class MemoryStorage implements RaftStorage {
  #hardState: RaftHardState = { term: 0, vote: 0n, commit: 0 };
  #snapshot: RaftSnapshot = { data: undefined, metadata: { conf_state: undefined, index: 0, term: 0 } };
  // Index and term of the entry before the first one: the last that was compacted, or the snapshot's.
  #compactedIndex = 0;
  #compactedTerm = 0;
  // The entry of index i is at i - compactedIndex - 1.
  #entries: RaftEntry[] = [];

  initialState(): { hardState: RaftHardState; confState: RaftConfState } {
    const confState = this.#snapshot.metadata?.conf_state ?? emptyConfState();
    return { hardState: this.#hardState, confState };
  }

  entries(lo: number, hi: number, maxSize: number): RaftEntry[] {
    if (lo <= this.#compactedIndex) throw new RaftError('Compacted');
    if (hi > this.lastIndex() + 1) {
      throw new AssertionError(`entries' hi(${hi}) is out of bound lastindex(${this.lastIndex()})`);
    }
    if (this.#entries.length === 0) throw new RaftError('Unavailable');
    const base = this.#compactedIndex + 1;
    return limitSize(this.#entries.slice(lo - base, hi - base), maxSize);
  }

  term(index: number): number {
    if (index < this.#compactedIndex) throw new RaftError('Compacted');
    if (index === this.#compactedIndex) return this.#compactedTerm;
    const entry = this.#entries[index - this.#compactedIndex - 1];
    if (entry === undefined) throw new RaftError('Unavailable');
    return entry.Term;
  }

  firstIndex(): number {
    return this.#compactedIndex + 1;
  }

  lastIndex(): number {
    return this.#compactedIndex + this.#entries.length;
  }

  snapshot(): RaftSnapshot {
    return this.#snapshot;
  }

  setHardState(hardState: RaftHardState): void {
    this.#hardState = hardState;
  }

  /**
   * Adds entries behind the existing ones. Those that are compacted already are skipped; from the first overlap on, the
   * existing ones are replaced. There must be no gap.
   */
  append(entries: readonly RaftEntry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    const skipped = Math.max(0, this.firstIndex() - first.Index);
    if (skipped >= entries.length) return;
    const keep = first.Index + skipped - this.firstIndex();
    if (keep > this.#entries.length) {
      throw new AssertionError(`missing log entry [last: ${this.lastIndex()}, append at: ${first.Index}]`);
    }
    if (keep < this.#entries.length) this.#entries.length = keep;
    for (let i = skipped; i < entries.length; i++) this.#entries.push(entries[i] as RaftEntry);
  }

  /** Replaces everything by a received snapshot. Throws RaftError `SnapshotOutOfDate` unless it is newer than the present one. */
  applySnapshot(snapshot: RaftSnapshot): void {
    const { index, term } = metadataOf(snapshot);
    if (index <= metadataOf(this.#snapshot).index) throw new RaftError('SnapshotOutOfDate');
    this.#snapshot = snapshot;
    this.#compactedIndex = index;
    this.#compactedTerm = term;
    this.#entries = [];
  }

  /**
   * Makes the snapshot at `index`, which was applied, and returns it. Without `confState` that of the former snapshot stays.
   * Throws RaftError `SnapshotOutOfDate` unless it is newer than the present one.
   */
  createSnapshot(index: number, confState: RaftConfState | undefined, data: Uint8Array | undefined): RaftSnapshot {
    const before = metadataOf(this.#snapshot);
    if (index <= before.index) throw new RaftError('SnapshotOutOfDate');
    assert(index <= this.lastIndex(), `snapshot ${index} is out of bound lastindex(${this.lastIndex()})`);
    const metadata = { conf_state: confState ?? before.conf_state, index, term: this.term(index) };
    this.#snapshot = { data, metadata };
    return this.#snapshot;
  }

  /** Drops the entries up to and including `index`. Throws RaftError `Compacted` when they are gone already. */
  compact(index: number): void {
    if (index <= this.#compactedIndex) throw new RaftError('Compacted');
    assert(index <= this.lastIndex(), `compact ${index} is out of bound lastindex(${this.lastIndex()})`);
    const term = this.term(index);
    // A copy: removing from the front of a long array in place moves all the rest one by one.
    this.#entries = this.#entries.slice(index - this.#compactedIndex);
    this.#compactedIndex = index;
    this.#compactedTerm = term;
  }
}

/** The metadata of a snapshot, zero when absent. */
export function metadataOf(snapshot: RaftSnapshot): {
  readonly conf_state: RaftConfState | undefined;
  readonly index: number;
  readonly term: number;
} {
  return snapshot.metadata ?? NO_METADATA;
}

const NO_METADATA = { conf_state: undefined, index: 0, term: 0 };

/** A configuration without members. */
export function emptyConfState(): RaftConfState {
  return { voters: [], learners: [], voters_outgoing: [], learners_next: [], auto_leave: false };
}
