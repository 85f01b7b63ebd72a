// Every change by its revision, oldest first: the part of the store that etcd keeps in its backend file. It lives in
// memory; only this file knows that.

import { assert, must } from '../assert.ts';
import type { KeyValue } from '../../../proto/schema.ts';
import { compareRevisions, type Revision } from './revision.ts';

/** One change. A tombstone carries a KeyValue with nothing but its key. */
export interface Change {
  readonly revision: Revision;
  readonly isTombstone: boolean;
  readonly kv: KeyValue;
}

export class RevisionLog {
  // Sorted by revision.
  #changes: Change[] = [];

  /** Adds a change; its revision must be above every earlier one. */
  append(change: Change): void {
    const last = this.#changes[this.#changes.length - 1];
    assert(
      last === undefined || compareRevisions(change.revision, last.revision) > 0,
      `change at ${change.revision.main} after ${last?.revision.main}`,
    );
    this.#changes.push(change);
  }

  /** The key-value of the put at `revision`, which must be there. */
  get(revision: Revision): KeyValue {
    let low = 0;
    let high = this.#changes.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareRevisions((this.#changes[middle] as Change).revision, revision) < 0) low = middle + 1;
      else high = middle;
    }
    const change = must(this.#changes[low], 'a change that the index names');
    assert(compareRevisions(change.revision, revision) === 0, `no change at revision ${revision.main}.${revision.sub}`);
    return change.kv;
  }

  /** Drops every change for which `isKept` is false. */
  retain(isKept: (change: Change) => boolean): void {
    this.#changes = this.#changes.filter(isKept);
  }

  /** All changes, oldest first. */
  [Symbol.iterator](): Iterator<Change> {
    return this.#changes[Symbol.iterator]();
  }
}
