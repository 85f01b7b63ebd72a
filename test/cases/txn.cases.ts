// Transactions: what is refused before anything runs, and how compares choose a branch (spec/rpc.md 6.5, rows of 17.2).
// What the operations of a branch do to each other is in txn_run.cases.ts.

import assert from 'node:assert/strict';
import type { Init } from '../../proto/load.ts';
import { KV } from '../../proto/load.ts';
import { Compare_CompareResult as Result, Compare_CompareTarget as Target } from '../../proto/schema.ts';
import type { Compare, RequestOp } from '../../proto/schema.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';
import { deleteOp, nested, putOp, rangeOp } from './txn_ops.ts';

const { Put, Range, Txn } = KV.methods;
const since = 'final';
const FROM_KEY = Buffer.from([0]);
const EMPTY_KEY = { code: Code.InvalidArgument, message: 'etcdserver: key is not provided' } as const;
const KEY_NOT_FOUND = { code: Code.InvalidArgument, message: 'etcdserver: key not found' } as const;
const DUPLICATE = { code: Code.InvalidArgument, message: 'etcdserver: duplicate key given in txn request' } as const;
const TOO_MANY = { code: Code.InvalidArgument, message: 'etcdserver: too many operations in txn request' } as const;

const validation: Case[] = [
  {
    name: 'a compare without a key is refused (row 39)',
    since,
    run: (t) => t.refused(Txn, { compare: [{ target: Target.VERSION, version: 0 }] }, EMPTY_KEY),
  },
  {
    name: 'an operation that is none is refused (row 40)',
    since,
    run: (t) => t.refused(Txn, { success: [{}] }, KEY_NOT_FOUND),
  },
  {
    name: 'operations without a key, and puts with forbidden fields, are refused in either branch',
    since,
    run: async (t) => {
      for (const op of [rangeOp({}), putOp({ value: bytes('x') }), deleteOp({ range_end: bytes('z') })]) {
        await t.refused(Txn, { success: [op] }, EMPTY_KEY);
        await t.refused(Txn, { failure: [nested({ failure: [op] })] }, EMPTY_KEY);
      }
      await t.refused(
        Txn,
        { failure: [putOp({ key: t.key('k'), value: bytes('x'), ignore_value: true })] },
        { code: Code.InvalidArgument, message: 'etcdserver: value is provided' },
      );
      await t.refused(
        Txn,
        { failure: [putOp({ key: t.key('k'), lease: 1n, ignore_lease: true })] },
        { code: Code.InvalidArgument, message: 'etcdserver: lease is provided' },
      );
    },
  },
  ...limits(),
];

function limits(): Case[] {
  const many = (t: CaseContext, count: number, from = 0): Init<RequestOp>[] =>
    Array.from({ length: count }, (_, index) => putOp({ key: t.key(`k${from + index}`) }));
  const compares = (t: CaseContext, count: number): Init<Compare>[] =>
    Array.from({ length: count }, () => ({ key: t.key('a'), target: Target.VERSION, version: 0 }));
  return [
    {
      name: '128 operations or compares pass, 129 are refused (row 62)',
      since,
      run: async (t) => {
        await t.ok(Txn, { compare: compares(t, 128), success: many(t, 128), failure: many(t, 128) });
        await t.refused(Txn, { success: many(t, 129) }, TOO_MANY);
        await t.refused(Txn, { failure: many(t, 129) }, TOO_MANY);
        await t.refused(Txn, { compare: compares(t, 129) }, TOO_MANY);
      },
    },
    {
      name: 'the number of operations is checked before any key (row 63)',
      since,
      run: (t) => t.refused(Txn, { compare: [{}], success: many(t, 129) }, TOO_MANY),
    },
    {
      name: 'a nested txn has what its parent left of the 128 (row 64)',
      since,
      run: async (t) => {
        await t.ok(Txn, { success: [...many(t, 63), nested({ success: many(t, 64, 100) })] });
        await t.refused(Txn, { success: [...many(t, 64), nested({ success: many(t, 64, 100) })] }, TOO_MANY);
      },
    },
    {
      name: '--max-txn-ops sets the number, for nested txns too',
      since,
      server: 'fresh',
      flags: { 'max-txn-ops': '3' },
      run: async (t) => {
        await t.refused(Txn, { success: many(t, 4) }, TOO_MANY);
        await t.ok(Txn, { success: many(t, 3) });
        await t.refused(Txn, { success: [...many(t, 2), nested({ success: many(t, 1, 9) })] }, TOO_MANY);
        await t.ok(Txn, { success: [nested({ success: many(t, 2) })] });
        await t.refused(Txn, { success: [nested({ success: many(t, 3) })] }, TOO_MANY);
      },
    },
  ];
}

