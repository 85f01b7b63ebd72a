// Keys, values and revisions: what a first key-value server has (spec/rpc.md 6.1–6.4, 6.6 and rows of 17.1).

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { KV } from '../../proto/load.ts';
import { RangeRequest_SortOrder as Order, RangeRequest_SortTarget as Target } from '../../proto/schema.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code, text } from './case.ts';

const { Range, Put, DeleteRange } = KV.methods;
const since = '03-kv';
const EMPTY_KEY = { code: Code.InvalidArgument, message: 'etcdserver: key is not provided' } as const;

const revisions: Case[] = [
  {
    name: 'an empty store answers a Range with revision 1 and nothing else (row 1)',
    since,
    server: 'fresh',
    run: async (t) => {
      const { header, kvs, count, more } = await t.ok(Range, { key: bytes('a') });
      assert.equal(header?.revision, 1);
      assert.deepEqual({ kvs, count, more }, { kvs: [], count: 0, more: false });
    },
  },
  {
    name: 'the first put is revision 2 and has no previous value, the second has it (rows 10, 11)',
    since,
    server: 'fresh',
    run: async (t) => {
      const first = await t.ok(Put, { key: bytes('a'), value: bytes('1'), prev_kv: true });
      assert.equal(first.header?.revision, 2);
      assert.equal(first.prev_kv, undefined);
      const second = await t.ok(Put, { key: bytes('a'), value: bytes('2'), prev_kv: true });
      assert.equal(second.header?.revision, 3);
      const { prev_kv } = second;
      assert.ok(prev_kv);
      assert.deepEqual(
        [prev_kv.create_revision, prev_kv.mod_revision, prev_kv.version, text(prev_kv.key), text(prev_kv.value)],
        [2, 2, 1, 'a', '1'],
      );
    },
  },
  {
    name: 'a put keeps create_revision, moves mod_revision and counts version up',
    since,
    run: async (t) => {
      const first = await t.ok(Put, { key: t.key('k'), value: bytes('1') });
      await t.ok(Put, { key: t.key('other'), value: bytes('x') });
      const last = await t.ok(Put, { key: t.key('k'), value: bytes('2') });
      const [kv] = (await t.ok(Range, { key: t.key('k') })).kvs;
      assert.deepEqual(
        [kv?.create_revision, kv?.mod_revision, kv?.version, text(kv?.value ?? bytes(''))],
        [first.header?.revision, last.header?.revision, 2, '2'],
      );
      assert.equal(last.header?.revision, (first.header?.revision ?? 0) + 2);
    },
  },
  {
    name: 'a put of the same value is a new revision all the same',
    since,
    run: async (t) => {
      const first = await t.ok(Put, { key: t.key('k'), value: bytes('1') });
      const second = await t.ok(Put, { key: t.key('k'), value: bytes('1') });
      assert.equal(second.header?.revision, (first.header?.revision ?? 0) + 1);
    },
  },
  {
    name: 'without prev_kv no previous value is sent',
    since,
    run: async (t) => {
      await t.ok(Put, { key: t.key('k'), value: bytes('1') });
      assert.equal((await t.ok(Put, { key: t.key('k'), value: bytes('2') })).prev_kv, undefined);
      const deleted = await t.ok(DeleteRange, { key: t.key('k') });
      assert.deepEqual([deleted.deleted, deleted.prev_kvs], [1, []]);
    },
  },
  {
    name: 'an empty value and bytes that are no text are stored as they are',
    since,
    run: async (t) => {
      const key = Buffer.concat([t.key(''), Buffer.from([0, 0xff, 0x80, 0x0a])]);
      await t.ok(Put, { key, value: Buffer.from([0xc3, 0x28, 0, 0xff]) });
      await t.ok(Put, { key: t.key('empty') });
      const [binary] = (await t.ok(Range, { key })).kvs;
      assert.deepEqual(binary && [Buffer.from(binary.key), Buffer.from(binary.value)], [
        key,
        Buffer.from([0xc3, 0x28, 0, 0xff]),
      ]);
      const [empty] = (await t.ok(Range, { key: t.key('empty') })).kvs;
      assert.equal(empty?.value.length, 0);
    },
  },
  {
    name: 'the response header names cluster and member and is the same for reads and writes',
    since,
    run: async (t) => {
      const put = await t.ok(Put, { key: t.key('k') });
      const range = await t.ok(Range, { key: t.key('k') });
      assert.ok(put.header && put.header.cluster_id !== 0n && put.header.member_id !== 0n);
      assert.ok(put.header.raft_term > 0);
      assert.deepEqual(range.header, put.header);
      const gone = await t.ok(DeleteRange, { key: t.key('k') });
      assert.deepEqual(gone.header, { ...put.header, revision: put.header.revision + 1 });
    },
  },
];

