// Members and the cluster version in the database (spec/storage.md 9.15–9.17). etcd 3.5 reads them from the raft snapshot and
// the log; newer ones read them here. Mirrors etcd's schema/membership.go.

import { keyToBytes } from '../../core/keys.ts';
import type { Backend } from '../backend/backend.ts';
import { Buckets } from './buckets.ts';

const CLUSTER_VERSION = keyToBytes('clusterVersion');
const REMOVED = keyToBytes('removed');

/** `json`: the member as member_json.ts writes it. */
export function putMember(backend: Backend, id: bigint, json: string): void {
  backend.put(Buckets.members, memberKey(id), new TextEncoder().encode(json));
}

/** Takes a member out and remembers that it was one. */
export function removeMember(backend: Backend, id: bigint): void {
  backend.delete(Buckets.members, memberKey(id));
  backend.put(Buckets.membersRemoved, memberKey(id), REMOVED);
}

export function putClusterVersion(backend: Backend, version: string): void {
  backend.put(Buckets.cluster, CLUSTER_VERSION, keyToBytes(version));
}

/** `3.5.0`, or undefined in a database that never had one. */
export function readClusterVersion(backend: Backend): string | undefined {
  const bytes = backend.get(Buckets.cluster, CLUSTER_VERSION);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

function memberKey(id: bigint): Uint8Array {
  return keyToBytes(id.toString(16));
}
