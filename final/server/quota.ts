// How large the database may become. Mirrors etcd's storage/quota.go (spec/rpc.md 11.1, spec/storage.md 8.7).

import type { PutRequest, RequestOp, TxnRequest } from '../../proto/schema.ts';

/** What --quota-backend-bytes 0 means, in bytes. */
export const DEFAULT_QUOTA_BYTES = 2 * 1024 ** 3;
/** Above this, a warning is logged. */
export const MAX_RECOMMENDED_QUOTA_BYTES = 8 * 1024 ** 3;

// What a change costs beside its keys and values, in bytes.
const PUT_OVERHEAD = 256;
const LEASE_OVERHEAD = 64;

export class Quota {
  readonly #limit: number;
  readonly #size: () => number;

  /** `limit`: bytes; 0 = the default, negative = none. `size`: bytes of the database. */
  constructor(limit: number, size: () => number) {
    this.#limit = limit === 0 ? DEFAULT_QUOTA_BYTES : limit;
    this.#size = size;
  }

  /** Whether a request that costs `bytes` may be done. One that costs nothing always may. */
  allows(bytes: number): boolean {
    return bytes === 0 || this.#limit < 0 || this.#size() + bytes < this.#limit;
  }
}

export function costOfPut({ key, value }: PutRequest): number {
  return PUT_OVERHEAD + key.length + value.length;
}

/** That of the more expensive branch; only puts cost. */
export function costOfTxn({ success, failure }: TxnRequest): number {
  return Math.max(costOfOps(success), costOfOps(failure));
}

export const COST_OF_LEASE = LEASE_OVERHEAD;

function costOfOps(ops: readonly RequestOp[]): number {
  return ops.reduce((sum, { request_put: put, request_txn: txn }) => {
    return sum + (put === undefined ? 0 : costOfPut(put)) + (txn === undefined ? 0 : costOfTxn(txn));
  }, 0);
}
