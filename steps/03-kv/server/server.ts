// The member: what it stores, who it is, and the operations that the API layer offers to clients. Mirrors etcd's
// etcdserver/server.go and v3_server.go.

import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
} from '../../../proto/schema.ts';
import { KVStore } from '../core/mvcc/kvstore.ts';
import { executeRange } from '../core/txn/range.ts';
import { Applier } from './apply.ts';
import { type Cluster, newCluster } from './cluster.ts';

// The term that a fresh member of one reaches before it serves.
const FIRST_TERM = 2;

export class EtcdServer {
  readonly cluster: Cluster;
  readonly #store = new KVStore();
  readonly #applier = new Applier(this.#store);

  /** `peerUrls`: where other members would reach this one; its IDs follow from them. */
  constructor(peerUrls: readonly string[]) {
    this.cluster = newCluster(peerUrls);
  }

  /** What every response header says of this member. */
  header(): ResponseHeader {
    return {
      cluster_id: this.cluster.id,
      member_id: this.cluster.localMemberId,
      revision: this.#store.currentRevision,
      raft_term: FIRST_TERM,
    };
  }

  /** Reads. */
  range(request: RangeRequest): RangeResponse {
    return this.#withHeader(executeRange(this.#store, request));
  }

  /** Writes one key. */
  put(request: PutRequest): PutResponse {
    return this.#withHeader(this.#applier.put(request));
  }

  /** Deletes the keys of a range. */
  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    return this.#withHeader(this.#applier.deleteRange(request));
  }

  #withHeader<R extends { header: ResponseHeader | undefined }>(response: R): R {
    response.header = this.header();
    return response;
  }
}
