// The index: from keys to the revisions that changed them. Point reads go through a Map, ranges through the ordered
// keys. Mirrors etcd's mvcc/index.go.

import { must } from '../assert.ts';
import type { Key, KeyRange } from '../keys.ts';
import { type KeptRevisions, KeyIndex, type KeyState } from './key_index.ts';
import { OrderedKeys } from './ordered_keys.ts';
import type { Revision } from './revision.ts';

export class TreeIndex {
  readonly #byKey = new Map<Key, KeyIndex>();
  // The same keys as #byKey, in order.
  readonly #ordered = new OrderedKeys();

  /** The state of `key` at main revision `atRevision`, or undefined when it did not exist then. */
  get(key: Key, atRevision: number): KeyState | undefined {
    return this.#byKey.get(key)?.get(atRevision);
  }

  /** Visits, in key order, every key of `range` that exists at `atRevision`, until `visit` returns false. */
  visit(range: KeyRange, atRevision: number, visit: (key: Key, state: KeyState) => boolean): void {
    if (range.kind === 'single') {
      const state = this.get(range.key, atRevision);
      if (state !== undefined) visit(range.key, state);
      return;
    }
    this.#ordered.ascend(range.key, range.kind === 'interval' ? range.end : undefined, (key) => {
      const state = this.get(key, atRevision);
      return state === undefined || visit(key, state);
    });
  }

  /** Records a put of `key` at `revision`. */
  put(key: Key, revision: Revision): void {
    let index = this.#byKey.get(key);
    if (index === undefined) {
      index = new KeyIndex();
      this.#add(key, index);
    }
    index.put(revision);
  }

  /** Records a delete of the live `key` at `revision`. */
  tombstone(key: Key, revision: Revision): void {
    must(this.#byKey.get(key), 'the index of a deleted key').tombstone(revision);
  }

  /** Takes over a record of the log at a start; records come in the order of their revisions. */
  restore(key: Key, record: RestoredChange): void {
    const index = this.#byKey.get(key);
    if (index === undefined) {
      this.#add(key, newIndex(record));
    } else if (record.isTombstone) {
      // A tombstone whose puts are gone and that follows another one adds nothing.
      if (index.isLive()) index.tombstone(record.revision);
    } else {
      index.put(record.revision);
    }
  }

  /**
   * Forgets, key by key, what no read at `atRevision` or later needs, and adds to `kept` the revisions ≤ `atRevision` that
   * stay. Each turn of the iterator does one key, so the work can be spread; reads and writes may come between.
   */
  *compact(atRevision: number, kept: KeptRevisions): Generator<void> {
    for (const [key, index] of this.#byKey) {
      index.compact(atRevision, kept);
      if (index.isEmpty()) {
        this.#byKey.delete(key);
        this.#ordered.delete(key);
      }
      yield;
    }
  }

  /** The revisions that a compaction at `atRevision` would keep, less tombstones. Changes nothing. */
  keep(atRevision: number): KeptRevisions {
    const kept: KeptRevisions = new Set();
    for (const index of this.#byKey.values()) index.keep(atRevision, kept);
    return kept;
  }

  /** Number of keys, deleted ones that are not compacted yet included. */
  get size(): number {
    return this.#byKey.size;
  }

  #add(key: Key, index: KeyIndex): void {
    this.#byKey.set(key, index);
    this.#ordered.add(key);
  }
}

/** A record of the log as a start finds it. */
export interface RestoredChange {
  readonly revision: Revision;
  readonly isTombstone: boolean;
  /** Main revision of the put that began the generation, and the version of the key; of a put only. */
  readonly createRevision: number;
  readonly version: number;
}

function newIndex({ revision, isTombstone, createRevision, version }: RestoredChange): KeyIndex {
  const index = new KeyIndex();
  if (isTombstone) index.restoreTombstone(revision);
  else index.restore(revision, { created: createdAt(revision, createRevision), version });
  return index;
}

// One object where the two are one: most keys of a large store were put once.
function createdAt(modified: Revision, main: number): Revision {
  return main === modified.main ? modified : { main, sub: 0 };
}