const identity: Case[] = [
  {
    name: 'the IDs of member and cluster follow from the peer URL',
    since,
    run: async (t) => {
      const { header } = await t.ok(Range, { key: t.key('k') });
      const member = firstEightBytes(`${t.server.peerUrl}etcd-cluster`);
      const memberBytes = Buffer.alloc(8);
      memberBytes.writeBigUInt64BE(member);
      assert.deepEqual([header?.member_id, header?.cluster_id], [member, firstEightBytes(memberBytes)]);
    },
  },
  {
    name: 'reads of another client see a write as soon as it is answered',
    since,
    run: async (t) => {
      const other = t.server.grpc();
      for (let round = 0; round < 20; round += 1) {
        await t.ok(Put, { key: t.key('k'), value: bytes(String(round)) });
        const { response } = await other.unary(Range, { key: t.key('k') });
        assert.deepEqual(t.pairs(response?.kvs ?? []), [`k=${round}`]);
      }
    },
  },
  {
    name: 'many writes at once each get a revision of their own',
    since,
    run: async (t) => {
      const puts = Array.from({ length: 50 }, (_, index) => t.ok(Put, { key: t.key(`k${index % 7}`) }));
      const revisions = (await Promise.all(puts)).map(({ header }) => header?.revision ?? 0).sort((a, b) => a - b);
      const first = revisions[0] ?? 0;
      assert.deepEqual(
        revisions,
        Array.from({ length: 50 }, (_, index) => first + index),
      );
    },
  },
];

function firstEightBytes(data: string | Buffer): bigint {
  return createHash('sha1').update(data).digest().readBigUInt64BE(0);
}

const refusedSoFar: Case[] = [
  {
    name: 'what the first store cannot do is refused clearly',
    since,
    until: '03-kv',
    run: async (t) => {
      const code = Code.Unimplemented;
      await t.refused(KV.methods.Txn, {}, { code, message: 'etcdserver: KV.Txn is not yet implemented' });
      await t.refused(KV.methods.Compact, {}, { code, message: 'etcdserver: KV.Compact is not yet implemented' });
      for (const option of [{ revision: 1 }, { min_mod_revision: 1 }, { max_create_revision: 1 }]) {
        await t.refused(Range, { key: t.key('k'), ...option }, { code, message: /is not yet implemented$/ });
      }
      for (const option of [{ lease: 1n }, { ignore_value: true }, { ignore_lease: true }]) {
        await t.refused(Put, { key: t.key('k'), ...option }, { code, message: /is not yet implemented$/ });
      }
    },
  },
];

const empty: Case[] = [
  {
    name: 'a Range without a key is refused (row 2)',
    since,
    run: (t) => t.refused(Range, { range_end: bytes('z') }, EMPTY_KEY),
  },
  {
    name: 'a Put without a key is refused (row 3)',
    since,
    run: (t) => t.refused(Put, { value: bytes('x') }, EMPTY_KEY),
  },
  {
    name: 'a DeleteRange without a key is refused (row 14)',
    since,
    run: (t) => t.refused(DeleteRange, { range_end: bytes('z') }, EMPTY_KEY),
  },
];

