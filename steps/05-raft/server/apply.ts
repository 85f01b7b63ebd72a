// Carries out changes of what the member stores. Mirrors etcd's etcdserver/apply.go.

import type { DeleteRangeRequest, DeleteRangeResponse, PutRequest, PutResponse } from '../../../proto/schema.ts';
import { keyRange } from '../core/keys.ts';
import type { KVStore } from '../core/mvcc/kvstore.ts';
import { executeRange } from '../core/txn/range.ts';
import type { Proposal } from './propose.ts';

export class Applier {
  readonly #store: KVStore;

  constructor(store: KVStore) {
    this.#store = store;
  }

  /** Applies a request of the log and returns its result. Throws an Error for a kind that is not known. */
  apply(request: Proposal): unknown {
    if (request.range !== undefined) return executeRange(this.#store, request.range);
    if (request.put !== undefined) return this.put(request.put);
    if (request.delete_range !== undefined) return this.deleteRange(request.delete_range);
    throw new Error('the log holds a request of a kind that is not yet implemented');
  }

  put(request: PutRequest): PutResponse {
    const before = this.#store.put(request);
    return { header: undefined, prev_kv: request.prev_kv ? before : undefined };
  }

  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    const deleted = this.#store.deleteRange(keyRange(request.key, request.range_end));
    return { header: undefined, deleted: deleted.length, prev_kvs: request.prev_kv ? deleted : [] };
  }
}
