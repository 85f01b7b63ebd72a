// Short forms for the operations of a txn.

import type { Init } from '../../proto/load.ts';
import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '../../proto/schema.ts';

/** A put as an operation. */
export function putOp(request: Init<PutRequest>): Init<RequestOp> {
  return { request_put: request };
}

/** A range as an operation. */
export function rangeOp(request: Init<RangeRequest>): Init<RequestOp> {
  return { request_range: request };
}

/** A delete as an operation. */
export function deleteOp(request: Init<DeleteRangeRequest>): Init<RequestOp> {
  return { request_delete_range: request };
}

/** A txn as an operation. */
export function nested(request: Init<TxnRequest>): Init<RequestOp> {
  return { request_txn: request };
}
