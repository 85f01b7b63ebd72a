// The headers by which members know each other. Mirrors etcd's rafthttp/util.go.

import { ETCD_VERSION } from '../../version.ts';

/** Who we are, as every request to a peer says. */
export interface LocalMember {
  readonly id: bigint;
  readonly clusterId: bigint;
  /** Where others reach us. */
  readonly peerUrls: readonly string[];
}

/** IDs in headers: hexadecimal without leading zeros. */
export function hexId(id: bigint): string {
  return id.toString(16);
}

/** Headers of a request to a peer. */
export function peerHeaders(local: LocalMember): Record<string, string> {
  return {
    'X-Etcd-Cluster-Id': hexId(local.clusterId),
    'X-Min-Cluster-Version': '3.0.0',
    'X-Peerurls': local.peerUrls.join(','),
    'X-Server-From': hexId(local.id),
    'X-Server-Version': ETCD_VERSION,
  };
}