/** A case that one list of operations is refused as doubled, or accepted. `make` gets the key k. */
function overlap(name: string, make: (k: Buffer, t: CaseContext) => Init<RequestOp>[][], accepted = false): Case {
  return {
    name,
    since,
    run: async (t) => {
      await t.ok(Put, { key: t.key('k') });
      for (const ops of make(t.key('k'), t)) {
        if (accepted) await t.ok(Txn, { success: ops });
        else {
          await t.refused(Txn, { success: ops }, DUPLICATE);
          await t.refused(Txn, { failure: ops }, DUPLICATE);
        }
      }
    },
  };
}

const overlaps: Case[] = [
  overlap('a key put twice is refused (row 41)', (k) => [[putOp({ key: k }), putOp({ key: k })]]),
  overlap('a key put and deleted is refused in either order (row 42)', (k, t) => [
    [putOp({ key: k }), deleteOp({ key: k })],
    [deleteOp({ key: t.key('a'), range_end: t.key('z') }), putOp({ key: k })],
  ]),
  overlap(
    'deletes may overlap each other (row 46)',
    (k, t) => [[deleteOp({ key: k }), deleteOp({ key: k }), deleteOp({ key: t.key('a'), range_end: t.key('z') })]],
    true,
  ),
  {
    name: 'success and failure may put the same key (row 47)',
    since,
    run: async (t) => {
      const op = putOp({ key: t.key('k') });
      assert.equal((await t.ok(Txn, { success: [op], failure: [op] })).succeeded, true);
    },
  },
  overlap('a put beside a nested put of the same key is refused (row 48)', (k) => [
    [putOp({ key: k }), nested({ success: [putOp({ key: k })] })],
    [nested({ failure: [putOp({ key: k })] }), putOp({ key: k })],
  ]),
  {
    name: 'both branches of one nested txn may put the same key; its header is present and empty (row 49)',
    since,
    run: async (t) => {
      const op = putOp({ key: t.key('k') });
      const { responses } = await t.ok(Txn, { success: [nested({ success: [op], failure: [op] })] });
      const header = responses[0]?.response_txn?.header;
      assert.deepEqual(header && { ...header }, { cluster_id: 0n, member_id: 0n, revision: 0, raft_term: 0 });
    },
  },
  overlap('two nested txns that put the same key are refused, in whatever branch (row 50)', (k) => [
    [nested({ success: [putOp({ key: k })] }), nested({ success: [putOp({ key: k })] })],
    [nested({ success: [putOp({ key: k })] }), nested({ failure: [putOp({ key: k })] })],
    [nested({ failure: [putOp({ key: k })] }), nested({ failure: [putOp({ key: k })] })],
  ]),
  overlap('a nested delete before a nested put of its key is refused (row 51)', (k) => [
    [nested({ success: [deleteOp({ key: k })] }), nested({ success: [putOp({ key: k })] })],
  ]),
  {
    name: 'a nested put before a nested delete of its key is accepted: the key is gone, in one revision (row 52)',
    since,
    run: async (t) => {
      const before = (await t.ok(Put, { key: t.key('other') })).header?.revision ?? 0;
      const done = await t.ok(Txn, {
        success: [
          nested({ success: [putOp({ key: t.key('k') })] }),
          nested({ success: [deleteOp({ key: t.key('k') })] }),
        ],
      });
      assert.equal(done.header?.revision, before + 1);
      assert.equal((await t.ok(Range, { key: t.key('k') })).count, 0);
    },
  },
  overlap('a nested put beside a delete of its key is refused (row 53)', (k) => [
    [nested({ success: [putOp({ key: k })] }), deleteOp({ key: k })],
  ]),
];

