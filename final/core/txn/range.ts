// Executes a Range: which key-values, in which order, cut where (spec/rpc.md 6.3). Mirrors etcd's txn/range.go.

import {
  type KeyValue,
  type RangeRequest,
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
  type RangeResponse,
} from '../../../proto/schema.ts';
import { compareBytes, keyRange } from '../keys.ts';
import type { StoreReader } from '../mvcc/kvstore_txn.ts';

const NO_VALUE = new Uint8Array(0);

/** Reads what `request` asks for. The response has no header. Errors: FutureRev, Compacted. */
export function executeRange(reader: StoreReader, request: RangeRequest): RangeResponse {
  const isFiltered = hasFilter(request);
  const isOrdered = request.sort_order !== SortOrder.NONE;
  const result = reader.range(keyRange(request.key, request.range_end), {
    revision: request.revision,
    // One more than asked for shows whether there are more; an order or filter has to see everything. A target without an
    // order does not: etcd then sorts what the limit let be read.
    limit: request.limit > 0 && !isOrdered && !isFiltered ? request.limit + 1 : 0,
    countOnly: request.count_only,
  });
  let kvs = result.kvs;
  if (isFiltered) kvs = kvs.filter((kv) => passes(kv, request));
  if (isOrdered || request.sort_target !== SortTarget.KEY) sortKeyValues(kvs, request);
  const isCut = request.limit > 0 && kvs.length > request.limit;
  if (isCut) kvs = kvs.slice(0, request.limit);
  if (request.keys_only) kvs = kvs.map((kv) => ({ ...kv, value: NO_VALUE }));
  return { header: undefined, kvs, more: isCut, count: result.count };
}

function hasFilter(request: RangeRequest): boolean {
  return (
    request.min_mod_revision !== 0 ||
    request.max_mod_revision !== 0 ||
    request.min_create_revision !== 0 ||
    request.max_create_revision !== 0
  );
}

// A bound of 0 is no bound; a negative one is taken at its word.
function passes(kv: KeyValue, request: RangeRequest): boolean {
  return (
    (request.max_mod_revision === 0 || kv.mod_revision <= request.max_mod_revision) &&
    (request.min_mod_revision === 0 || kv.mod_revision >= request.min_mod_revision) &&
    (request.max_create_revision === 0 || kv.create_revision <= request.max_create_revision) &&
    (request.min_create_revision === 0 || kv.create_revision >= request.min_create_revision)
  );
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
