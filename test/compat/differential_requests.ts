// Random requests for the differential test: valid ones over few keys, so that they meet each other, and broken ones. Those
// that end the real server are made apart, with the answer that the project has decided on (spec/rpc.md 19).

import { codecs, type Init, KV, Lease, Maintenance } from '../../proto/load.ts';
import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../proto/schema.ts';
import { damage, int64Field } from './differential_bytes.ts';
import type { Random } from './differential_random.ts';

/** A request as it goes over the wire. */
export interface GeneratedRequest {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Present for a request that only final gets: what it must answer. */
  readonly expected?: { readonly code: number; readonly message: string };
}

/** What the requests refer to: the revisions of the store so far. */
export interface StoreState {
  readonly revision: number;
  readonly compactRevision: number;
}

const NOTHING = new Uint8Array(0);
const FROM_KEY = Uint8Array.of(0);
// Field 2 with no bytes: there, and empty. No encoder writes that.
const EMPTY_RANGE_END = Uint8Array.of(0x12, 0);
const KEY_BYTES = [0x61, 0x62, 0x63, 0x00, 0xff] as const;
const LEASES = [1n, 2n, 3n, -4n, 2n ** 62n] as const;
// Long enough that none expires while the test runs.
const LEASE_TTL = 1_000_000;
const HUGE = [
  2n ** 31n,
  2n ** 40n,
  2n ** 53n + 1n,
  2n ** 62n,
  2n ** 63n - 1n,
  -1n,
  -(2n ** 31n),
  -(2n ** 63n),
] as const;
const INVALID_SORT = { code: 3, message: 'etcdserver: invalid sort option' } as const;
const KEY_NOT_FOUND = { code: 3, message: 'etcdserver: key not found' } as const;

/** The next request. */
export function nextRequest(random: Random, state: StoreState): GeneratedRequest {
  const make = random.weighted<(random: Random, state: StoreState) => GeneratedRequest>([
    [28, put],
    [26, range],
    [9, deleteRange],
    [22, txn],
    [1, compact],
    [4, lease],
    [2, hash],
    [8, broken],
    [1, wrongPath],
    [0.3, large],
    [1.5, deadly],
  ]);
  return make(random, state);
}

/** A Range over everything: shows whether two stores are equal. */
export const EVERYTHING: GeneratedRequest = {
  path: KV.methods.Range.path,
  bytes: codecs['etcdserverpb.RangeRequest'].encode({ key: FROM_KEY, range_end: FROM_KEY }),
};

/** The hash over the whole history. */
export const HASH: GeneratedRequest = { path: Maintenance.methods.HashKV.path, bytes: NOTHING };

// ---- parts

function key(random: Random): Uint8Array {
  const length = random.weighted([
    [60, 1],
    [30, 2],
    [10, 3],
  ]);
  return Uint8Array.from({ length }, () => random.pick(KEY_BYTES));
}

function keyOrNone(random: Random): Uint8Array {
  return random.chance(0.02) ? NOTHING : key(random);
}

function rangeEnd(random: Random): Uint8Array {
  return random.weighted([
    [45, () => NOTHING],
    [12, () => FROM_KEY],
    [43, () => key(random)],
  ])();
}

function value(random: Random): Uint8Array {
  const length = random.weighted([
    [15, 0],
    [60, 1],
    [20, 10],
    [5, 1000],
  ]);
  return Uint8Array.from({ length }, () => random.pick([0x30, 0x31, 0x32, 0xff]));
}

function revision(random: Random, { revision: now, compactRevision }: StoreState): number {
  return random.weighted([
    [30, () => random.int(Math.max(1, now - 20), now)],
    [8, () => now + random.int(1, 5)],
    [6, () => compactRevision + random.int(-2, 2)],
    [6, () => random.pick([-1, -2, 1, 0, 999_999_999])],
  ])();
}

function rangeRequest(random: Random, state: StoreState): Init<RangeRequest> {
  const bound = (): number => (random.chance(0.12) ? revision(random, state) : 0);
  return {
    key: keyOrNone(random),
    range_end: rangeEnd(random),
    limit: random.chance(0.3) ? random.pick([0, 1, 2, 3, 5, 100, -1]) : 0,
    revision: random.chance(0.25) ? revision(random, state) : 0,
    sort_order: random.chance(0.35) ? random.pick([0, 1, 2, 2, 3, 9, -1]) : 0,
    sort_target: random.chance(0.35) ? random.int(0, 4) : 0,
    serializable: random.chance(0.2),
    keys_only: random.chance(0.15),
    count_only: random.chance(0.1),
    min_mod_revision: bound(),
    max_mod_revision: bound(),
    min_create_revision: bound(),
    max_create_revision: bound(),
  };
}

