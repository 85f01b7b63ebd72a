// What a member asks others over HTTP, beside the messages of raft: who the members are, which version they have, and what only
// the leader can answer. transport/etcdhttp/peer_client.ts is the real one; a simulation brings its own.

import type { Member } from './cluster.ts';

/** Each call rejects with an Error when the peer cannot be reached, or with an EtcdError that the peer has answered. */
export interface PeerCalls {
  fetchMembers(url: string, timeoutMs: number): Promise<{ readonly clusterId: bigint; readonly members: Member[] }>;
  /** `cluster` is `not_decided` as long as the members have not agreed. */
  fetchVersion(url: string, timeoutMs: number): Promise<{ readonly server: string; readonly cluster: string }>;
  promote(url: string, id: bigint, timeoutMs: number): Promise<Member[]>;
  /** Returns the TTL in seconds. */
  renewLease(url: string, id: bigint, timeoutMs: number): Promise<number>;
  leaseTimes(
    url: string,
    lease: { readonly id: bigint; readonly withKeys: boolean },
    timeoutMs: number,
  ): Promise<{ readonly ttl: number; readonly grantedTtl: number; readonly keys: Uint8Array[] }>;
}
