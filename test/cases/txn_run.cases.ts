// Transactions: what the operations of the chosen branch do, which revision each shows, and that a failure leaves nothing
// behind (spec/rpc.md 6.5, rows of 17.2).

import assert from 'node:assert/strict';
import type { Init } from '../../proto/load.ts';
import { KV } from '../../proto/load.ts';
import { Compare_CompareTarget as Target } from '../../proto/schema.ts';
import type { RequestOp } from '../../proto/schema.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code, text } from './case.ts';
import { deleteOp, nested, putOp, rangeOp } from './txn_ops.ts';

const { Range, Put, Txn } = KV.methods;
const since = 'final';
const ZERO = Buffer.from([0]);
const LEASE_NOT_FOUND = { code: Code.NotFound, message: 'etcdserver: requested lease not found' } as const;
const FUTURE = { code: Code.OutOfRange, message: 'etcdserver: mvcc: required revision is a future revision' } as const;
const COMPACTED = { code: Code.OutOfRange, message: 'etcdserver: mvcc: required revision has been compacted' } as const;

const branches: Case[] = [
  {
    name: 'an empty txn succeeds and keeps the revision (row 37)',
    since,
    run: async (t) => {
      const before = await t.ok(Put, { key: t.key('a') });
      const { header, succeeded, responses } = await t.ok(Txn, {});
      assert.deepEqual([header, succeeded, responses], [before.header, true, []]);
    },
  },
  {
    name: 'a txn of one failing compare has no responses and keeps the revision (row 38)',
    since,
    run: async (t) => {
      const before = await t.ok(Put, { key: t.key('a') });
      const { header, succeeded, responses } = await t.ok(Txn, {
        compare: [{ key: t.key('a'), target: Target.VERSION, version: 7 }],
      });
      assert.deepEqual([header, succeeded, responses], [before.header, false, []]);
    },
  },
  {
    name: 'the chosen branch answers one response per operation, in order and of its kind',
    since,
    run: async (t) => {
      const done = await t.ok(Txn, {
        compare: [{ key: t.key('a'), target: Target.VERSION, version: 7 }],
        success: [putOp({ key: t.key('no') })],
        failure: [
          putOp({ key: t.key('a'), value: bytes('1') }),
          rangeOp({ key: t.key('a') }),
          nested({}),
          deleteOp({ key: t.key('zz') }),
        ],
      });
      assert.equal(done.succeeded, false);
      assert.deepEqual(done.responses.map(kindOf), [
        'response_put',
        'response_range',
        'response_txn',
        'response_delete_range',
      ]);
      assert.equal((await t.ok(Range, { key: t.key('no') })).count, 0);
    },
  },
  {
    name: 'compares of nested txns see the state before the txn (row 55)',
    since,
    run: async (t) => {
      const x = t.key('x');
      const y = t.key('y');
      await t.ok(Txn, {
        success: [
          putOp({ key: x }),
          nested({
            compare: [{ key: x, target: Target.VERSION, version: 0 }],
            success: [putOp({ key: y, value: bytes('then') })],
            failure: [putOp({ key: y, value: bytes('else') })],
          }),
        ],
      });
      assert.deepEqual(t.pairs((await t.ok(Range, { key: y })).kvs), ['y=then']);
    },
  },
  {
    name: 'what the other branch would fail with is not reported (row 61)',
    since,
    run: async (t) => {
      const done = await t.ok(Txn, {
        success: [putOp({ key: t.key('a') })],
        failure: [putOp({ key: t.key('a'), lease: 999n }), rangeOp({ key: t.key('a'), revision: 9_999_999 })],
      });
      assert.equal(done.succeeded, true);
    },
  },
];

