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
import { KVStore } from '../core/mvcc/kvstore.ts';
import { executeRange } from '../core/txn/range.ts';
import type { Wal } from '../storage/wal/wal.ts';
import { Applier } from './apply.ts';
import type { Bootstrapped } from './bootstrap.ts';
import type { Cluster } from './cluster.ts';
import { IdGenerator } from './id_generator.ts';
import { encodeProposal, type Proposal } from './propose.ts';

export class EtcdServer {
  readonly cluster: Cluster;
  readonly #store = new KVStore();
  readonly #applier = new Applier(this.#store);
  readonly #wal: Wal;
  readonly #ids: IdGenerator;
  // Each start of a member begins a term.
  readonly #term: number;
  // Index of the last entry of the log.
  #index: number;

  constructor({ cluster, wal, content }: Bootstrapped) {
    this.cluster = cluster;
    this.#wal = wal;
    this.#ids = new IdGenerator(cluster.localMemberId, Date.now());
    this.#index = content.entries.at(-1)?.Index ?? 0;
    this.#term = content.hardState.term + 1;
    for (const { Type, Data } of content.entries) {
      if (Type !== RaftEntryType.EntryNormal || Data === undefined) continue;
      this.#apply(codecs['etcdserverpb.InternalRaftRequest'].decode(Data));
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

  /** The member that leads. */
  get leader(): bigint {
    return this.cluster.localMemberId;
  }

  /** The term, the index of the last committed entry, and that of the last one applied. */
  raftStatus(): { readonly term: number; readonly index: number; readonly applied: number } {
    return { term: this.#term, index: this.#index, applied: this.#index };
  }

  /** Reads. */
  range(request: RangeRequest): RangeResponse {
    return this.#withHeader(executeRange(this.#store, request));
  }

  /** Writes one key. */
  put(request: PutRequest): PutResponse {
    return this.#propose({ put: request }) as PutResponse;
  }

  /** Deletes the keys of a range. */
  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    return this.#propose({ delete_range: request }) as DeleteRangeResponse;
  }

  /** Ends it; what was acknowledged is on the disk already. */
  stop(): void {
    this.#wal.close();
  }

  #withHeader<R extends { header: ResponseHeader | undefined }>(response: R): R {
    response.header = this.header();
    return response;
  }

  // A change is in the log, and the log on the disk, before it is applied, and so before anybody hears of it.
  #propose(proposal: Proposal): unknown {
    this.#append(encodeProposal(proposal, this.#ids.next()));
    return this.#apply(proposal);
  }

  #apply(request: Proposal): unknown {
    return this.#withHeader(this.#applier.apply(request) as { header: ResponseHeader | undefined });
  }

  #append(data: Uint8Array | undefined): void {
    this.#index++;
    const entry = { Type: RaftEntryType.EntryNormal, Term: this.#term, Index: this.#index, Data: data };
    try {
      this.#wal.save({ term: this.#term, vote: this.cluster.localMemberId, commit: this.#index }, [entry]);
    } catch (error) {
      crash(error);
    }
  }
}

// What a failed write has left on the disk nobody knows: the process ends at once, and its next start looks.
function crash(error: unknown): never {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
}