/** A case that compares on existing keys a = "1" (version 1), b = "2" (version 2) hold or not. */
function comparing(name: string, expected: (t: CaseContext) => [Init<Compare>, boolean][]): Case {
  return {
    name,
    since,
    run: async (t) => {
      await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      await t.ok(Put, { key: t.key('b'), value: bytes('1') });
      await t.ok(Put, { key: t.key('b'), value: bytes('2') });
      for (const [index, [compare, succeeded]] of expected(t).entries()) {
        assert.equal((await t.ok(Txn, { compare: [compare] })).succeeded, succeeded, `compare ${index}`);
      }
    },
  };
}

const compares: Case[] = [
  comparing('a value compare on a missing key never holds (row 65)', (t) => [
    [{ key: t.key('x'), target: Target.VALUE, result: Result.NOT_EQUAL, value: bytes('1') }, false],
    [{ key: t.key('x'), target: Target.VALUE, result: Result.EQUAL, value: bytes('') }, false],
    [{ key: t.key('x'), target: Target.VALUE, result: Result.LESS, value: bytes('1') }, false],
  ]),
  comparing('create, lease and version of a missing key or an empty range are 0 (row 66)', (t) => [
    [{ key: t.key('x'), target: Target.CREATE, create_revision: 0 }, true],
    [{ key: t.key('x'), target: Target.LEASE, lease: 0n }, true],
    [{ key: t.key('x'), target: Target.VERSION, version: 0 }, true],
    [{ key: t.key('x'), range_end: t.key('y'), target: Target.VERSION, version: 0 }, true],
    [{ key: t.key('x'), target: Target.MOD, result: Result.GREATER, mod_revision: 0 }, false],
  ]),
  comparing('a compare over a range holds when it holds for every key (row 67)', (t) => [
    [range(t, { target: Target.VERSION, result: Result.GREATER, version: 0 }), true],
    [range(t, { target: Target.VALUE, result: Result.EQUAL, value: bytes('1') }), false],
    [range(t, { target: Target.VERSION, result: Result.GREATER, version: 1 }), false],
    [{ key: t.key('b'), range_end: FROM_KEY, target: Target.VERSION, result: Result.GREATER, version: 0 }, true],
  ]),
  comparing('an operand in another field than the target reads as 0 (row 68)', (t) => [
    [{ key: t.key('a'), target: Target.MOD, result: Result.EQUAL, version: 1 }, false],
    [{ key: t.key('a'), target: Target.MOD, result: Result.GREATER, version: 100 }, true],
  ]),
  comparing('undefined results hold, undefined targets are equal (row 69)', (t) => [
    [{ key: t.key('a'), target: Target.VERSION, result: 9, version: 77 }, true],
    [{ key: t.key('a'), target: 9, result: Result.EQUAL, version: 77 }, true],
    [{ key: t.key('a'), target: 9, result: Result.GREATER, version: 0 }, false],
  ]),
  comparing('each result compares as its name says', (t) => [
    [{ key: t.key('b'), target: Target.VERSION, result: Result.EQUAL, version: 2 }, true],
    [{ key: t.key('b'), target: Target.VERSION, result: Result.NOT_EQUAL, version: 2 }, false],
    [{ key: t.key('b'), target: Target.VERSION, result: Result.GREATER, version: 1 }, true],
    [{ key: t.key('b'), target: Target.VERSION, result: Result.LESS, version: 2 }, false],
    [{ key: t.key('b'), target: Target.VALUE, result: Result.LESS, value: bytes('10') }, false],
    [{ key: t.key('b'), target: Target.VALUE, result: Result.NOT_EQUAL, value: bytes('1') }, true],
  ]),
  {
    name: 'all compares must hold',
    since,
    run: async (t) => {
      const holds = { key: t.key('x'), target: Target.VERSION, version: 0 };
      const fails = { key: t.key('x'), target: Target.VERSION, version: 1 };
      const succeeded = async (compare: Init<Compare>[]): Promise<boolean> => (await t.ok(Txn, { compare })).succeeded;
      assert.deepEqual(
        [await succeeded([holds, holds]), await succeeded([holds, fails]), await succeeded([fails, holds])],
        [true, false, false],
      );
    },
  },
];

function range(t: CaseContext, compare: Init<Compare>): Init<Compare> {
  return { key: t.key('a'), range_end: t.key('c'), ...compare };
}

/** The cases of what a txn is checked for and how it chooses. */
export const txnCases: CaseGroup = { name: 'txn', cases: [...validation, ...overlaps, ...compares] };
