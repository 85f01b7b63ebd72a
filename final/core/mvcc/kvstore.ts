// The multi-version store: every revision of every key stays readable until it is compacted. Mirrors etcd's
// mvcc/kvstore.go. It keeps the current and the compact revision; reads and writes go through kvstore_txn.ts.
//
//   put a=1       revision 2    a: create 2, mod 2, version 1
//   put a=2       revision 3    a: create 2, mod 3, version 2
//   delete a      revision 4
//   compact 3                   a at 3 is still 2; a at 2 is ErrCompacted

import type { KeyValue } from '../../../proto/schema.ts';
import { EtcdError } from '../errors.ts';
import { bytesToKey, type Key } from '../keys.ts';
import type { LeaseAttachments } from '../lease/lessor.ts';
import { Compaction } from './compaction.ts';
import { hashChanges, type KeyValueHash } from './hash.ts';
import { TreeIndex } from './index.ts';
import { StoreReader, StoreWriter } from './kvstore_txn.ts';
import type { RevisionLog } from './revision_log.ts';
import type { Change } from './watch_event.ts';

/** The protobuf form of a key-value: records of the log are made of it, and hashes are computed over it. */
export interface KeyValueCodec {
  encode(kv: KeyValue): Uint8Array;
  decode(bytes: Uint8Array): KeyValue;
}

/** Told of every write, before anybody can read it. */
export interface WriteObserver {
  /** Whether it wants to hear of a write that begins now. */
  readonly isWatched: boolean;
  /** A write transaction has made `changes`, in this order, with the main revision `main`. It must not write. */
  notify(main: number, changes: readonly Change[]): void;
}

export interface KVStoreOptions {
  readonly log: RevisionLog;
  /** The lessor's side of the store: told which key hangs on which lease. */
  readonly leases: LeaseAttachments;
  readonly codec: KeyValueCodec;
  /** The hub of the watchers, where there are any. */
  readonly watchers?: WriteObserver;
}

/** How far compactions had come when the store was closed; 0 = there was none. */
export interface CompactionMarks {
  readonly scheduled: number;
  readonly finished: number;
}

export class KVStore {
  readonly index = new TreeIndex();
  readonly log: RevisionLog;
  readonly leases: LeaseAttachments;
  readonly codec: KeyValueCodec;
  readonly watchers: WriteObserver | undefined;
  #currentRevision = 1;
  #compactRevision = -1;
  #reader = new StoreReader(this);

  constructor(options: KVStoreOptions) {
    this.log = options.log;
    this.leases = options.leases;
    this.codec = options.codec;
    this.watchers = options.watchers;
  }

  /** Main revision of the last write; 1 on an empty store (spec/rpc.md 6.1). */
  get currentRevision(): number {
    return this.#currentRevision;
  }

  /** The newest compacted revision: reads below it fail. −1 before the first compaction. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** A view of the store for reads; it always sees the newest writes. */
  read(): StoreReader {
    return this.#reader;
  }

  /** Begins the one write transaction. It must be ended before anything else reads or writes. */
  write(): StoreWriter {
    return new StoreWriter(this);
  }

  /** Publishes `revision` as current; called by a writer that changed something. */
  advanceTo(revision: number): void {
    this.#currentRevision = revision;
  }

  /**
   * Builds index and revisions from the log at a start, on a new store, and hangs the keys on their leases. Returns the
   * compaction that a crash interrupted, if there was one: it has to be run again (spec/storage.md 10.14–10.17).
   */
  restore(marks: CompactionMarks): Compaction | undefined {
    if (marks.finished > 0) this.#compactRevision = marks.finished;
    const leaseByKey = new Map<Key, bigint>();
    this.log.scan({ main: 1, sub: 0 }, ({ revision, isTombstone, value }) => {
      const kv = this.codec.decode(value);
      const key = bytesToKey(kv.key);
      const { create_revision: createRevision, version } = kv;
      this.index.restore(key, { revision, isTombstone, createRevision, version });
      if (kv.lease === 0n) leaseByKey.delete(key);
      else leaseByKey.set(key, kv.lease);
      this.#currentRevision = revision.main;
      return true;
    });
    this.#currentRevision = Math.max(this.#currentRevision, marks.finished, marks.scheduled);
    for (const [key, lease] of leaseByKey) this.leases.restore(lease, key);
    return marks.scheduled > marks.finished ? this.#beginCompaction(marks.scheduled) : undefined;
  }

  /**
   * Makes revisions below `revision` unreadable, and returns the compaction that frees them. Errors: Compacted when it is
   * not above the last compact revision, FutureRev when it is above the current one (spec/rpc.md 6.7).
   */
  compact(revision: number): Compaction {
    if (revision <= this.#compactRevision) throw new EtcdError('Compacted');
    if (revision > this.#currentRevision) throw new EtcdError('FutureRev');
    return this.#beginCompaction(revision);
  }

  /**
   * The hash of all changes up to `revision` that a compaction would leave; ≤ 0 is special: 0 = the current revision,
   * below 0 = nothing. Equal histories give equal hashes on every member. Errors: Compacted, FutureRev (spec/rpc.md 17.3).
   */
  hashByRevision(revision: number): KeyValueHash {
    if (revision > 0 && revision < this.#compactRevision) throw new EtcdError('Compacted');
    if (revision > this.#currentRevision) throw new EtcdError('FutureRev');
    const upTo = revision === 0 ? this.#currentRevision : revision;
    const kept = this.index.keep(upTo);
    return hashChanges({ log: this.log, upTo, compactRevision: this.#compactRevision, kept });
  }

  #beginCompaction(revision: number): Compaction {
    this.#compactRevision = revision;
    return new Compaction({ index: this.index, log: this.log, revision });
  }
}
