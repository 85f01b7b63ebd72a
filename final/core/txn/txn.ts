// Executes a transaction (spec/rpc.md 6.5). Mirrors etcd's txn/txn.go. Three phases: choose the branch of every level
// against the state before the transaction; check what the chosen operations need; run them in order. Nothing has been
// changed when a check fails.

import type { PutRequest, RequestOp, ResponseOp, TxnRequest, TxnResponse } from '../../../proto/schema.ts';
import { EtcdError } from '../errors.ts';
import { bytesToKey, inRange, type KeyRange, keyRange } from '../keys.ts';
import { NO_LEASE, type StoreReader, type StoreWriter } from '../mvcc/kvstore_txn.ts';
import { allHold } from './compare.ts';
import { executeDeleteRange } from './delete.ts';
import { executePut, type LeaseLookup } from './put.ts';
import { executeRange } from './range.ts';

/** A transaction with its branches chosen. `nested` has an entry for each nested transaction of the chosen branch. */
interface Path {
  readonly succeeded: boolean;
  readonly ops: readonly RequestOp[];
  readonly nested: ReadonlyMap<RequestOp, Path>;
}

/** Whether all operations of both branches are ranges; such a transaction is not replicated. A nested one makes it a write. */
export function isReadOnly(request: TxnRequest): boolean {
  const isRange = (op: RequestOp): boolean => op.request_range !== undefined;
  return request.success.every(isRange) && request.failure.every(isRange);
}

/** Whether all operations of both branches may be answered from the local state without asking the leader. */
export function isSerializable(request: TxnRequest): boolean {
  const isLocal = (op: RequestOp): boolean => op.request_range?.serializable === true;
  return request.success.every(isLocal) && request.failure.every(isLocal);
}

/** Runs a read-only transaction. The response has no header. Errors: FutureRev, Compacted. */
export function executeReadTxn(reader: StoreReader, compactRevision: number, request: TxnRequest): TxnResponse {
  const path = choose(reader, request);
  checkRanges(path, reader.revision, compactRevision);
  const responses = path.ops.map((op): ResponseOp => {
    if (op.request_range === undefined) throw new EtcdError('KeyNotFound');
    return { ...NO_RESPONSE, response_range: rangeWithHeader(reader, op.request_range) };
  });
  return { header: undefined, succeeded: path.succeeded, responses };
}

export interface WriteTxnContext {
  readonly writer: StoreWriter;
  readonly compactRevision: number;
  readonly leaseExists: LeaseLookup;
}

/** Runs a transaction that may write. The response has no header. Errors: KeyNotFound, LeaseNotFound, FutureRev, Compacted. */
export function executeWriteTxn(context: WriteTxnContext, request: TxnRequest): TxnResponse {
  const { writer } = context;
  const path = choose(writer, request);
  checkPuts(path, context, []);
  checkRanges(path, writer.revision, context.compactRevision);
  return run(writer, path);
}

// Nested compares are evaluated up front too: they do not see what the outer levels write.
function choose(reader: StoreReader, request: TxnRequest): Path {
  const succeeded = allHold(reader, request.compare);
  const ops = succeeded ? request.success : request.failure;
  const nested = new Map<RequestOp, Path>();
  for (const op of ops) {
    if (op.request_txn !== undefined) nested.set(op, choose(reader, op.request_txn));
  }
  return { succeeded, ops, nested };
}

// `earlier` holds the deletes that run before an operation: a put that keeps the value or lease of its key fails when one
// of them removes the key. etcd checks only the state before the transaction, and would end its process half-way here.
function checkPuts(path: Path, context: WriteTxnContext, earlier: KeyRange[]): void {
  for (const op of path.ops) {
    if (op.request_put !== undefined) checkPut(op.request_put, context, earlier);
    const inner = path.nested.get(op);
    if (inner !== undefined) checkPuts(inner, context, earlier);
    const deleted = op.request_delete_range;
    if (deleted !== undefined) earlier.push(keyRange(deleted.key, deleted.range_end));
  }
}

function checkPut(request: PutRequest, context: WriteTxnContext, earlier: readonly KeyRange[]): void {
  const needsKey = request.ignore_value || request.ignore_lease;
  if (needsKey) {
    const key = bytesToKey(request.key);
    const isGone = context.writer.get(key) === undefined || earlier.some((range) => inRange(key, range));
    if (isGone) throw new EtcdError('KeyNotFound');
  }
  if (request.lease !== NO_LEASE && !context.leaseExists(request.lease)) throw new EtcdError('LeaseNotFound');
}

// Unlike a plain range, here a negative revision below the compact revision counts as compacted.
function checkRanges(path: Path, currentRevision: number, compactRevision: number): void {
  for (const op of path.ops) {
    const revision = op.request_range?.revision ?? 0;
    if (revision > currentRevision) throw new EtcdError('FutureRev');
    if (revision !== 0 && revision < compactRevision) throw new EtcdError('Compacted');
    const inner = path.nested.get(op);
    if (inner !== undefined) checkRanges(inner, currentRevision, compactRevision);
  }
}

const NO_RESPONSE: ResponseOp = {
  response_range: undefined,
  response_put: undefined,
  response_delete_range: undefined,
  response_txn: undefined,
};

function run(writer: StoreWriter, path: Path): TxnResponse {
  const responses = path.ops.map((op): ResponseOp => {
    if (op.request_range !== undefined) {
      return { ...NO_RESPONSE, response_range: rangeWithHeader(writer, op.request_range) };
    }
    if (op.request_put !== undefined) {
      const response = executePut(writer, op.request_put);
      return { ...NO_RESPONSE, response_put: { ...response, header: headerOf(writer) } };
    }
    if (op.request_delete_range !== undefined) {
      const response = executeDeleteRange(writer, op.request_delete_range);
      return { ...NO_RESPONSE, response_delete_range: { ...response, header: headerOf(writer) } };
    }
    const inner = path.nested.get(op);
    if (inner === undefined) throw new EtcdError('KeyNotFound');
    // A nested response has a header with nothing in it.
    return { ...NO_RESPONSE, response_txn: { ...run(writer, inner), header: EMPTY_HEADER } };
  });
  return { header: undefined, succeeded: path.succeeded, responses };
}

function rangeWithHeader(
  reader: StoreReader,
  request: Parameters<typeof executeRange>[1],
): ReturnType<typeof executeRange> {
  return { ...executeRange(reader, request), header: headerOf(reader) };
}

const EMPTY_HEADER = { cluster_id: 0n, member_id: 0n, revision: 0, raft_term: 0 };

// Inner headers carry the revision visible at that point and nothing else.
function headerOf(reader: StoreReader): typeof EMPTY_HEADER {
  return { ...EMPTY_HEADER, revision: reader.revision };
}
