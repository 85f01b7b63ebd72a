// What a request must satisfy before it is proposed: the checks of the API layer, in etcd's order. They look at the
// request alone, never at the store. Mirrors etcd's api/v3rpc/key.go.

import type { DeleteRangeRequest, PutRequest, RangeRequest } from '../../../../proto/schema.ts';
import { EtcdError } from '../errors.ts';

// The largest number of RangeRequest.SortTarget. A target above it crashes etcd 3.4 and 3.5; 3.6 refuses it, as we do.
const MAX_SORT_TARGET = 4;

/** Errors: EmptyKey, InvalidSortOption. An undefined sort order is accepted and means key order, as in 3.5. */
export function checkRange(request: RangeRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
  if (request.sort_target < 0 || request.sort_target > MAX_SORT_TARGET) throw new EtcdError('InvalidSortOption');
}

/** Error: EmptyKey. */
export function checkPut(request: PutRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
}

/** Error: EmptyKey. */
export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
}
