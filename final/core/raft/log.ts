// The log of a member: what is on disk (storage), what is not yet (unstable), and how far it is committed and applied.
// Mirrors etcd's raft/log.go.
//
// Invariant: applied ≤ committed ≤ lastIndex. An entry at or below committed never changes.

import type { RaftEntry, RaftSnapshot } from '../../../proto/schema.ts';
import { AssertionError } from '../assert.ts';
import type { RaftLogger } from './config.ts';
import { limitSize } from './entries.ts';
import { Unstable } from './log_unstable.ts';
import { metadataOf, type RaftStorage } from './storage.ts';

export class RaftLog {
  readonly storage: RaftStorage;
  readonly unstable: Unstable;
  committed: number;
  applied: number;
  // Limit on the entries of one call of nextEntries, in bytes.
  readonly #maxNextSize: number;
  readonly #logger: RaftLogger;

  constructor(storage: RaftStorage, logger: RaftLogger, maxNextSize: number) {
    this.storage = storage;
    this.#logger = logger;
    this.#maxNextSize = maxNextSize;
    this.unstable = new Unstable(storage.lastIndex() + 1, logger);
    this.committed = storage.firstIndex() - 1;
    this.applied = this.committed;
  }

  /** The first index whose entry is still there. */
  firstIndex(): number {
    const { snapshot } = this.unstable;
    return snapshot === undefined ? this.storage.firstIndex() : metadataOf(snapshot).index + 1;
  }

  lastIndex(): number {
    return this.unstable.maybeLastIndex() ?? this.storage.lastIndex();
  }

  lastTerm(): number {
    return this.term(this.lastIndex());
  }

  /** The term of the entry at `index`, known from firstIndex-1 to lastIndex; outside it is 0, which no entry has. */
  term(index: number): number {
    if (index < this.firstIndex() - 1 || index > this.lastIndex()) return 0;
    return this.unstable.maybeTerm(index) ?? this.storage.term(index);
  }

  /** Whether the log has an entry at `index` of `term`. Two logs that agree on one entry agree on all before it. */
  matchTerm(index: number, term: number): boolean {
    // An index that is outside has term 0 like the empty log's beginning, which only matches itself.
    if (index < this.firstIndex() - 1 || index > this.lastIndex()) return false;
    return this.term(index) === term;
  }

