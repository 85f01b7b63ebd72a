// The multi-version store: every revision of every key stays readable until it is compacted. Mirrors etcd's
// mvcc/kvstore.go. It keeps the current and the compact revision; reads and writes go through kvstore_txn.ts.
//
//   put a=1       revision 2    a: create 2, mod 2, version 1
//   put a=2       revision 3    a: create 2, mod 3, version 2
//   delete a      revision 4
//   compact 3                   a at 3 is still 2; a at 2 is ErrCompacted

import type { KeyValue } from '../../../proto/schema.ts';
import { EtcdError } from '../errors.ts';
import type { LeaseAttachments } from '../lease/lessor.ts';
import { hashChanges, type KeyValueHash } from './hash.ts';
import { TreeIndex } from './index.ts';
import { revisionId } from './key_index.ts';
import { StoreReader, StoreWriter } from './kvstore_txn.ts';
import { RevisionLog } from './revision_log.ts';

export interface KVStoreOptions {
  /** The lessor's side of the store: told which key hangs on which lease. */
  readonly leases: LeaseAttachments;
  /** The protobuf bytes of a KeyValue; hashes are computed over them. */
  readonly encodeKeyValue: (kv: KeyValue) => Uint8Array;
}

export class KVStore {
  readonly index = new TreeIndex();
  readonly log = new RevisionLog();
  readonly leases: LeaseAttachments;
  readonly #encodeKeyValue: (kv: KeyValue) => Uint8Array;
  #currentRevision = 1;
  #compactRevision = -1;
  #reader = new StoreReader(this);

  constructor(options: KVStoreOptions) {
    this.leases = options.leases;
    this.#encodeKeyValue = options.encodeKeyValue;
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
   * Makes revisions below `revision` unreadable and frees them. Errors: Compacted when it is not above the last
   * compact revision, FutureRev when it is above the current one (spec/rpc.md 6.7).
   */
  compact(revision: number): void {
    if (revision <= this.#compactRevision) throw new EtcdError('Compacted');
    if (revision > this.#currentRevision) throw new EtcdError('FutureRev');
    this.#compactRevision = revision;
    const kept = this.index.compact(revision);
    this.log.retain((change) => change.revision.main > revision || kept.has(revisionId(change.revision)));
  }

  /**
   * The hash of all changes up to `revision` that a compaction would leave; ≤ 0 is special: 0 = the current revision,
   * below 0 = nothing. Equal histories give equal hashes on every member. Errors: Compacted, FutureRev (spec/rpc.md 17.3).
   */
  hashByRevision(revision: number): KeyValueHash {
    if (revision > 0 && revision < this.#compactRevision) throw new EtcdError('Compacted');
    if (revision > this.#currentRevision) throw new EtcdError('FutureRev');
    const upTo = revision === 0 ? this.#currentRevision : revision;
    return hashChanges({
      changes: this.log,
      upTo,
      compactRevision: this.#compactRevision,
      kept: this.index.keep(upTo),
      encodeKeyValue: this.#encodeKeyValue,
    });
  }
}