function putRequest(random: Random): Init<PutRequest> {
  const ignore_value = random.chance(0.08);
  const ignore_lease = random.chance(0.08);
  return {
    key: keyOrNone(random),
    value: ignore_value && !random.chance(0.1) ? NOTHING : value(random),
    lease: random.chance(ignore_lease ? 0.1 : 0.2) ? random.pick(LEASES) : 0n,
    prev_kv: random.chance(0.3),
    ignore_value,
    ignore_lease,
  };
}

function deleteRequest(random: Random): Init<DeleteRangeRequest> {
  return { key: keyOrNone(random), range_end: rangeEnd(random), prev_kv: random.chance(0.4) };
}

function compare(random: Random, state: StoreState): Init<Compare> {
  const result = random.chance(0.05) ? random.pick([4, 9, -1]) : random.int(0, 3);
  const target = random.chance(0.05) ? random.pick([5, 9, -1]) : random.int(0, 4);
  // Mostly the operand that belongs to the target, sometimes another one, sometimes none.
  const operand = random.chance(0.85) ? target : random.int(-1, 4);
  const number = random.chance(0.5) ? random.int(0, 3) : revision(random, state);
  const operands: readonly Init<Compare>[] = [
    { version: number },
    { create_revision: number },
    { mod_revision: number },
    { value: value(random) },
    { lease: random.pick([0n, ...LEASES]) },
  ];
  return { key: keyOrNone(random), range_end: rangeEnd(random), result, target, ...operands[operand] };
}

function txnRequest(random: Random, state: StoreState, depth = 0): Init<TxnRequest> {
  const many = (most: number): number => (random.chance(0.01) ? 130 : random.int(0, most));
  const ops = (): Init<RequestOp>[] => Array.from({ length: many(3) }, () => requestOp(random, state, depth));
  return {
    compare: Array.from({ length: random.chance(0.6) ? many(2) : 0 }, () => compare(random, state)),
    success: ops(),
    failure: random.chance(0.6) ? ops() : [],
  };
}

function requestOp(random: Random, state: StoreState, depth: number): Init<RequestOp> {
  return random.weighted<() => Init<RequestOp>>([
    [40, () => ({ request_put: putRequest(random) })],
    [30, () => ({ request_range: rangeRequest(random, state) })],
    [18, () => ({ request_delete_range: deleteRequest(random) })],
    [depth < 3 ? 12 : 0, () => ({ request_txn: txnRequest(random, state, depth + 1) })],
    [0.5, () => ({})],
  ])();
}

/**
 * Takes ignore_value and ignore_lease from every put that may run behind a delete: if the delete took its key, the real
 * server would end half-way. `deletes` tells whether one came before.
 */
function withoutDeadlyPuts(request: Init<TxnRequest>, deletes = { seen: false }): Init<TxnRequest> {
  const clean = (op: Init<RequestOp>): Init<RequestOp> => {
    if (op.request_delete_range !== undefined) deletes.seen = true;
    if (op.request_txn !== undefined) return { request_txn: withoutDeadlyPuts(op.request_txn, deletes) };
    if (op.request_put === undefined || !deletes.seen) return op;
    return { request_put: { ...op.request_put, ignore_value: false, ignore_lease: false } };
  };
  return { ...request, success: (request.success ?? []).map(clean), failure: (request.failure ?? []).map(clean) };
}

// ---- requests

function put(random: Random): GeneratedRequest {
  const bytes = codecs['etcdserverpb.PutRequest'].encode(putRequest(random));
  return { path: KV.methods.Put.path, bytes: random.chance(0.02) ? int64Field(bytes, 3, random.pick(HUGE)) : bytes };
}

// Numbers of fields of RangeRequest that hold 64 bits.
const RANGE_NUMBERS = [3, 4, 10, 11, 12, 13] as const;

function range(random: Random, state: StoreState): GeneratedRequest {
  const bytes = codecs['etcdserverpb.RangeRequest'].encode(rangeRequest(random, state));
  const odd = random.weighted<() => Uint8Array>([
    [95, () => bytes],
    [4, () => int64Field(bytes, random.pick(RANGE_NUMBERS), random.pick(HUGE))],
    [1, () => Buffer.concat([bytes, EMPTY_RANGE_END])],
  ])();
  return { path: KV.methods.Range.path, bytes: odd };
}

function deleteRange(random: Random): GeneratedRequest {
  const bytes = codecs['etcdserverpb.DeleteRangeRequest'].encode(deleteRequest(random));
  // A range_end that is there and empty means a single key here, in etcd too.
  const isOdd = random.chance(0.05);
  return { path: KV.methods.DeleteRange.path, bytes: isOdd ? Buffer.concat([bytes, EMPTY_RANGE_END]) : bytes };
}