const deletes: Case[] = [
  {
    name: 'deleting nothing keeps the revision (row 13)',
    since,
    run: async (t) => {
      const before = await t.ok(Put, { key: t.key('a') });
      for (const prev_kv of [false, true]) {
        const { header, deleted, prev_kvs } = await t.ok(DeleteRange, { key: t.key('zz'), prev_kv });
        assert.deepEqual([header?.revision, deleted, prev_kvs], [before.header?.revision, 0, []]);
      }
    },
  },
  {
    name: 'one delete of several keys is one revision and gives the old pairs in key order (row 30)',
    since,
    run: async (t) => {
      for (const name of ['b', 'c', 'a']) await t.ok(Put, { key: t.key(name), value: bytes(`v${name}`) });
      const before = await t.ok(Range, { key: t.key('a') });
      const gone = await t.ok(DeleteRange, { key: t.key('a'), range_end: t.key('c'), prev_kv: true });
      assert.equal(gone.header?.revision, (before.header?.revision ?? 0) + 1);
      assert.equal(gone.deleted, 2);
      assert.deepEqual(t.pairs(gone.prev_kvs), ['a=va', 'b=vb']);
      const left = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(t.pairs(left.kvs), ['c=vc']);
    },
  },
  {
    name: 'a key put again after its delete begins anew (row 32)',
    since,
    run: async (t) => {
      await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      await t.ok(Put, { key: t.key('a'), value: bytes('2') });
      await t.ok(DeleteRange, { key: t.key('a') });
      const again = await t.ok(Put, { key: t.key('a'), value: bytes('3'), prev_kv: true });
      assert.equal(again.prev_kv, undefined);
      const [kv] = (await t.ok(Range, { key: t.key('a') })).kvs;
      const revision = again.header?.revision;
      assert.deepEqual([kv?.create_revision, kv?.mod_revision, kv?.version], [revision, revision, 1]);
    },
  },
];

const ranges: Case[] = [
  {
    name: 'an empty or inverted range has no keys and is no error (row 15)',
    since,
    run: async (t) => {
      for (const name of ['a', 'b', 'c']) await t.ok(Put, { key: t.key(name) });
      for (const [from, to] of [
        ['b', 'b'],
        ['c', 'a'],
      ] as const) {
        const { kvs, count, more } = await t.ok(Range, { key: t.key(from), range_end: t.key(to) });
        assert.deepEqual({ kvs, count, more }, { kvs: [], count: 0, more: false });
      }
    },
  },
  {
    name: 'a range is half open and comes in key order, compared as unsigned bytes',
    since,
    run: async (t) => {
      const last = Buffer.concat([t.key(''), Buffer.from([0xff])]);
      await t.ok(Put, { key: last });
      for (const name of ['b', 'ab', 'a', 'c', 'é']) await t.ok(Put, { key: t.key(name) });
      const part = await t.ok(Range, { key: t.key('a'), range_end: t.key('c') });
      assert.deepEqual([t.names(part.kvs), part.count], [['a', 'ab', 'b'], 3]);
      const all = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(t.names(all.kvs).slice(0, 5), ['a', 'ab', 'b', 'c', 'é']);
      assert.deepEqual(Buffer.from(all.kvs[5]?.key ?? []), last);
    },
  },
  {
    name: 'range_end of one zero byte means every key from the key on',
    since,
    server: 'fresh',
    run: async (t) => {
      for (const name of ['a', 'b', 'c']) await t.ok(Put, { key: bytes(name) });
      const { kvs } = await t.ok(Range, { key: bytes('b'), range_end: Buffer.from([0]) });
      assert.deepEqual(t.names(kvs), ['b', 'c']);
      const gone = await t.ok(DeleteRange, { key: bytes('b'), range_end: Buffer.from([0]) });
      assert.equal(gone.deleted, 2);
    },
  },
  {
    name: 'a limit cuts, says more, and leaves count alone; a limit that does not cut is no limit (rows 16, 17, 18)',
    since,
    server: 'fresh',
    run: async (t) => {
      for (const name of ['a', 'b', 'c', 'd']) await t.ok(Put, { key: bytes(name), value: bytes('v') });
      const all = { key: Buffer.from([0]), range_end: Buffer.from([0]), keys_only: true };
      for (const [limit, length, more] of [
        [2, 2, true],
        [4, 4, false],
        [-1, 4, false],
        [0, 4, false],
      ] as const) {
        const answer = await t.ok(Range, { ...all, limit });
        assert.deepEqual([answer.kvs.length, answer.more, answer.count], [length, more, 4], `limit ${limit}`);
        assert.ok(answer.kvs.every((kv) => kv.value.length === 0 && kv.mod_revision > 1));
      }
    },
  },
  {
    name: 'count_only counts without keys and without a limit (row 19)',
    since,
    run: async (t) => {
      for (const name of ['a', 'b', 'c', 'd']) await t.ok(Put, { key: t.key(name) });
      const { kvs, count, more } = await t.ok(Range, {
        key: t.key(''),
        range_end: t.rangeEnd,
        count_only: true,
        limit: 2,
      });
      assert.deepEqual({ kvs, count, more }, { kvs: [], count: 4, more: false });
    },
  },
  {
    name: 'a single key that is missing has count 0, one that is there count 1',
    since,
    run: async (t) => {
      assert.equal((await t.ok(Range, { key: t.key('a') })).count, 0);
      await t.ok(Put, { key: t.key('a') });
      await t.ok(Put, { key: t.key('ab') });
      const { count, kvs } = await t.ok(Range, { key: t.key('a') });
      assert.deepEqual([count, t.names(kvs)], [1, ['a']]);
    },
  },
];

