// What locks and elections need of etcd. A client of a cluster is one; the server, whose Lock and Election services run the
// same locks and elections on its own store, is another.
//
// Common to all calls: when `signal` is aborted they end at once and throw its reason. A change that was on its way then may
// still be made.

import type { Init } from '../../../proto/load.ts';
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseRevokeResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
  WatchCreateRequest,
  WatchResponse,
} from '../../../proto/schema.ts';

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Keys. Reads are linearizable unless the request says otherwise. */
export interface KeyStore {
  range(request: Init<RangeRequest>, options?: WaitOptions): Promise<RangeResponse>;
  txn(request: Init<TxnRequest>, options?: WaitOptions): Promise<TxnResponse>;
  deleteRange(request: Init<DeleteRangeRequest>, options?: WaitOptions): Promise<DeleteRangeResponse>;
  /**
   * @returns answers with events, without those for `created`; the one with `canceled` is the last. Who stops reading ends
   *   the watch.
   */
  watch(request: Init<WatchCreateRequest>, options?: WaitOptions): AsyncIterable<WatchResponse>;
}

/** Leases. */
export interface LeaseStore {
  /** @param ttl seconds */
  leaseGrant(ttl: number, options?: WaitOptions): Promise<LeaseGrantResponse>;
  leaseRevoke(ID: bigint, options?: WaitOptions): Promise<LeaseRevokeResponse>;
  /**
   * Renews the lease until the signal is aborted, whether or not the answers are read.
   *
   * @returns the answers; they end when the lease is lost
   */
  leaseKeepAlive(ID: bigint, options?: WaitOptions): AsyncIterable<LeaseKeepAliveResponse>;
}

/** On whose behalf keys are made: they go with the lease. */
export interface Holder {
  readonly store: KeyStore;
  readonly lease: bigint;
}
