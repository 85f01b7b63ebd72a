// The tail of the log that is not yet on disk. Mirrors etcd's raft/log_unstable.go.
//
// The entry of index i is at i - offset. A snapshot, when one waits to be written, ends right before offset. The offset
// may be at or below the last index on disk: then the entries here replace those.

import type { RaftEntry, RaftSnapshot } from '../../../proto/schema.ts';
import { AssertionError } from '../assert.ts';
import type { RaftLogger } from './config.ts';
import { metadataOf } from './storage.ts';

export class Unstable {
  snapshot: RaftSnapshot | undefined;
  entries: RaftEntry[] = [];
  offset: number;
  readonly #logger: RaftLogger;

  constructor(offset: number, logger: RaftLogger) {
    this.offset = offset;
    this.#logger = logger;
  }

  /** The last index here, of an entry or the snapshot; undefined when there is neither. */
  maybeLastIndex(): number | undefined {
    if (this.entries.length > 0) return this.offset + this.entries.length - 1;
    return this.snapshot === undefined ? undefined : metadataOf(this.snapshot).index;
  }

  /** The term of `index`; undefined when it is not here. */
  maybeTerm(index: number): number | undefined {
    if (index >= this.offset) return this.entries[index - this.offset]?.Term;
    if (this.snapshot === undefined) return undefined;
    const metadata = metadataOf(this.snapshot);
    return metadata.index === index ? metadata.term : undefined;
  }

  /** The entries [lo, hi), which must be here, as an array of the caller's. */
  slice(lo: number, hi: number): RaftEntry[] {
    const end = this.offset + this.entries.length;
    if (lo < this.offset || lo > hi || hi > end) {
      throw new AssertionError(`unstable.slice[${lo},${hi}) out of bound [${this.offset},${end}]`);
    }
    return this.entries.slice(lo - this.offset, hi - this.offset);
  }

  /** Adds entries of which the first may be at or below an existing one: that one and all after it are replaced. */
  truncateAndAppend(entries: readonly RaftEntry[]): void {
    const first = (entries[0] as RaftEntry).Index;
    const end = this.offset + this.entries.length;
    if (first > end) throw new AssertionError(`append at ${first} leaves a gap after ${end - 1}`);
    if (first < end && first > this.offset) {
      this.#logger.info(`truncate the unstable entries before index ${first}`);
      this.entries.length = first - this.offset;
    } else if (first < end) {
      this.#logger.info(`replace the unstable entries from index ${first}`);
      this.entries.length = 0;
      this.offset = first;
    }
    for (const entry of entries) this.entries.push(entry);
  }

  /**
   * Drops what is on disk now: all up to `index`, provided that its entry here is still of `term`. It is not when it was
   * replaced while the write was under way.
   */
  stableTo(index: number, term: number): void {
    if (index < this.offset || this.maybeTerm(index) !== term) return;
    const count = index + 1 - this.offset;
    if (count === this.entries.length) this.entries = [];
    else this.entries = this.entries.slice(count);
    this.offset = index + 1;
  }

  /** Drops the snapshot if it is the one of `index`. */
  stableSnapshotTo(index: number): void {
    if (this.snapshot !== undefined && metadataOf(this.snapshot).index === index) this.snapshot = undefined;
  }

  /** Replaces everything by a received snapshot. */
  restore(snapshot: RaftSnapshot): void {
    this.offset = metadataOf(snapshot).index + 1;
    this.entries = [];
    this.snapshot = snapshot;
  }
}
