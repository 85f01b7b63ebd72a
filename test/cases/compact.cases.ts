// Compaction and the hash of the key space (spec/rpc.md 6.7, 11.3, rows of 17.3). The hash is over etcd's own encoding of
// keys and values, so a store with the same history has the same number in every implementation.

import assert from 'node:assert/strict';
import { KV, Maintenance } from '../../proto/load.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';

const { Range, Put, DeleteRange, Compact, Txn } = KV.methods;
const { HashKV } = Maintenance.methods;
const since = 'final';
const COMPACTED = { code: Code.OutOfRange, message: 'etcdserver: mvcc: required revision has been compacted' } as const;
const FUTURE = { code: Code.OutOfRange, message: 'etcdserver: mvcc: required revision is a future revision' } as const;

/** The history of the rows: revisions 2 to 7. */
async function fill(t: CaseContext): Promise<void> {
  for (const [key, value] of ['a1', 'a2', 'b1', 'b2'].map((pair) => [...pair])) {
    await t.ok(Put, { key: bytes(key ?? ''), value: bytes(value ?? '') });
  }
  await t.ok(DeleteRange, { key: bytes('b') });
  const last = await t.ok(Put, { key: bytes('a'), value: bytes('3') });
  assert.equal(last.header?.revision, 7);
}

async function hashOf(t: CaseContext, revision: number): Promise<[hash: number, compactRevision: number]> {
  const { hash, compact_revision } = await t.ok(HashKV, { revision });
  return [hash, compact_revision];
}

const compactions: Case[] = [
  {
    name: 'a fresh store can be compacted at 0 once and at its revision, not below and not beyond (row 70)',
    since,
    server: 'fresh',
    run: async (t) => {
      const { header } = await t.ok(Compact, { revision: 0 });
      assert.equal(header?.revision, 1);
      await t.refused(Compact, { revision: 0 }, COMPACTED);
      await t.refused(Compact, { revision: -1 }, COMPACTED);
      await t.ok(Compact, { revision: 1 });
      await t.refused(Compact, { revision: 2 }, FUTURE);
    },
  },
  {
    name: 'a physical compaction keeps the revision; older ones are then refused (row 71)',
    since,
    server: 'fresh',
    run: async (t) => {
      await fill(t);
      const { header } = await t.ok(Compact, { revision: 5, physical: true });
      assert.equal(header?.revision, 7);
      await t.refused(Compact, { revision: 5 }, COMPACTED);
      await t.refused(Compact, { revision: 3 }, COMPACTED);
      await t.refused(Compact, { revision: 99 }, FUTURE);
    },
  },
  {
    name: 'the compacted revision itself stays readable, older ones do not (row 72)',
    since,
    server: 'fresh',
    run: async (t) => {
      await fill(t);
      await t.ok(Compact, { revision: 5, physical: true });
      const all = { key: bytes('a'), range_end: bytes('z') };
      await t.refused(Range, { ...all, revision: 4 }, COMPACTED);
      await t.refused(Txn, { success: [{ request_range: { ...all, revision: 4 } }] }, COMPACTED);
      assert.deepEqual(t.pairs((await t.ok(Range, { ...all, revision: 5 })).kvs), ['a=2', 'b=2']);
      assert.deepEqual(t.pairs((await t.ok(Range, { ...all, revision: 6 })).kvs), ['a=2']);
      assert.deepEqual(t.pairs((await t.ok(Range, all)).kvs), ['a=3']);
    },
  },
  {
    name: 'keys go on after a compaction with the versions that they had',
    since,
    server: 'fresh',
    run: async (t) => {
      await fill(t);
      await t.ok(Compact, { revision: 7, physical: true });
      await t.ok(Put, { key: bytes('a'), value: bytes('4') });
      const [a] = (await t.ok(Range, { key: bytes('a') })).kvs;
      assert.deepEqual([a?.create_revision, a?.mod_revision, a?.version], [2, 8, 4]);
      await t.ok(Put, { key: bytes('b'), value: bytes('3') });
      const [b] = (await t.ok(Range, { key: bytes('b') })).kvs;
      assert.deepEqual([b?.create_revision, b?.mod_revision, b?.version], [9, 9, 1]);
    },
  },
];

const hashes: Case[] = [
  {
    name: 'the hash of a fresh store is the seed, without a compact revision (row 73)',
    since,
    server: 'fresh',
    run: async (t) => {
      const { header, hash, compact_revision } = await t.ok(HashKV, {});
      assert.deepEqual([hash, compact_revision, header?.revision], [1084519789, -1, 1]);
    },
  },
  {
    name: 'the hash of a history at its end, in its middle, beyond it and before it (row 74)',
    since,
    server: 'fresh',
    run: async (t) => {
      await fill(t);
      await t.ok(Compact, { revision: 1, physical: true });
      assert.deepEqual(await hashOf(t, 0), [3526116906, 1]);
      assert.deepEqual(await hashOf(t, 7), [3526116906, 1]);
      assert.deepEqual(await hashOf(t, 4), [1662700350, 1]);
      await t.refused(HashKV, { revision: 8 }, FUTURE);
    },
  },
  {
    name: 'the hash of a negative revision is the seed (row 74)',
    since,
    server: 'fresh',
    run: async (t) => {
      await fill(t);
      assert.equal((await hashOf(t, -1))[0], 1084519789);
    },
  },
  {
    name: 'after a compaction the hash counts what is kept, and older revisions are refused (row 75)',
    since,
    server: 'fresh',
    run: async (t) => {
      await fill(t);
      await t.ok(Compact, { revision: 5, physical: true });
      assert.deepEqual(await hashOf(t, 0), [2327457590, 5]);
      await t.refused(HashKV, { revision: 4 }, COMPACTED);
    },
  },
  {
    name: 'the hash at exactly the compact revision can be asked for (row 75)',
    since,
    only: '3.5',
    server: 'fresh',
    run: async (t) => {
      await fill(t);
      await t.ok(Compact, { revision: 5, physical: true });
      await t.ok(HashKV, { revision: 5 });
    },
  },
  {
    name: 'a tombstone at the compact revision does not count, in a store that is empty as well',
    since,
    server: 'fresh',
    run: async (t) => {
      await t.ok(Put, { key: bytes('a'), value: bytes('1') });
      await t.ok(DeleteRange, { key: bytes('a') });
      await t.ok(Compact, { revision: 3, physical: true });
      assert.deepEqual(await hashOf(t, 0), [1084519789, 3]);
    },
  },
  {
    name: 'hashes of a growing and compacted store are those of etcd',
    since,
    server: 'fresh',
    run: async (t) => {
      const hash = async (revision = 0): Promise<number> => (await hashOf(t, revision))[0];
      const put = (key: string, value: string) => t.ok(Put, { key: bytes(key), value: bytes(value) });
      await put('foo', 'bar');
      assert.equal(await hash(), 3305255506);
      await put('foo', 'bar2');
      await put('foo2', 'x');
      assert.deepEqual([await hash(), await hash(2)], [3771533021, 3305255506]);
      await t.ok(DeleteRange, { key: bytes('foo') });
      assert.equal(await hash(), 4101935645);
      await t.ok(Compact, { revision: 4, physical: true });
      assert.equal(await hash(), 3693031795);
      await put('foo', 'again');
      await put('foo', 'again2');
      assert.equal(await hash(), 779617538);
    },
  },
];

/** The cases of compaction and hash. */
export const compactCases: CaseGroup = { name: 'compact', cases: [...compactions, ...hashes] };