  /** Whether a log that ends in (`index`, `term`) has at least what this one has: its owner may lead. */
  isUpToDate(index: number, term: number): boolean {
    const lastTerm = this.lastTerm();
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex());
  }

  /**
   * Takes the entries of a leader that follow (`index`, `logTerm`), and commits up to `committed` as far as they reach.
   * Returns the index of the last of them, or undefined when this log has no such entry before them.
   */
  maybeAppend(index: number, logTerm: number, committed: number, entries: readonly RaftEntry[]): number | undefined {
    if (!this.matchTerm(index, logTerm)) return undefined;
    const conflict = this.findConflict(entries);
    if (conflict !== 0) {
      if (conflict <= this.committed) {
        throw new AssertionError(`entry ${conflict} conflict with committed entry [committed(${this.committed})]`);
      }
      const known = conflict - (index + 1);
      this.append(known === 0 ? entries : entries.slice(known));
    }
    const last = index + entries.length;
    this.commitTo(Math.min(committed, last));
    return last;
  }

  /** Adds entries; those that exist from the first one's index on are replaced. Returns the last index. */
  append(entries: readonly RaftEntry[]): number {
    const first = entries[0];
    if (first === undefined) return this.lastIndex();
    const after = first.Index - 1;
    if (after < this.committed) {
      throw new AssertionError(`after(${after}) is out of range [committed(${this.committed})]`);
    }
    this.unstable.truncateAndAppend(entries);
    return this.lastIndex();
  }

  /** The index of the first of `entries` that this log does not have, or 0 when it has them all. */
  findConflict(entries: readonly RaftEntry[]): number {
    for (const entry of entries) {
      if (this.matchTerm(entry.Index, entry.Term)) continue;
      if (entry.Index <= this.lastIndex()) {
        const existing = this.term(entry.Index);
        const terms = `[existing term: ${existing}, conflicting term: ${entry.Term}]`;
        this.#logger.info(`found conflict at index ${entry.Index} ${terms}`);
      }
      return entry.Index;
    }
    return 0;
  }

  /**
   * The largest index at or below `index` whose term is at most `term`: a log that ends in (`index`, `term`) cannot agree
   * with this one above it. So two members find their common prefix in about one round a term.
   */
  findConflictByTerm(index: number, term: number): number {
    const lastIndex = this.lastIndex();
    if (index > lastIndex) {
      this.#logger.warn(`index(${index}) is out of range [0, lastIndex(${lastIndex})] in findConflictByTerm`);
      return index;
    }
    let found = index;
    while (this.term(found) > term) found--;
    return found;
  }

  /** The entries that are not on disk, as an array of the caller's. */
  unstableEntries(): RaftEntry[] {
    return this.unstable.entries.slice();
  }

  /** The committed entries that are not applied, or the first of them if they are too many for the size limit. */
  nextEntries(): RaftEntry[] {
    const from = this.#nextIndex();
    return this.committed < from ? [] : this.slice(from, this.committed + 1, this.#maxNextSize);
  }

  hasNextEntries(): boolean {
    return this.committed >= this.#nextIndex();
  }

  /** The entries from `index` on, at most `maxSize` bytes but at least one; undefined when `index` is compacted. */
  entriesFrom(index: number, maxSize: number): RaftEntry[] | undefined {
    const lastIndex = this.lastIndex();
    if (index > lastIndex) return [];
    return index < this.firstIndex() ? undefined : this.slice(index, lastIndex + 1, maxSize);
  }

  /** The entries [lo, hi), which must exist, cut to `maxSize` bytes but at least one. The array is the caller's. */
  slice(lo: number, hi: number, maxSize: number): RaftEntry[] {
    if (lo < this.firstIndex() || lo > hi || hi > this.lastIndex() + 1) {
      throw new AssertionError(`slice[${lo},${hi}) out of bound [${this.firstIndex()},${this.lastIndex()}]`);
    }
    if (lo === hi) return [];
    const { offset } = this.unstable;
    if (lo >= offset) return limitSize(this.unstable.slice(lo, hi), maxSize);
    const stableEnd = Math.min(hi, offset);
    const stable = this.storage.entries(lo, stableEnd, maxSize);
    if (hi <= offset || stable.length < stableEnd - lo) return stable;
    for (const entry of this.unstable.slice(offset, hi)) stable.push(entry);
    return limitSize(stable, maxSize);
  }

  /** Whether a received snapshot waits to be written. */
  hasPendingSnapshot(): boolean {
    return this.unstable.snapshot !== undefined;
  }

  /** The newest snapshot. Throws RaftError `SnapshotTemporarilyUnavailable`. */
  snapshot(): RaftSnapshot {
    return this.unstable.snapshot ?? this.storage.snapshot();
  }

  /** Commits up to `index`; what is committed stays so when it is lower. */
  commitTo(index: number): void {
    if (index <= this.committed) return;
    if (index > this.lastIndex()) {
      const range = `tocommit(${index}) is out of range [lastIndex(${this.lastIndex()})]`;
      throw new AssertionError(`${range}. Was the raft log corrupted, truncated, or lost?`);
    }
    this.committed = index;
  }

  /**
   * Commits up to `index` if its entry is of `term`, the leader's own. One of an older term is not safe to commit by
   * counting: a later leader may still replace it (section 5.4.2 of the Raft paper). Returns whether anything changed.
   */
  maybeCommit(index: number, term: number): boolean {
    if (index <= this.committed || this.term(index) !== term) return false;
    this.commitTo(index);
    return true;
  }

  appliedTo(index: number): void {
    if (index < this.applied || index > this.committed) {
      const range = `[prevApplied(${this.applied}), committed(${this.committed})]`;
      throw new AssertionError(`applied(${index}) is out of range ${range}`);
    }
    this.applied = index;
  }

  /** Replaces everything by a received snapshot. */
  restore(snapshot: RaftSnapshot): void {
    const { index, term } = metadataOf(snapshot);
    this.#logger.info(`log [${this.#describe()}] starts to restore snapshot [index: ${index}, term: ${term}]`);
    this.committed = index;
    this.unstable.restore(snapshot);
  }

  #nextIndex(): number {
    return Math.max(this.applied + 1, this.firstIndex());
  }

  #describe(): string {
    const { offset, entries } = this.unstable;
    const state = `committed=${this.committed}, applied=${this.applied}`;
    return `${state}, unstable.offset=${offset}, len(unstable.Entries)=${entries.length}`;
  }
}
