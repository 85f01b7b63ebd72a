// The store: keys, their values, and the revision that counts the writes. Mirrors etcd's mvcc/kvstore.go. It keeps only
// the newest value of a key.
//
//   put a=1       revision 2    a: create 2, mod 2, version 1
//   put a=2       revision 3    a: create 2, mod 3, version 2
//   delete a      revision 4

import type { KeyValue } from '../../../../proto/schema.ts';
import { bytesToKey, inRange, type Key, type KeyRange } from '../keys.ts';
import { type LeaseAttachments, NO_LEASE } from '../lease/lessor.ts';

export class KVStore {
  readonly #byKey = new Map<Key, KeyValue>();
  // The keys of #byKey in order; undefined while a new key is not sorted in.
  #ordered: Key[] | undefined = [];
  readonly #leases: LeaseAttachments;
  #currentRevision = 1;

  /** `leases`: told which key hangs on which lease. */
  constructor(leases: LeaseAttachments) {
    this.#leases = leases;
  }

  /** Revision of the last write; 1 on an empty store. */
  get currentRevision(): number {
    return this.#currentRevision;
  }

  /** The key-values of `range` in key order. */
  range(range: KeyRange): KeyValue[] {
    if (range.kind === 'single') {
      const kv = this.#byKey.get(range.key);
      return kv === undefined ? [] : [kv];
    }
    this.#ordered ??= [...this.#byKey.keys()].sort();
    return this.#ordered.filter((key) => inRange(key, range)).map((key) => this.#byKey.get(key) as KeyValue);
  }

  /** Stores a key-value, copied, at a new revision. Returns the one that was there before. */
  put(input: { readonly key: Uint8Array; readonly value: Uint8Array; readonly lease: bigint }): KeyValue | undefined {
    const key = bytesToKey(input.key);
    const before = this.#byKey.get(key);
    const revision = ++this.#currentRevision;
    this.#detach(key, before);
    if (input.lease !== NO_LEASE) this.#leases.attach(input.lease, key);
    this.#byKey.set(key, {
      key: input.key.slice(),
      create_revision: before?.create_revision ?? revision,
      mod_revision: revision,
      version: (before?.version ?? 0) + 1,
      value: input.value.slice(),
      lease: input.lease,
    });
    if (before === undefined) this.#ordered = undefined;
    return before;
  }

  /** Deletes the keys of `ranges`, which share none, at one new revision, and returns them; deleting nothing makes no revision. */
  deleteRange(ranges: readonly KeyRange[]): KeyValue[] {
    const doomed = ranges.flatMap((range) => this.range(range));
    if (doomed.length === 0) return doomed;
    this.#currentRevision++;
    for (const kv of doomed) {
      const key = bytesToKey(kv.key);
      this.#byKey.delete(key);
      this.#detach(key, kv);
    }
    this.#ordered = undefined;
    return doomed;
  }

  #detach(key: Key, before: KeyValue | undefined): void {
    if (before !== undefined && before.lease !== NO_LEASE) this.#leases.detach(before.lease, key);
  }
}
