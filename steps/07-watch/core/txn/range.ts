// Executes a Range: which key-values, in which order, cut where. Mirrors etcd's txn/range.go.

import {
  type KeyValue,
  type RangeRequest,
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
  type RangeResponse,
} from '../../../../proto/schema.ts';
import { compareBytes, keyRange } from '../keys.ts';
import type { KVStore } from '../mvcc/kvstore.ts';

const NO_VALUE = new Uint8Array(0);

/** Reads what `request` asks for. The response has no header. */
export function executeRange(store: KVStore, request: RangeRequest): RangeResponse {
  let kvs = store.range(keyRange(request.key, request.range_end));
  const count = kvs.length;
  if (request.count_only) kvs = [];
  // Without an order etcd reads no further than one key behind the limit, and sorts those.
  if (request.limit > 0 && request.sort_order === SortOrder.NONE) kvs = kvs.slice(0, request.limit + 1);
  sortKeyValues(kvs, request);
  const isCut = request.limit > 0 && kvs.length > request.limit;
  if (isCut) kvs = kvs.slice(0, request.limit);
  if (request.keys_only) kvs = kvs.map((kv) => ({ ...kv, value: NO_VALUE }));
  return { header: undefined, kvs, more: isCut, count };
}

// The key-values come in key order and the sort is stable, so ties stay in ascending key order, also when descending.
function sortKeyValues(kvs: KeyValue[], request: RangeRequest): void {
  const compare = comparators[request.sort_target] as Comparator;
  switch (request.sort_order) {
    case SortOrder.NONE: // a target other than KEY without an order means ascending
    case SortOrder.ASCEND:
      kvs.sort(compare);
      break;
    case SortOrder.DESCEND:
      kvs.sort((a, b) => compare(b, a));
      break;
    default: // an undefined order leaves the key order
  }
}

type Comparator = (a: KeyValue, b: KeyValue) => number;

const comparators: Readonly<Record<number, Comparator>> = {
  [SortTarget.KEY]: (a, b) => compareBytes(a.key, b.key),
  [SortTarget.VERSION]: (a, b) => a.version - b.version,
  [SortTarget.CREATE]: (a, b) => a.create_revision - b.create_revision,
  [SortTarget.MOD]: (a, b) => a.mod_revision - b.mod_revision,
  [SortTarget.VALUE]: (a, b) => compareBytes(a.value, b.value),
};
