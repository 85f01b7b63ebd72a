// Ties of a sorted Range. Go's sort is not stable: above a dozen pairs those with equal sort values come in any order, and
// a limit may cut between them. Ours keeps them in key order. Two answers are the same but for ties when the sort values
// agree pair by pair and, where nothing was cut off, the pairs are the same.

import { codecs, KV } from '../../proto/load.ts';
import { RangeRequest_SortTarget as Target } from '../../proto/schema.ts';
import type { RangeRequest, TxnRequest } from '../../proto/schema.ts';
import type { PlainAnswer } from './differential_compare.ts';

/** Up to so many pairs Go sorts by insertion, which is stable. */
const STABLE_PAIRS = 12;

type Plain = Readonly<Record<string, unknown>>;

const SORT_FIELDS: Readonly<Record<number, string>> = {
  [Target.VERSION]: 'version',
  [Target.CREATE]: 'create_revision',
  [Target.MOD]: 'mod_revision',
  [Target.VALUE]: 'value',
};

/** Whether the answers to a Range, or to a Txn with Ranges in it, differ in ties only. */
export function isSameButTies(
  path: string,
  bytes: Uint8Array,
  { real, ours }: { real: PlainAnswer; ours: PlainAnswer },
): boolean {
  if (real.code !== 0 || ours.code !== 0) return false;
  const pair = [real.response as Plain, ours.response as Plain] as const;
  const [a, b] =
    path === KV.methods.Range.path
      ? withoutTies(codecs['etcdserverpb.RangeRequest'].decode(bytes), pair)
      : path === KV.methods.Txn.path
        ? txnWithoutTies(codecs['etcdserverpb.TxnRequest'].decode(bytes), pair)
        : pair;
  return JSON.stringify(a) === JSON.stringify(b);
}

type Pair = readonly [Plain, Plain];

function withoutTies(request: RangeRequest, [real, ours]: Pair): Pair {
  const field = SORT_FIELDS[request.sort_target];
  // keys_only takes the values away after the sort.
  if (field === undefined || Number(real['count']) <= STABLE_PAIRS) return [real, ours];
  const isHidden = field === 'value' && request.keys_only;
  const reduce = (response: Plain): Plain => {
    const kvs = response['kvs'] as Plain[];
    const order = isHidden ? kvs.length : kvs.map((kv) => kv[field]);
    const pairs = response['more'] === true ? [] : kvs.map((kv) => JSON.stringify(kv)).sort();
    return { ...response, kvs: { order, pairs } };
  };
  return [reduce(real), reduce(ours)];
}

function txnWithoutTies(request: TxnRequest, [real, ours]: Pair): Pair {
  if (real['succeeded'] !== ours['succeeded']) return [real, ours];
  const ops = real['succeeded'] === true ? request.success : request.failure;
  const [a, b] = [real['responses'] as Plain[], ours['responses'] as Plain[]];
  if (a.length !== ops.length || b.length !== ops.length) return [real, ours];
  const reduced = ops.map((op, index): Pair => {
    const pair = [a[index] ?? {}, b[index] ?? {}] as const;
    if (op.request_range !== undefined)
      return inside('response_range', pair, withoutTies.bind(undefined, op.request_range));
    if (op.request_txn !== undefined)
      return inside('response_txn', pair, txnWithoutTies.bind(undefined, op.request_txn));
    return pair;
  });
  return [
    { ...real, responses: reduced.map(([one]) => one) },
    { ...ours, responses: reduced.map(([, one]) => one) },
  ];
}

function inside(member: string, [real, ours]: Pair, reduce: (pair: Pair) => Pair): Pair {
  const [a, b] = [real[member], ours[member]];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [real, ours];
  const [first, second] = reduce([a as Plain, b as Plain]);
  return [
    { ...real, [member]: first },
    { ...ours, [member]: second },
  ];
}
