// Reads and writes of the store. Mirrors etcd's mvcc/kvstore_txn.go. One writer at a time: all changes of one write
// transaction share a main revision and are numbered by sub.

import type { KeyValue } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';
import { EtcdError } from '../errors.ts';
import { bytesToKey, type Key, type KeyRange, keyToBytes } from '../keys.ts';
import type { KeyState } from './key_index.ts';
import type { KVStore } from './kvstore.ts';
import type { Revision } from './revision.ts';
import type { Change } from './watch_event.ts';

export interface RangeOptions {
  /** Read as of this main revision; ≤ 0 = the current one. */
  readonly revision: number;
  /** At most this many key-values; ≤ 0 = all. */
  readonly limit: number;
  /** Count only: no key-values are returned. */
  readonly countOnly: boolean;
}

export interface RangeResult {
  /** In key order, at most `limit`. */
  readonly kvs: KeyValue[];
  /** Number of keys in the range, whatever the limit. */
  readonly count: number;
}

const EMPTY = new Uint8Array(0);
export const NO_LEASE = 0n;

export class StoreReader {
  protected readonly store: KVStore;

  constructor(store: KVStore) {
    this.store = store;
  }

  /** The revision that a read without a revision sees: inside a writer, its own as soon as it has changed something. */
  get revision(): number {
    return this.store.currentRevision;
  }

  /** The key-values of `range`. Errors: FutureRev, Compacted (spec/rpc.md 6.3, steps 5 and 6). */
  range(range: KeyRange, options: RangeOptions): RangeResult {
    if (options.revision > this.revision) throw new EtcdError('FutureRev');
    if (options.revision > 0 && options.revision < this.store.compactRevision) throw new EtcdError('Compacted');
    const atRevision = options.revision <= 0 ? this.revision : options.revision;
    const kvs: KeyValue[] = [];
    let count = 0;
    this.store.index.visit(range, atRevision, (_key, state) => {
      count++;
      if (!options.countOnly && (options.limit <= 0 || kvs.length < options.limit)) kvs.push(this.#read(state));
      return true;
    });
    return { kvs, count };
  }

  /** The newest key-value of `key`, or undefined. */
  get(key: Key): KeyValue | undefined {
    const state = this.store.index.get(key, this.revision);
    return state === undefined ? undefined : this.#read(state);
  }

  #read(state: KeyState): KeyValue {
    return this.store.codec.decode(this.store.log.get(state.modified));
  }
}

export interface PutInput {
  /** Not empty. Encoded at once, as is `value`: the caller may reuse its buffer. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The lease that the key hangs on from now on; 0 = none. It must exist. */
  readonly lease: bigint;
}

export class StoreWriter extends StoreReader {
  #changes = 0;
  // The changes themselves, where somebody watches.
  readonly #watched: Change[] | undefined;
  #isEnded = false;

  constructor(store: KVStore) {
    super(store);
    this.#watched = store.watchers?.isWatched === true ? [] : undefined;
  }

  override get revision(): number {
    return this.#changes > 0 ? this.#main : this.store.currentRevision;
  }

  get #main(): number {
    return this.store.currentRevision + 1;
  }

  /** Stores a key-value; also an identical one makes a change. */
  put(input: PutInput): void {
    const key = bytesToKey(input.key);
    const revision = { main: this.#main, sub: this.#changes };
    const before = this.store.index.get(key, this.revision);
    const value = this.store.codec.encode({
      key: input.key,
      create_revision: before === undefined ? revision.main : before.created.main,
      mod_revision: revision.main,
      version: before === undefined ? 1 : before.version + 1,
      value: input.value,
      lease: input.lease,
    });
    this.#append(key, revision, { isTombstone: false, value });
    const oldLease = before === undefined ? NO_LEASE : this.store.leases.leaseOf(key);
    if (oldLease === input.lease) return;
    if (oldLease !== NO_LEASE) this.store.leases.detach(oldLease, key);
    if (input.lease !== NO_LEASE) this.store.leases.attach(input.lease, key);
  }

  /** Deletes the live keys of `range`, in key order, one change each; returns how many there were. */
  deleteRange(range: KeyRange): number {
    const doomed: Key[] = [];
    this.store.index.visit(range, this.revision, (key) => {
      doomed.push(key);
      return true;
    });
    for (const key of doomed) {
      const revision = { main: this.#main, sub: this.#changes };
      this.#append(key, revision, { isTombstone: true, value: this.store.codec.encode(tombstoneOf(key)) });
      const lease = this.store.leases.leaseOf(key);
      if (lease !== NO_LEASE) this.store.leases.detach(lease, key);
    }
    return doomed.length;
  }

  /** Publishes the changes as one new revision, to watchers too; a transaction without changes leaves the revision as it is. */
  end(): void {
    this.#isEnded = true;
    if (this.#changes === 0) return;
    const main = this.#main;
    this.store.advanceTo(main);
    if (this.#watched !== undefined) this.store.watchers?.notify(main, this.#watched);
  }

  #append(key: Key, revision: Revision, change: { readonly isTombstone: boolean; readonly value: Uint8Array }): void {
    assert(!this.#isEnded, 'a write after the end of its transaction');
    this.store.log.append({ revision, ...change });
    if (change.isTombstone) this.store.index.tombstone(key, revision);
    else this.store.index.put(key, revision);
    this.#watched?.push({ key, revision, ...change });
    this.#changes++;
  }
}

function tombstoneOf(key: Key): KeyValue {
  return { key: keyToBytes(key), create_revision: 0, mod_revision: 0, version: 0, value: EMPTY, lease: NO_LEASE };
}
