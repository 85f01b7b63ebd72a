// The headers by which members know each other, and what is checked of them (spec/raft.md C3, C4). Mirrors the checks of
// etcd's rafthttp/util.go.

import type http from 'node:http';
import { ETCD_VERSION } from '../../version.ts';

/** Who we are, as every request to a peer says. */
export interface LocalMember {
  readonly id: bigint;
  readonly clusterId: bigint;
  /** Where others reach us. */
  readonly peerUrls: readonly string[];
}

/** The oldest members that we can be in one cluster with. */
export const MIN_CLUSTER_VERSION = '3.0.0';

// A member that does not say its version is taken for this one.
const VERSION_WITHOUT_HEADER = '2.0.0';

// The first version whose streams have the form of today.
const MIN_STREAM_VERSION = '2.1.0';

/** IDs in headers and paths: hexadecimal without leading zeros. */
export function hexId(id: bigint): string {
  return id.toString(16);
}

/** Reads an ID of up to 64 bits; undefined when it is none. */
export function parseHexId(text: string): bigint | undefined {
  if (!/^[0-9a-fA-F]+$/.test(text)) return undefined;
  const id = BigInt(`0x${text}`);
  return id < 2n ** 64n ? id : undefined;
}

/** Headers of a request to a peer. */
export function peerHeaders(local: LocalMember): Record<string, string> {
  return {
    'X-Etcd-Cluster-Id': hexId(local.clusterId),
    'X-Min-Cluster-Version': MIN_CLUSTER_VERSION,
    'X-Peerurls': local.peerUrls.join(','),
    'X-Server-From': hexId(local.id),
    'X-Server-Version': ETCD_VERSION,
  };
}

/** Why a request with these headers is refused with status 412; undefined when it may pass. */
export function incompatibility(headers: http.IncomingHttpHeaders, local: LocalMember): string | undefined {
  const server = headerOf(headers, 'x-server-version') ?? VERSION_WITHOUT_HEADER;
  const minCluster = headerOf(headers, 'x-min-cluster-version') ?? VERSION_WITHOUT_HEADER;
  const isCompatible = isAtLeast(server, MIN_CLUSTER_VERSION) && isAtLeast(ETCD_VERSION, minCluster);
  if (!isCompatible) return 'incompatible version';
  if (headerOf(headers, 'x-etcd-cluster-id') !== hexId(local.clusterId)) return 'cluster ID mismatch';
  return undefined;
}

/** Whether the member that answered with these headers has streams that we can read. */
export function hasKnownStreams(headers: http.IncomingHttpHeaders): boolean {
  return isAtLeast(headerOf(headers, 'x-server-version') ?? VERSION_WITHOUT_HEADER, MIN_STREAM_VERSION);
}

/** A header that is given once; an empty one is none. */
export function headerOf(headers: http.IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

// Patch numbers do not count. What is no version is never enough, nor ever reached.
function isAtLeast(version: string, least: string): boolean {
  const [major, minor] = parseVersion(version) ?? [-1, -1];
  const [leastMajor, leastMinor] = parseVersion(least) ?? [Infinity, 0];
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

function parseVersion(text: string): readonly [number, number] | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.\d/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}
