// Every change by its revision, oldest first: what etcd keeps in the `key` bucket of its backend file. The store knows this
// interface only; storage/schema/key_bucket.ts keeps the records in the file, MemRevisionLog in memory.

import { assert, must } from '../assert.ts';
import { compareRevisions, type Revision } from './revision.ts';

/** One change. `value` is an encoded mvccpb.KeyValue; that of a tombstone holds nothing but the key. */
export interface RevisionRecord {
  readonly revision: Revision;
  readonly isTombstone: boolean;
  readonly value: Uint8Array;
}

export interface RevisionLog {
  /** Adds a record; its revision is above every earlier one. The log may keep `value` itself. */
  append(record: RevisionRecord): void;
  /** The value of the put at `revision`, which must be there. It must not be changed. */
  get(revision: Revision): Uint8Array;
  /** Visits the records from `from` on, ascending, until `visit` returns false. Nothing is added or deleted meanwhile. */
  scan(from: Revision, visit: (record: RevisionRecord) => boolean): void;
  /** Removes a record that is there. */
  delete(revision: Revision, isTombstone: boolean): void;
}

/** The log in memory. */
export class MemRevisionLog implements RevisionLog {
  // Sorted by revision. A deleted record leaves a hole, which is closed when half of the list is holes.
  #records: (RevisionRecord | Revision)[] = [];
  #holes = 0;

  append(record: RevisionRecord): void {
    const last = this.#records.at(-1);
    const { main, sub } = record.revision;
    const isLater = last === undefined || compareRevisions(record.revision, revisionOf(last)) > 0;
    assert(isLater, `change ${main}.${sub} is not the newest`);
    this.#records.push(record);
  }

  get(revision: Revision): Uint8Array {
    const record = must(this.#records[this.#lowerBound(revision)], 'a change that the index names');
    assert('value' in record && compareRevisions(record.revision, revision) === 0, `no change at ${revision.main}`);
    return record.value;
  }

  scan(from: Revision, visit: (record: RevisionRecord) => boolean): void {
    for (let i = this.#lowerBound(from); i < this.#records.length; i++) {
      const record = this.#records[i] as RevisionRecord | Revision;
      if ('value' in record && !visit(record)) return;
    }
  }

  delete(revision: Revision): void {
    this.#records[this.#lowerBound(revision)] = revision;
    this.#holes++;
    if (this.#holes * 2 < this.#records.length) return;
    this.#records = this.#records.filter((record) => 'value' in record);
    this.#holes = 0;
  }

  // Index of the first record at or after `revision`.
  #lowerBound(revision: Revision): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareRevisions(revisionOf(this.#records[middle] as RevisionRecord | Revision), revision) < 0)
        low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function revisionOf(record: RevisionRecord | Revision): Revision {
  return 'value' in record ? record.revision : record;
}
