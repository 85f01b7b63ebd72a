// Leases in the database: what is granted, not when it ends (spec/storage.md 9.7–9.9). Mirrors etcd's schema/lease.go.

import { codecs } from '../../../proto/load.ts';
import type { Backend } from '../backend/backend.ts';
import { Buckets } from './buckets.ts';

export interface StoredLease {
  readonly id: bigint;
  /** Seconds. */
  readonly ttl: number;
  /** Seconds that were left at the last checkpoint; 0 = there was none, or it is not kept. */
  readonly remainingTtl: number;
}

export function putLease(backend: Backend, { id, ttl, remainingTtl }: StoredLease): void {
  const value = codecs['leasepb.Lease'].encode({ ID: id, TTL: ttl, RemainingTTL: remainingTtl });
  backend.put(Buckets.lease, leaseKey(id), value);
}

export function deleteLease(backend: Backend, id: bigint): void {
  backend.delete(Buckets.lease, leaseKey(id));
}

export function readLeases(backend: Backend): StoredLease[] {
  const leases: StoredLease[] = [];
  backend.scan(Buckets.lease, new Uint8Array(0), (_key, value) => {
    const { ID: id, TTL: ttl, RemainingTTL: remainingTtl } = codecs['leasepb.Lease'].decode(value);
    leases.push({ id, ttl, remainingTtl });
    return true;
  });
  return leases;
}

function leaseKey(id: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, id);
  return bytes;
}