const order: Case[] = [
  {
    name: 'ranges see the writes before them, and inner headers carry only the revision (row 54)',
    since,
    run: async (t) => {
      const a = t.key('a');
      const before = (await t.ok(Put, { key: a, value: bytes('1') })).header?.revision ?? 0;
      const done = await t.ok(Txn, {
        success: [rangeOp({ key: a }), putOp({ key: t.key('q'), value: bytes('2') }), rangeOp({ key: t.key('q') })],
      });
      assert.equal(done.header?.revision, before + 1);
      const headers = done.responses.map(
        (op) => op.response_range?.header ?? op.response_put?.header ?? op.response_delete_range?.header,
      );
      const only = (revision: number) => ({ cluster_id: 0n, member_id: 0n, revision, raft_term: 0 });
      assert.deepEqual(
        headers.map((header) => header && { ...header }),
        [only(before), only(before + 1), only(before + 1)],
      );
      const seen = done.responses[2]?.response_range?.kvs ?? [];
      assert.deepEqual(t.pairs(seen), ['q=2']);
      assert.equal(seen[0]?.mod_revision, before + 1);
    },
  },
  {
    name: 'a delete from a key on never conflicts with a put (row 43)',
    since,
    server: 'fresh',
    run: async (t) => {
      for (const name of ['a', 'b', 'c']) await t.ok(Put, { key: bytes(name) });
      const done = await t.ok(Txn, {
        success: [deleteOp({ key: bytes('a'), range_end: ZERO }), putOp({ key: bytes('k') })],
      });
      assert.deepEqual(
        [
          done.header?.revision,
          done.responses[0]?.response_delete_range?.header?.revision,
          done.responses[1]?.response_put?.header?.revision,
          done.responses[0]?.response_delete_range?.deleted,
        ],
        [5, 5, 5, 3],
      );
      const left = await t.ok(Range, { key: ZERO, range_end: ZERO });
      assert.deepEqual(t.names(left.kvs), ['k']);
    },
  },
  {
    name: 'deleting nothing inside a txn shows the revision before its first write (row 44)',
    since,
    server: 'fresh',
    run: async (t) => {
      await t.ok(Put, { key: bytes('a') });
      await t.ok(KV.methods.DeleteRange, { key: bytes('a') });
      const done = await t.ok(Txn, { success: [deleteOp({ key: ZERO, range_end: ZERO }), putOp({ key: bytes('k') })] });
      assert.deepEqual(
        [
          done.responses[0]?.response_delete_range?.header?.revision,
          done.responses[1]?.response_put?.header?.revision,
          done.header?.revision,
        ],
        [3, 4, 4],
      );
    },
  },
  {
    name: 'a delete from a key on takes what the same txn put (row 45)',
    since,
    server: 'fresh',
    run: async (t) => {
      await t.ok(Put, { key: bytes('a') });
      await t.ok(Put, { key: bytes('q') });
      const done = await t.ok(Txn, {
        success: [putOp({ key: bytes('k') }), deleteOp({ key: bytes('a'), range_end: ZERO, prev_kv: true })],
      });
      const gone = done.responses[1]?.response_delete_range;
      assert.deepEqual([gone?.deleted, t.names(gone?.prev_kvs ?? [])], [3, ['a', 'k', 'q']]);
      const k = gone?.prev_kvs[1];
      assert.deepEqual(
        [k?.version, k?.create_revision, k?.mod_revision, done.header?.revision],
        [1, done.header?.revision, done.header?.revision, 4],
      );
      assert.equal((await t.ok(Range, { key: ZERO, range_end: ZERO })).count, 0);
    },
  },
  {
    name: 'several keys written by one txn share one revision',
    since,
    run: async (t) => {
      const done = await t.ok(Txn, { success: ['a', 'b', 'c'].map((name) => putOp({ key: t.key(name) })) });
      const { kvs } = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(
        kvs.map((kv) => [kv.create_revision, kv.mod_revision]),
        Array.from({ length: 3 }, () => [done.header?.revision, done.header?.revision]),
      );
    },
  },
  {
    name: 'prev_kv and ignore_value work inside a txn',
    since,
    run: async (t) => {
      await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      const done = await t.ok(Txn, {
        success: [putOp({ key: t.key('a'), ignore_value: true, prev_kv: true }), rangeOp({ key: t.key('a') })],
      });
      assert.equal(text(done.responses[0]?.response_put?.prev_kv?.value ?? bytes('none')), '1');
      const [kv] = done.responses[1]?.response_range?.kvs ?? [];
      assert.deepEqual([kv?.version, kv && text(kv.value)], [2, '1']);
    },
  },
];

/** A case that a txn is refused and that nothing of it was written. */
function aborted(options: {
  name: string;
  ops: (t: CaseContext) => Init<RequestOp>[];
  status: { readonly code: number; readonly message: string };
}): Case {
  return {
    name: options.name,
    since,
    run: async (t) => {
      const before = await t.ok(Put, { key: t.key('other') });
      await t.refused(Txn, { success: options.ops(t) }, options.status);
      const after = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual([after.header?.revision, t.names(after.kvs)], [before.header?.revision, ['other']]);
    },
  };
}

const failures: Case[] = [
  aborted({
    name: 'a range of a future revision alone is refused (row 56)',
    ops: (t) => [rangeOp({ key: t.key('a'), revision: 9_999_999 })],
    status: FUTURE,
  }),
  aborted({
    name: 'a range of a future revision after a put writes nothing (row 56)',
    ops: (t) => [putOp({ key: t.key('a') }), rangeOp({ key: t.key('a'), revision: 9_999_999 })],
    status: FUTURE,
  }),
  aborted({
    name: 'a range of a negative revision counts as compacted inside a txn (row 57)',
    ops: (t) => [rangeOp({ key: t.key('a'), revision: -5 })],
    status: COMPACTED,
  }),
  aborted({
    name: 'a put with an unknown lease writes nothing (row 58)',
    ops: (t) => [putOp({ key: t.key('a') }), putOp({ key: t.key('b'), lease: 999n })],
    status: LEASE_NOT_FOUND,
  }),
  aborted({
    name: 'inside a txn the missing key is noticed before the unknown lease (row 59)',
    ops: (t) => [putOp({ key: t.key('a'), lease: 999n, ignore_value: true })],
    status: { code: Code.InvalidArgument, message: 'etcdserver: key not found' },
  }),
  aborted({
    name: 'all puts are checked before all ranges (row 60)',
    ops: (t) => [rangeOp({ key: t.key('a'), revision: 9_999_999 }), putOp({ key: t.key('b'), lease: 999n })],
    status: LEASE_NOT_FOUND,
  }),
];

const stock: Case[] = [
  {
    name: 'stock etcdctl runs a txn from its standard input',
    since,
    needs: 'etcdctl',
    run: async (t) => {
      const key = `${t.prefix}k`;
      const input = `ver("${key}") = "0"\n\nput ${key} first\n\nget ${key}\n\n`;
      assert.equal((await t.etcdctl(['txn'], { input })).stdout, 'SUCCESS\n\nOK\n');
      assert.equal((await t.etcdctl(['txn'], { input })).stdout, `FAILURE\n\n${key}\nfirst\n`);
    },
  },
];

function kindOf(op: object): string | undefined {
  return Object.entries(op).find(([, value]) => value !== undefined)?.[0];
}

/** The cases of what a txn does. */
export const txnRunCases: CaseGroup = { name: 'txn_run', cases: [...branches, ...order, ...failures, ...stock] };