function txn(random: Random, state: StoreState): GeneratedRequest {
  const request = withoutDeadlyPuts(txnRequest(random, state));
  return { path: KV.methods.Txn.path, bytes: codecs['etcdserverpb.TxnRequest'].encode(request) };
}

function compact(random: Random, state: StoreState): GeneratedRequest {
  const { revision: now, compactRevision } = state;
  const target = random.weighted([
    [6, () => random.int(Math.max(1, compactRevision), now)],
    [1, () => now],
    [1, () => now + 1],
    // Compacting at 0 works once, on a store that was never compacted, and leaves 3.5 with a useless hash of "now".
    [1, () => random.pick(compactRevision < 0 ? [-1, 1] : [0, -1, 1])],
  ])();
  const request = { revision: target, physical: random.chance(0.5) };
  return { path: KV.methods.Compact.path, bytes: codecs['etcdserverpb.CompactionRequest'].encode(request) };
}

function lease(random: Random): GeneratedRequest {
  const ID = random.chance(0.1) ? 77n : random.pick(LEASES);
  const { LeaseGrant, LeaseRevoke, LeaseTimeToLive } = Lease.methods;
  return random.weighted<() => GeneratedRequest>([
    [
      5,
      () => ({
        path: LeaseGrant.path,
        bytes: LeaseGrant.request.encode({ ID, TTL: random.chance(0.05) ? 9_000_000_001 : LEASE_TTL }),
      }),
    ],
    [2, () => ({ path: LeaseRevoke.path, bytes: LeaseRevoke.request.encode({ ID }) })],
    [
      3,
      () => ({ path: LeaseTimeToLive.path, bytes: LeaseTimeToLive.request.encode({ ID, keys: random.chance(0.7) }) }),
    ],
  ])();
}

function hash(random: Random, { revision: now }: StoreState): GeneratedRequest {
  const { HashKV } = Maintenance.methods;
  const at = random.weighted([
    [4, () => 0],
    [3, () => random.int(Math.max(1, now - 30), now)],
    [1, () => now + 1],
    [1, () => -1],
  ])();
  return { path: HashKV.path, bytes: HashKV.request.encode({ revision: at }) };
}

function broken(random: Random, state: StoreState): GeneratedRequest {
  const whole = random.pick([put, range, deleteRange, txn, lease])(random, state);
  return { path: whole.path, bytes: damage(random, whole.bytes) };
}

const PATHS = [
  '/etcdserverpb.KV/Nope',
  '/etcdserverpb.KV/put',
  '/etcdserverpb.KV/',
  '/etcdserverpb.KV/Put/',
  '/etcdserverpb.Kv/Put',
  '/KV/Put',
  '/foo.Bar/Baz',
  '/Put',
  '/a/b/c/d',
  '//',
  '/etcdserverpb.KV/P%75t',
] as const;

function wrongPath(random: Random): GeneratedRequest {
  return { path: random.pick(PATHS), bytes: random.chance(0.5) ? NOTHING : put(random).bytes };
}

// Values in sizes that are clearly stored, clearly too large for a request, and too large for a message.
const LARGE = [200_000, 1_600_000, 2_200_000] as const;

function large(random: Random): GeneratedRequest {
  const request = { key: key(random), value: new Uint8Array(random.pick(LARGE)) };
  return { path: KV.methods.Put.path, bytes: codecs['etcdserverpb.PutRequest'].encode(request) };
}

function deadly(random: Random, state: StoreState): GeneratedRequest {
  const sort_target = random.pick([5, 6, 77, 2 ** 31 - 1, -1, -(2 ** 31)]);
  const sorted = { ...rangeRequest(random, state), key: key(random), sort_target };
  const own = key(random);
  const others = (): Init<RequestOp>[] => [{ request_put: { key: key(random), value: value(random) } }];
  return random.weighted<() => GeneratedRequest>([
    [
      1,
      () => ({
        path: KV.methods.Range.path,
        bytes: codecs['etcdserverpb.RangeRequest'].encode(sorted),
        expected: INVALID_SORT,
      }),
    ],
    [
      1,
      () => ({
        path: KV.methods.Txn.path,
        bytes: codecs['etcdserverpb.TxnRequest'].encode({ success: [...others(), { request_range: sorted }] }),
        expected: INVALID_SORT,
      }),
    ],
    [
      1,
      () => ({
        path: KV.methods.Txn.path,
        // From the key on: the one kind of delete that the check for doubled keys lets pass before a put of its keys.
        bytes: codecs['etcdserverpb.TxnRequest'].encode({
          success: [
            { request_delete_range: { key: own, range_end: FROM_KEY } },
            { request_put: { key: own, ignore_value: true } },
          ],
        }),
        expected: KEY_NOT_FOUND,
      }),
    ],
  ])();
}
