// What the Lock and the Election service have in common: leases of their own, and errors that are texts without a code
// (spec/rpc.md 12).

import { ConcurrencyError } from '../../client/concurrency/errors.ts';
import { EtcdError } from '../../core/errors.ts';
import { Code, StatusError } from '../../transport/grpc/status.ts';
import type { InProcessStore } from './in_process_store.ts';
import { RPC_STATUS } from './rpctypes.ts';

/** Seconds of a lease that is granted to a caller without one. Nobody renews it, and nobody revokes it either. */
const SESSION_TTL = 60;

/** The lease of the caller, or a new one for 0. Errors: those of a grant. */
export async function leaseFor(store: InProcessStore, lease: bigint, signal: AbortSignal): Promise<bigint> {
  return lease === 0n ? (await store.leaseGrant(SESSION_TTL, { signal })).ID : lease;
}

/**
 * Runs a call of these services. What is expected to fail becomes Unknown with the text of etcd, whatever its code is
 * elsewhere: the server is its own client here, and does not translate the answer back.
 */
export async function withPlainErrors<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof EtcdError) throw new StatusError(Code.Unknown, RPC_STATUS[error.kind].message);
    if (error instanceof ConcurrencyError) throw new StatusError(Code.Unknown, error.message);
    // The caller has gone, and reads no status any more.
    if (signal.aborted && error === signal.reason) throw new StatusError(Code.Canceled, 'context canceled');
    throw error;
  }
}
