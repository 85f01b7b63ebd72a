// Carries out changes of what the member stores. Mirrors etcd's etcdserver/apply.go.

import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  PutRequest,
  PutResponse,
} from '../../../proto/schema.ts';
import { keyRange } from '../core/keys.ts';
import { type Lessor, NO_LEASE } from '../core/lease/lessor.ts';
import type { KVStore } from '../core/mvcc/kvstore.ts';
import { executeRange } from '../core/txn/range.ts';
import type { Proposal } from './propose.ts';

export class Applier {
  readonly #store: KVStore;
  readonly #lessor: Lessor;

  constructor(store: KVStore, lessor: Lessor) {
    this.#store = store;
    this.#lessor = lessor;
  }

  /** Applies a request of the log and returns its result. Errors: those of the single requests; an Error for a kind that is not known. */
  apply(request: Proposal): unknown {
    if (request.range !== undefined) return executeRange(this.#store, request.range);
    if (request.put !== undefined) return this.put(request.put);
    if (request.delete_range !== undefined) return this.deleteRange(request.delete_range);
    if (request.lease_grant !== undefined) return this.leaseGrant(request.lease_grant);
    if (request.lease_revoke !== undefined) return this.leaseRevoke(request.lease_revoke);
    throw new Error('the log holds a request of a kind that is not yet implemented');
  }

  /** Error: LeaseNotFound. */
  put(request: PutRequest): PutResponse {
    // A lease that is not there ends the put here, before anything is changed.
    if (request.lease !== NO_LEASE) this.#lessor.get(request.lease);
    const before = this.#store.put(request);
    return { header: undefined, prev_kv: request.prev_kv ? before : undefined };
  }

  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    const deleted = this.#store.deleteRange([keyRange(request.key, request.range_end)]);
    return { header: undefined, deleted: deleted.length, prev_kvs: request.prev_kv ? deleted : [] };
  }

  /** Errors: LeaseTTLTooLarge, LeaseExist. */
  leaseGrant(request: LeaseGrantRequest): LeaseGrantResponse {
    const { id, ttl } = this.#lessor.grant({ id: request.ID, ttl: request.TTL, now: performance.now() });
    return { header: undefined, ID: id, TTL: ttl, error: '' };
  }

  /** Ends a lease and deletes its keys in one revision. Error: LeaseNotFound. */
  leaseRevoke(request: LeaseRevokeRequest): LeaseRevokeResponse {
    const keys = this.#lessor.revoke(request.ID);
    this.#store.deleteRange(keys.map((key) => ({ kind: 'single', key })));
    return { header: undefined };
  }
}
