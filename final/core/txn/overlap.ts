// Finds a key that one transaction would change twice: put twice, or put and deleted. All changes of a transaction carry
// one revision, so a second change of a key would hide the first. The rules, gaps included, are those that clients
// observe on etcd (spec/rpc.md 6.5, step 5):
//
//   put k, put k                          refused
//   put k, delete [a, z)                  refused, in either order
//   delete [a, z), delete k               accepted
//   nested{then put k, else put k}        accepted: only one of them runs
//   nested{put k}, nested{delete k}       accepted; the other way round it is refused
//   delete from-key a, put k              accepted: such an interval counts as empty here

import type { DeleteRangeRequest, RequestOp } from '../../../proto/schema.ts';
import { EtcdError } from '../errors.ts';
import { inRange, type Key, type KeyRange, keyRange, bytesToKey } from '../keys.ts';

interface Changes {
  readonly puts: Set<Key>;
  readonly deletes: KeyRange[];
}

/** Checks the operations of one branch. Error: DuplicateKey. */
export function checkOverlap(ops: readonly RequestOp[]): void {
  changesOf(ops);
}

function changesOf(ops: readonly RequestOp[]): Changes {
  const changes: Changes = { puts: new Set(), deletes: [] };
  for (const op of ops) {
    if (op.request_delete_range !== undefined) addDelete(changes, op.request_delete_range);
  }
  for (const op of ops) {
    if (op.request_txn === undefined) continue;
    const success = changesOf(op.request_txn.success);
    const failure = changesOf(op.request_txn.failure);
    // Both branches are held against what came before them, not against each other.
    const fresh = new Set<Key>();
    for (const key of [...success.puts, ...failure.puts]) {
      refuseIfChanged(changes, key);
      fresh.add(key);
    }
    for (const key of fresh) changes.puts.add(key);
    changes.deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const op of ops) {
    if (op.request_put === undefined) continue;
    const key = bytesToKey(op.request_put.key);
    refuseIfChanged(changes, key);
    changes.puts.add(key);
  }
  return changes;
}

function addDelete(changes: Changes, request: DeleteRangeRequest): void {
  const range = keyRange(request.key, request.range_end);
  if (range.kind !== 'fromKey') changes.deletes.push(range);
}

function refuseIfChanged(changes: Changes, key: Key): void {
  if (changes.puts.has(key) || changes.deletes.some((range) => inRange(key, range)))
    throw new EtcdError('DuplicateKey');
}
