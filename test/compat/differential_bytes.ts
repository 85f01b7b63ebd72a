// Encoded messages, bent: fields that no encoder of ours writes, and damage. What damage makes of a request is looked at
// again before it is sent, because some requests end the real server.

import { codecs, KV, Lease } from '../../proto/load.ts';
import type { RangeRequest, RequestOp, TxnRequest } from '../../proto/schema.ts';
import type { Random } from './differential_random.ts';

const MAX_SORT_TARGET = 4;

/** `bytes` with one more int64 field behind them; the last one on the wire counts. */
export function int64Field(bytes: Uint8Array, no: number, value: bigint): Uint8Array {
  return Buffer.concat([bytes, Uint8Array.of(no << 3), varint(BigInt.asUintN(64, value))]);
}

/** One to three kinds of damage. */
export function damage(random: Random, bytes: Uint8Array): Uint8Array {
  let result: Buffer = Buffer.from(bytes);
  for (let times = random.int(1, 3); times > 0; times -= 1) {
    const at = random.int(0, result.length);
    result = random.weighted<() => Buffer>([
      [3, () => result.subarray(0, at)],
      [3, () => replaced(result, at, random.int(0, 255))],
      [2, () => Buffer.concat([result.subarray(0, at), noise(random, random.int(1, 4)), result.subarray(at)])],
      [1, () => Buffer.concat([result.subarray(0, at), result.subarray(at + random.int(1, 3))])],
      [2, () => Buffer.concat([result, unknownField(random)])],
      [1, () => Buffer.concat([result, result])],
      [1, () => noise(random, random.int(0, 20))],
    ])();
  }
  return result;
}

/** What a request would do to the real server, beyond answering. */
export type Danger =
  /** It would end it. */
  | 'deadly'
  /** It has a range_end that is there and empty: there from the key on, for us the single key. */
  | 'empty range end';

/** Looks at a request as it is on the wire. */
export function dangerOf(path: string, bytes: Uint8Array): Danger | undefined {
  try {
    if (path === KV.methods.Range.path && isDeadlyRange(codecs['etcdserverpb.RangeRequest'].decode(bytes)))
      return 'deadly';
    if (path === KV.methods.Txn.path && isDeadlyTxn(codecs['etcdserverpb.TxnRequest'].decode(bytes))) return 'deadly';
    // A lease without an ID gets one that differs; one of short life would expire in the middle of the test.
    if (path === Lease.methods.LeaseGrant.path && isUnsteady(Lease.methods.LeaseGrant.request.decode(bytes))) {
      return 'deadly';
    }
  } catch {
    return undefined;
  }
  return hasEmptyRangeEnd(bytes) ? 'empty range end' : undefined;
}

function isDeadlyRange({ sort_target }: RangeRequest): boolean {
  return sort_target < 0 || sort_target > MAX_SORT_TARGET;
}

function isDeadlyTxn(request: TxnRequest, deletes = { seen: false }): boolean {
  const isDeadly = (op: RequestOp): boolean => {
    if (op.request_delete_range !== undefined) deletes.seen = true;
    if (op.request_range !== undefined) return isDeadlyRange(op.request_range);
    if (op.request_txn !== undefined) return isDeadlyTxn(op.request_txn, deletes);
    return deletes.seen && op.request_put !== undefined && (op.request_put.ignore_value || op.request_put.ignore_lease);
  };
  return [...request.success, ...request.failure].some(isDeadly);
}

function isUnsteady({ ID, TTL }: { ID: bigint; TTL: number }): boolean {
  return ID === 0n || TTL < 100_000;
}

// Field 2 of Range and DeleteRange, field 64 of Compare, each with length 0. Keys and values may look so, too: then a
// comparison is lost, and no harm done.
function hasEmptyRangeEnd(bytes: Uint8Array): boolean {
  const whole = Buffer.from(bytes);
  return whole.includes(Buffer.from([0x12, 0])) || whole.includes(Buffer.from([0x82, 4, 0]));
}

function replaced(bytes: Buffer, at: number, byte: number): Buffer {
  const result = Buffer.from(bytes);
  if (at < result.length) result[at] = byte;
  return result;
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.int(0, 255)));
}

function unknownField(random: Random): Buffer {
  return random.pick([
    Buffer.from([0x98, 6, 1]),
    Buffer.from([0x9a, 6, 2, 0x78, 0x79]),
    Buffer.from([0x99, 6, 1, 2, 3, 4, 5, 6, 7, 8]),
    Buffer.from([0x9d, 6, 1, 2, 3, 4]),
    Buffer.from([0x9b, 6, 8, 1, 0x9c, 6]),
  ]);
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Uint8Array.from([...bytes, Number(left)]);
}
