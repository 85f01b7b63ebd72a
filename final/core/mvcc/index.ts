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
      index = new KeyIndex(key);
      this.#byKey.set(key, index);
      this.#ordered.add(key);
    }
    index.put(revision);
  }

  /** Records a delete of the live `key` at `revision`. */
  tombstone(key: Key, revision: Revision): void {
    must(this.#byKey.get(key), 'the index of a deleted key').tombstone(revision);
  }

  /** Forgets what no read at `atRevision` or later needs; returns the revisions ≤ `atRevision` that stay. */
  compact(atRevision: number): KeptRevisions {
    const kept: KeptRevisions = new Set();
    for (const [key, index] of this.#byKey) {
      index.compact(atRevision, kept);
      if (!index.isEmpty()) continue;
      this.#byKey.delete(key);
      this.#ordered.delete(key);
    }
    return kept;
  }

  /** The revisions that a compaction at `atRevision` would keep, less tombstones. Changes nothing. */
  keep(atRevision: number): KeptRevisions {
    const kept: KeptRevisions = new Set();
    for (const index of this.#byKey.values()) index.keep(atRevision, kept);
    return kept;
  }
}
