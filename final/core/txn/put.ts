// Executes a Put (spec/rpc.md 6.4). Mirrors etcd's txn/put.go.

import type { KeyValue, PutRequest, PutResponse } from '../../../proto/schema.ts';
import { EtcdError } from '../errors.ts';
import { bytesToKey } from '../keys.ts';
import { NO_LEASE, type StoreWriter } from '../mvcc/kvstore_txn.ts';

/** Tells whether a lease exists. */
export type LeaseLookup = (lease: bigint) => boolean;

/**
 * Checks a single put against the store: first the lease, then the key. A put inside a transaction is checked the other
 * way round (txn.ts). Errors: LeaseNotFound, KeyNotFound.
 */
export function checkPutAgainstStore(writer: StoreWriter, request: PutRequest, leaseExists: LeaseLookup): void {
  if (request.lease !== NO_LEASE && !leaseExists(request.lease)) throw new EtcdError('LeaseNotFound');
  const needsKey = request.ignore_value || request.ignore_lease;
  if (needsKey && writer.get(bytesToKey(request.key)) === undefined) throw new EtcdError('KeyNotFound');
}

/** Writes a checked put. The response has no header. */
export function executePut(writer: StoreWriter, request: PutRequest): PutResponse {
  const needsOld = request.prev_kv || request.ignore_value || request.ignore_lease;
  const old = needsOld ? writer.get(bytesToKey(request.key)) : undefined;
  writer.put({
    key: request.key,
    value: request.ignore_value ? present(old).value : request.value,
    lease: request.ignore_lease ? present(old).lease : request.lease,
  });
  return { header: undefined, prev_kv: request.prev_kv ? old : undefined };
}

function present(old: KeyValue | undefined): KeyValue {
  if (old === undefined) throw new EtcdError('KeyNotFound');
  return old;
}
