// What a request must satisfy before it is proposed: the checks of the API layer, in etcd's order (spec/rpc.md 6.3–6.6).
// They look at the request alone, never at the store. Mirrors etcd's api/v3rpc/key.go.

import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../../proto/schema.ts';
import { EtcdError } from '../errors.ts';
import { checkOverlap } from './overlap.ts';

// The largest number of RangeRequest.SortTarget. A target above it crashes etcd 3.4 and 3.5; 3.6 refuses it, as we do.
const MAX_SORT_TARGET = 4;

/** Errors: EmptyKey, InvalidSortOption. An undefined sort order is accepted and means key order, as in 3.5. */
export function checkRange(request: RangeRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
  if (request.sort_target < 0 || request.sort_target > MAX_SORT_TARGET) throw new EtcdError('InvalidSortOption');
}

/** Errors: EmptyKey, ValueProvided, LeaseProvided. */
export function checkPut(request: PutRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
  if (request.ignore_value && request.value.length > 0) throw new EtcdError('ValueProvided');
  if (request.ignore_lease && request.lease !== 0n) throw new EtcdError('LeaseProvided');
}

/** Error: EmptyKey. */
export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
}

/**
 * Checks a whole transaction. `maxOps` bounds compares, success and failure operations separately; a nested transaction
 * has what its parent left over. Errors: TooManyOps, those of the operations, KeyNotFound for an operation with nothing
 * set, DuplicateKey (spec/rpc.md 6.5).
 */
export function checkTxn(request: TxnRequest, maxOps: number): void {
  checkTxnLevel(request, maxOps);
  checkOverlap(request.success);
  checkOverlap(request.failure);
}

function checkTxnLevel(request: TxnRequest, maxOps: number): void {
  const used = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (used > maxOps) throw new EtcdError('TooManyOps');
  for (const compare of request.compare) checkCompare(compare);
  for (const op of request.success) checkOp(op, maxOps - used);
  for (const op of request.failure) checkOp(op, maxOps - used);
}

function checkCompare(compare: Compare): void {
  if (compare.key.length === 0) throw new EtcdError('EmptyKey');
}

function checkOp(op: RequestOp, opsLeft: number): void {
  if (op.request_range !== undefined) checkRange(op.request_range);
  else if (op.request_put !== undefined) checkPut(op.request_put);
  else if (op.request_delete_range !== undefined) checkDeleteRange(op.request_delete_range);
  else if (op.request_txn !== undefined) checkTxnLevel(op.request_txn, opsLeft);
  else throw new EtcdError('KeyNotFound');
}
