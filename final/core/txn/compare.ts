// The conditions of a transaction, evaluated against the newest revision (spec/rpc.md 6.5, "Compare semantics").

import {
  type Compare,
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  type KeyValue,
} from '../../../proto/schema.ts';
import { compareBytes, keyRange } from '../keys.ts';
import { NO_LEASE, type StoreReader } from '../mvcc/kvstore_txn.ts';

const NO_BYTES = new Uint8Array(0);
// What a missing key is compared as.
const ZERO: KeyValue = {
  key: NO_BYTES,
  create_revision: 0,
  mod_revision: 0,
  version: 0,
  value: NO_BYTES,
  lease: NO_LEASE,
};

/** Whether every compare holds; an empty list holds. */
export function allHold(reader: StoreReader, compares: readonly Compare[]): boolean {
  return compares.every((compare) => holds(reader, compare));
}

// A range holds when each of its keys does. Without a key, a compare of values is false whatever the operator.
function holds(reader: StoreReader, compare: Compare): boolean {
  const range = keyRange(compare.key, compare.range_end);
  const { kvs } = reader.range(range, { revision: 0, limit: 0, countOnly: false });
  if (kvs.length > 0) return kvs.every((kv) => holdsFor(kv, compare));
  return compare.target !== Target.VALUE && holdsFor(ZERO, compare);
}

function holdsFor(kv: KeyValue, compare: Compare): boolean {
  const order = orderOf(kv, compare);
  switch (compare.result) {
    case Result.EQUAL:
      return order === 0;
    case Result.NOT_EQUAL:
      return order !== 0;
    case Result.GREATER:
      return order > 0;
    case Result.LESS:
      return order < 0;
    default: // an undefined operator holds, as on etcd
      return true;
  }
}

// The operand is the member that belongs to the target; when another one is set it counts as zero.
function orderOf(kv: KeyValue, compare: Compare): number {
  switch (compare.target) {
    case Target.VERSION:
      return kv.version - (compare.version ?? 0);
    case Target.CREATE:
      return kv.create_revision - (compare.create_revision ?? 0);
    case Target.MOD:
      return kv.mod_revision - (compare.mod_revision ?? 0);
    case Target.VALUE:
      return compareBytes(kv.value, compare.value ?? NO_BYTES);
    case Target.LEASE: {
      const operand = compare.lease ?? NO_LEASE;
      return kv.lease === operand ? 0 : kv.lease > operand ? 1 : -1;
    }
    default: // an undefined target compares as equal, as on etcd
      return 0;
  }
}
