// The log of a member, and how far it is on disk (stable), committed and applied. Mirrors etcd's raft/log.go.
//
// Invariant: applied ≤ committed ≤ lastIndex. An entry at or below committed never changes.

import type { RaftEntry } from '../../../../proto/schema.ts';

// An append carries no further entry when its payload has reached this.
const MAX_APPEND_BYTES = 1024 * 1024;

export class RaftLog {
  // The entry of index i is at i - 1.
  readonly #entries: RaftEntry[];
  stable: number;
  committed = 0;
  applied = 0;

  /** Continues from `entries`, which are on disk. */
  constructor(entries: readonly RaftEntry[], committed: number) {
    this.#entries = [...entries];
    this.stable = entries.length;
    this.commitTo(committed);
  }

  lastIndex(): number {
    return this.#entries.length;
  }

  /** The term of the entry at `index`; 0, which no entry has, where there is none. */
  term(index: number): number {
    return this.#entries[index - 1]?.Term ?? 0;
  }

  /** Whether a log that ends in (`index`, `term`) has at least what this one has: its owner may lead. */
  isUpToDate(index: number, term: number): boolean {
    const lastTerm = this.term(this.lastIndex());
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex());
  }

  /**
   * Takes the entries of a leader that follow (`index`, `logTerm`), and commits up to `committed` as far as they reach.
   * Returns the index of the last of them, or undefined when this log has no such entry before them.
   */
  maybeAppend(index: number, logTerm: number, committed: number, entries: readonly RaftEntry[]): number | undefined {
    if (index > this.lastIndex() || this.term(index) !== logTerm) return undefined;
    // What is here already stays: the message may be an old one, and what follows newer than it.
    const conflict = entries.findIndex((entry) => this.term(entry.Index) !== entry.Term);
    if (conflict >= 0) this.append(entries.slice(conflict));
    const last = index + entries.length;
    this.commitTo(Math.min(committed, last));
    return last;
  }

  /** Adds entries; those that exist from the first one's index on are replaced. */
  append(entries: readonly RaftEntry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    const before = first.Index - 1;
    if (before < this.committed) throw new Error(`entry ${before + 1} would replace a committed one`);
    this.#entries.length = before;
    for (const entry of entries) this.#entries.push(entry);
    this.stable = Math.min(this.stable, before);
  }

  /** The entries from `index` on, as many as an append may carry. */
  entriesFrom(index: number): RaftEntry[] {
    let end = index;
    let bytes = 0;
    while (end <= this.lastIndex() && bytes < MAX_APPEND_BYTES) {
      bytes += this.#entries[end - 1]?.Data?.length ?? 0;
      end++;
    }
    return this.#entries.slice(index - 1, end - 1);
  }

  /** The entries that are not on disk. */
  unstableEntries(): RaftEntry[] {
    return this.#entries.slice(this.stable);
  }

  /** The committed entries that are not applied. */
  nextEntries(): RaftEntry[] {
    return this.#entries.slice(this.applied, this.committed);
  }

  /** Commits up to `index`; what is committed stays so when it is lower. */
  commitTo(index: number): void {
    if (index <= this.committed) return;
    if (index > this.lastIndex())
      throw new Error(`entry ${index} is committed, but this log ends at ${this.lastIndex()}`);
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
}
