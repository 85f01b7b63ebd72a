// Proposals: every change passes here and gets its place in the one order of changes. With one member that order is the
// order of arrival; raft takes this place when there are more. Mirrors the proposal half of etcd's v3_server.go.

import { codecs, type Init } from '../../proto/load.ts';
import type { InternalRaftRequest, RequestOp, TxnRequest } from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import type { IdGenerator } from './id_generator.ts';

// An upper bound of what one operation takes beside its keys and values: every number at its longest.
const OP_OVERHEAD_BYTES = 192;

/** The request that a log entry would carry, one member set. */
export type Proposal = Pick<
  Init<InternalRaftRequest>,
  'put' | 'delete_range' | 'txn' | 'compaction' | 'lease_grant' | 'lease_revoke'
>;

export interface ProposerOptions {
  /** Largest encoded proposal, in bytes. */
  readonly maxRequestBytes: number;
  readonly ids: IdGenerator;
}

export class Proposer {
  readonly #options: ProposerOptions;
  #index: number;

  /** `index`: of the last entry so far. */
  constructor(index: number, options: ProposerOptions) {
    this.#index = index;
    this.#options = options;
  }

  /** Index of the last entry. */
  get index(): number {
    return this.#index;
  }

  /** Gives `proposal` the next index and applies it. Error: RequestTooLarge, and those of `apply`. */
  propose<T>(proposal: Proposal, apply: () => T): T {
    const id = this.#options.ids.next();
    if (mayBeTooLarge(proposal, this.#options.maxRequestBytes)) this.#checkSize(proposal, id);
    this.#index++;
    return apply();
  }

  #checkSize(proposal: Proposal, id: bigint): void {
    const { length } = codecs['etcdserverpb.InternalRaftRequest'].encode({ header: { ID: id }, ...proposal });
    if (length > this.#options.maxRequestBytes) throw new EtcdError('RequestTooLarge');
  }
}

// Encoding tells the exact size; this cheap bound spares it for all requests of usual size.
function mayBeTooLarge(proposal: Proposal, maxBytes: number): boolean {
  const { put, delete_range, txn } = proposal;
  let bytes = OP_OVERHEAD_BYTES;
  if (put !== undefined) bytes += lengthOf(put.key) + lengthOf(put.value);
  if (delete_range !== undefined) bytes += lengthOf(delete_range.key) + lengthOf(delete_range.range_end);
  if (txn !== undefined) bytes += boundOfTxn(txn as TxnRequest);
  return bytes > maxBytes;
}

function lengthOf(bytes: Uint8Array | undefined): number {
  return bytes?.length ?? 0;
}

function boundOfTxn(txn: TxnRequest): number {
  let bytes = OP_OVERHEAD_BYTES;
  for (const compare of txn.compare) {
    bytes += OP_OVERHEAD_BYTES + compare.key.length + compare.range_end.length + lengthOf(compare.value);
  }
  for (const op of txn.success) bytes += boundOfOp(op);
  for (const op of txn.failure) bytes += boundOfOp(op);
  return bytes;
}

function boundOfOp(op: RequestOp): number {
  const { request_range: range, request_put: put, request_delete_range: deleted, request_txn: txn } = op;
  let bytes = OP_OVERHEAD_BYTES;
  if (range !== undefined) bytes += range.key.length + range.range_end.length;
  if (put !== undefined) bytes += put.key.length + put.value.length;
  if (deleted !== undefined) bytes += deleted.key.length + deleted.range_end.length;
  if (txn !== undefined) bytes += boundOfTxn(txn);
  return bytes;
}
