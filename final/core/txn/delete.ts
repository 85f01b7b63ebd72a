// Executes a DeleteRange (spec/rpc.md 6.6). Mirrors etcd's txn/delete.go.

import type { DeleteRangeRequest, DeleteRangeResponse } from '../../../proto/schema.ts';
import { keyRange } from '../keys.ts';
import type { StoreWriter } from '../mvcc/kvstore_txn.ts';

/** Deletes the keys that `request` names. The response has no header. */
export function executeDeleteRange(writer: StoreWriter, request: DeleteRangeRequest): DeleteRangeResponse {
  const range = keyRange(request.key, request.range_end);
  const prev_kvs = request.prev_kv ? writer.range(range, { revision: 0, limit: 0, countOnly: false }).kvs : [];
  return { header: undefined, deleted: writer.deleteRange(range), prev_kvs };
}