const sorting: Case[] = [
  {
    name: 'a sort target without an order is ascending, also when only keys are sent (rows 22, 23)',
    since,
    run: async (t) => {
      await putValues(t);
      for (const keys_only of [false, true]) {
        const { kvs } = await t.ok(Range, {
          key: t.key(''),
          range_end: t.rangeEnd,
          sort_target: Target.VALUE,
          keys_only,
        });
        assert.deepEqual(t.names(kvs), ['d', 'c', 'b', 'a']);
        assert.equal(kvs[3]?.value.length, keys_only ? 0 : 1);
      }
    },
  },
  {
    name: 'a sort target without an order sorts only what the limit let be read, and one key more',
    since,
    run: async (t) => {
      await putValues(t);
      for (const [limit, names] of [
        [1, ['b']],
        [2, ['c', 'b']],
        [3, ['d', 'c', 'b']],
        [4, ['d', 'c', 'b', 'a']],
      ] as const) {
        const range = { key: t.key(''), range_end: t.rangeEnd, sort_target: Target.VALUE, limit };
        const { kvs, more, count } = await t.ok(Range, range);
        assert.deepEqual([t.names(kvs), more, count], [names, limit < 4, 4], `limit ${limit}`);
        const { kvs: sorted } = await t.ok(Range, { ...range, sort_order: Order.ASCEND });
        assert.deepEqual(t.names(sorted), ['d', 'c', 'b', 'a'].slice(0, limit));
      }
    },
  },
  {
    name: 'sort by key descending with limit 1 gives the last key and more (row 24)',
    since,
    run: async (t) => {
      await putValues(t);
      const { kvs, more, count } = await t.ok(Range, {
        key: t.key(''),
        range_end: t.rangeEnd,
        sort_order: Order.DESCEND,
        sort_target: Target.KEY,
        limit: 1,
      });
      assert.deepEqual([t.names(kvs), more, count], [['d'], true, 4]);
    },
  },
  {
    name: 'sort by version, create and mod revision, both ways',
    since,
    run: async (t) => {
      for (const name of ['c', 'a', 'b', 'c', 'c', 'a']) await t.ok(Put, { key: t.key(name) });
      const sorted = async (sort_target: number, sort_order: number): Promise<string> => {
        const { kvs } = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd, sort_target, sort_order });
        return t.names(kvs).join('');
      };
      assert.deepEqual(
        [
          await sorted(Target.VERSION, Order.ASCEND),
          await sorted(Target.VERSION, Order.DESCEND),
          await sorted(Target.CREATE, Order.ASCEND),
          await sorted(Target.CREATE, Order.DESCEND),
          await sorted(Target.MOD, Order.ASCEND),
          await sorted(Target.MOD, Order.DESCEND),
        ],
        ['bac', 'cab', 'cab', 'bac', 'bca', 'acb'],
      );
    },
  },
  {
    name: 'equal sort values stay in key order, descending as well',
    since,
    run: async (t) => {
      for (const name of ['b', 'a', 'c']) await t.ok(Put, { key: t.key(name), value: bytes('same') });
      const { kvs } = await t.ok(Range, {
        key: t.key(''),
        range_end: t.rangeEnd,
        sort_target: Target.VALUE,
        sort_order: Order.DESCEND,
      });
      assert.deepEqual(t.names(kvs), ['a', 'b', 'c']);
    },
  },
];

async function putValues(t: CaseContext): Promise<void> {
  for (const [name, value] of Object.entries({ a: '2', b: '10', c: '0', d: '' })) {
    await t.ok(Put, { key: t.key(name), value: bytes(value) });
  }
}

/** The cases of 03-kv. */
export const kvCases: CaseGroup = {
  name: 'kv',
  cases: [...revisions, ...identity, ...refusedSoFar, ...empty, ...deletes, ...ranges, ...sorting],
};
