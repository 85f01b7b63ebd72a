// The member: what it stores, who it is, and the operations that the API layer offers to clients. Mirrors etcd's
// etcdserver/server.go and v3_server.go.

import { codecs } from '../../../proto/load.ts';
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
} from '../../../proto/schema.ts';
import { RaftEntryType } from '../../../proto/schema.ts';
import { keyRange } from '../core/keys.ts';
import { KVStore } from '../core/mvcc/kvstore.ts';
import { executeRange } from '../core/txn/range.ts';
import type { Wal } from '../storage/wal/wal.ts';
import { bootstrap, type BootstrapOptions } from './bootstrap.ts';
import type { Cluster } from './cluster.ts';
import { encodeProposal, type Proposal } from './propose.ts';

export class EtcdServer {
  readonly cluster: Cluster;
  readonly #store = new KVStore();
  readonly #wal: Wal;
  // Each start of a member begins a term.
  readonly #term: number;
  // Index of the last entry of the log.
  #index: number;

  /** Opens the log and applies what it holds. Throws an Error when it is damaged. */
  constructor(options: BootstrapOptions) {
    const { cluster, wal, content } = bootstrap(options);
    this.cluster = cluster;
    this.#wal = wal;
    this.#index = content.entries.at(-1)?.Index ?? 0;
    this.#term = content.hardState.term + 1;
    for (const { Type, Data } of content.entries) {
      if (Type === RaftEntryType.EntryNormal && Data !== undefined) this.#replay(Data);
    }
    this.#append(undefined);
  }

  /** What every response header says of this member. */
  header(): ResponseHeader {
    return {
      cluster_id: this.cluster.id,
      member_id: this.cluster.localMemberId,
      revision: this.#store.currentRevision,
      raft_term: this.#term,
    };
  }

  /** Reads. */
  range(request: RangeRequest): RangeResponse {
    return executeRange(this.#store, request);
  }

  /** Writes one key. */
  put(request: PutRequest): PutResponse {
    this.#propose({ put: request });
    return this.#applyPut(request);
  }

  /** Deletes the keys of a range. */
  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    this.#propose({ delete_range: request });
    return this.#applyDeleteRange(request);
  }

  /** Ends it; what was acknowledged is on the disk already. */
  stop(): void {
    this.#wal.close();
  }

  #applyPut(request: PutRequest): PutResponse {
    const before = this.#store.put(request);
    return { header: undefined, prev_kv: request.prev_kv ? before : undefined };
  }

  #applyDeleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    const deleted = this.#store.deleteRange(keyRange(request.key, request.range_end));
    return { header: undefined, deleted: deleted.length, prev_kvs: request.prev_kv ? deleted : [] };
  }

  // A change is in the log, and the log on the disk, before it is applied, and so before anybody hears of it.
  #propose(proposal: Proposal): void {
    this.#append(encodeProposal(proposal, BigInt(this.#index + 1)));
  }

  #append(data: Uint8Array | undefined): void {
    this.#index++;
    const entry = { Type: RaftEntryType.EntryNormal, Term: this.#term, Index: this.#index, Data: data };
    this.#wal.save({ term: this.#term, vote: this.cluster.localMemberId, commit: this.#index }, [entry]);
  }

  #replay(data: Uint8Array): void {
    const { put, delete_range } = codecs['etcdserverpb.InternalRaftRequest'].decode(data);
    if (put !== undefined) this.#applyPut(put);
    if (delete_range !== undefined) this.#applyDeleteRange(delete_range);
  }
}
