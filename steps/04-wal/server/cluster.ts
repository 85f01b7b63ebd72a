// The cluster and the IDs that follow from the peer URLs of its members. Mirrors etcd's membership/cluster.go.

import { createHash } from 'node:crypto';

// Makes the IDs of one cluster unlike those of another that has the same URLs.
const TOKEN = 'etcd-cluster';

export interface Member {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
}

export interface Cluster {
  readonly id: bigint;
  readonly localMemberId: bigint;
}

/** The cluster that one member with these peer URLs begins. */
export function newCluster(peerUrls: readonly string[]): Cluster {
  const id = memberId(peerUrls, TOKEN);
  return { id: clusterId([id]), localMemberId: id };
}

/** First 8 bytes of SHA-1 over the sorted peer URLs and the token, without separators. */
function memberId(peerUrls: readonly string[], token: string): bigint {
  return firstEightBytes([...peerUrls].sort().join('') + token);
}

/** First 8 bytes of SHA-1 over the ascending member IDs, 8 bytes each. */
function clusterId(memberIds: readonly bigint[]): bigint {
  const bytes = Buffer.alloc(memberIds.length * 8);
  [...memberIds].sort((a, b) => (a < b ? -1 : 1)).forEach((id, i) => bytes.writeBigUInt64BE(id, i * 8));
  return firstEightBytes(bytes);
}

function firstEightBytes(data: string | Buffer): bigint {
  return createHash('sha1').update(data).digest().readBigUInt64BE(0);
}
