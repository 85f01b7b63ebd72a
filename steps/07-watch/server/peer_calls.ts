// What a member asks others over HTTP, beside the messages of raft: what only the leader can answer.

import type { LeaseTimes } from './leases.ts';

/** Each call rejects with an Error when the peer cannot be reached, or with an EtcdError that the peer has answered. */
export interface PeerCalls {
  /** Returns the TTL in seconds. */
  renewLease(url: string, id: bigint): Promise<number>;
  leaseTimes(url: string, lease: { readonly id: bigint; readonly withKeys: boolean }): Promise<LeaseTimes>;
}
