// The rest of Range, Put and DeleteRange: past revisions, filters, ignore_value and ignore_lease, sizes, undefined enum
// numbers (spec/rpc.md 6.2–6.4, rows of 17.1).

import assert from 'node:assert/strict';
import { codecs, KV } from '../../proto/load.ts';
import { assertStatus, bytes, type Case, type CaseContext, type CaseGroup, Code, text } from './case.ts';

const { Range, Put, DeleteRange } = KV.methods;
const since = 'final';
const { InvalidArgument, NotFound, OutOfRange, ResourceExhausted } = Code;
const KEY_NOT_FOUND = { code: InvalidArgument, message: 'etcdserver: key not found' } as const;
const LEASE_NOT_FOUND = { code: NotFound, message: 'etcdserver: requested lease not found' } as const;
const FUTURE = { code: OutOfRange, message: 'etcdserver: mvcc: required revision is a future revision' } as const;
const SORT_OPTION = { code: InvalidArgument, message: 'etcdserver: invalid sort option' } as const;

const puts: Case[] = [
  {
    name: 'the empty key is noticed before the value that ignore_value forbids (row 3)',
    since: '03-kv',
    run: (t) =>
      t.refused(
        Put,
        { value: bytes('x'), ignore_value: true },
        { code: InvalidArgument, message: 'etcdserver: key is not provided' },
      ),
  },
  {
    name: 'ignore_value with a value is refused (row 4)',
    since,
    run: (t) =>
      t.refused(
        Put,
        { key: t.key('a'), value: bytes('x'), ignore_value: true },
        { code: InvalidArgument, message: 'etcdserver: value is provided' },
      ),
  },
  {
    name: 'ignore_lease with a lease is refused (row 5)',
    since,
    run: (t) =>
      t.refused(
        Put,
        { key: t.key('a'), lease: 5n, ignore_lease: true },
        { code: InvalidArgument, message: 'etcdserver: lease is provided' },
      ),
  },
  {
    name: 'ignore_value of a missing key is refused (row 6)',
    since,
    run: (t) => t.refused(Put, { key: t.key('a'), ignore_value: true }, KEY_NOT_FOUND),
  },
  {
    name: 'ignore_lease of a missing key is refused (row 7)',
    since,
    run: (t) => t.refused(Put, { key: t.key('a'), ignore_lease: true }, KEY_NOT_FOUND),
  },
  {
    name: 'a put with an unknown lease is refused and writes nothing (row 8)',
    since,
    run: async (t) => {
      const before = await t.ok(Put, { key: t.key('b') });
      await t.refused(Put, { key: t.key('a'), lease: 12345n }, LEASE_NOT_FOUND);
      const after = await t.ok(Range, { key: t.key('a') });
      assert.deepEqual([after.count, after.header?.revision], [0, before.header?.revision]);
    },
  },
  {
    name: 'a put looks for its lease before its key (row 9)',
    since,
    run: (t) => t.refused(Put, { key: t.key('a'), lease: 12345n, ignore_value: true }, LEASE_NOT_FOUND),
  },
  {
    name: 'ignore_value keeps the value, is a revision, and prev_kv shows the pair before (row 12)',
    since,
    run: async (t) => {
      await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      const second = (await t.ok(Put, { key: t.key('a'), value: bytes('2') })).header?.revision ?? 0;
      const kept = await t.ok(Put, { key: t.key('a'), ignore_value: true, prev_kv: true });
      assert.equal(kept.header?.revision, second + 1);
      const old = kept.prev_kv;
      assert.deepEqual([old?.mod_revision, old?.version, old && text(old.value)], [second, 2, '2']);
      const [kv] = (await t.ok(Range, { key: t.key('a') })).kvs;
      assert.deepEqual([kv?.mod_revision, kv?.version, kv && text(kv.value)], [second + 1, 3, '2']);
    },
  },
];

const filters: Case[] = [
  {
    name: 'min_mod_revision filters the pairs and leaves count alone (rows 19, 20, 21)',
    since,
    run: async (t) => {
      const fourth = await putFour(t);
      const range = { key: t.key(''), range_end: t.rangeEnd, min_mod_revision: fourth - 1 };
      const all = await t.ok(Range, range);
      assert.deepEqual([t.names(all.kvs), all.more, all.count], [['c', 'd'], false, 4]);
      const one = await t.ok(Range, { ...range, limit: 1 });
      assert.deepEqual([t.names(one.kvs), one.more, one.count], [['c'], true, 4]);
      const counted = await t.ok(Range, { ...range, count_only: true });
      assert.deepEqual([counted.kvs, counted.more, counted.count], [[], false, 4]);
    },
  },
  {
    name: 'max_mod_revision, min_create_revision and max_create_revision filter with their bounds included',
    since,
    run: async (t) => {
      const fourth = await putFour(t);
      await t.ok(Put, { key: t.key('a') });
      const range = { key: t.key(''), range_end: t.rangeEnd };
      const names = async (filter: Record<string, number>): Promise<string> =>
        t.names((await t.ok(Range, { ...range, ...filter })).kvs).join('');
      assert.deepEqual(
        [
          await names({ max_mod_revision: fourth - 1 }),
          await names({ min_create_revision: fourth - 2 }),
          await names({ max_create_revision: fourth - 2 }),
          await names({ min_create_revision: fourth - 2, max_create_revision: fourth - 1, max_mod_revision: fourth }),
        ],
        ['bc', 'bcd', 'ab', 'bc'],
      );
    },
  },
];

const past: Case[] = [
  {
    name: 'a past revision gives the pairs of then and the header of now (row 27)',
    since,
    run: async (t) => {
      const first = (await t.ok(Put, { key: t.key('a'), value: bytes('1') })).header?.revision ?? 0;
      for (const value of ['2', '3']) await t.ok(Put, { key: t.key('a'), value: bytes(value) });
      const { header, kvs } = await t.ok(Range, { key: t.key('a'), revision: first });
      assert.equal(header?.revision, first + 2);
      assert.deepEqual([kvs[0]?.version, kvs[0]?.mod_revision, t.pairs(kvs)], [1, first, ['a=1']]);
    },
  },
  {
    name: 'a negative revision means now (row 28)',
    since: '03-kv',
    run: async (t) => {
      await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      await t.ok(Put, { key: t.key('a'), value: bytes('2') });
      assert.deepEqual(t.pairs((await t.ok(Range, { key: t.key('a'), revision: -1 })).kvs), ['a=2']);
    },
  },
  {
    name: 'a future revision is refused, serializable as well (row 29)',
    since,
    run: async (t) => {
      await t.refused(Range, { key: t.key('a'), revision: 999_999 }, FUTURE);
      await t.refused(Range, { key: t.key('a'), revision: 999_999, serializable: true }, FUTURE);
    },
  },
  {
    name: 'a deleted pair is still readable at an older revision (row 31)',
    since,
    run: async (t) => {
      const put = await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      await t.ok(DeleteRange, { key: t.key('a') });
      const revision = put.header?.revision ?? 0;
      assert.deepEqual(t.pairs((await t.ok(Range, { key: t.key('a'), revision })).kvs), ['a=1']);
      const { count, kvs } = await t.ok(Range, { key: t.key('a'), revision: revision + 1 });
      assert.deepEqual([count, kvs], [0, []]);
    },
  },
  {
    name: 'a range at a past revision with limit and count counts the keys of then',
    since,
    run: async (t) => {
      const fourth = await putFour(t);
      await t.ok(DeleteRange, { key: t.key('a'), range_end: t.key('d') });
      const { kvs, more, count } = await t.ok(Range, {
        key: t.key(''),
        range_end: t.rangeEnd,
        revision: fourth - 1,
        limit: 2,
      });
      assert.deepEqual([t.names(kvs), more, count], [['a', 'b'], true, 3]);
    },
  },
  {
    name: 'a serializable range answers as a linearizable one on a single member',
    since: '03-kv',
    run: async (t) => {
      await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      const local = await t.ok(Range, { key: t.key('a'), serializable: true });
      assert.deepEqual(local, await t.ok(Range, { key: t.key('a') }));
    },
  },
];

const odd: Case[] = [
  {
    name: 'an undefined sort order gives key order (row 25)',
    since: '03-kv',
    run: async (t) => {
      await putFour(t);
      const { kvs } = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd, sort_order: 9 });
      assert.deepEqual(t.names(kvs), ['a', 'b', 'c', 'd']);
    },
  },
  {
    name: 'an undefined sort target is refused (row 26)',
    since: '03-kv',
    notOnReal: '3.4 and 3.5 crash; 3.6 answers so',
    run: (t) => t.refused(Range, { key: t.key(''), range_end: t.rangeEnd, sort_target: 9 }, SORT_OPTION),
  },
  {
    name: 'keys of one zero byte and of 64 KiB are keys like others',
    since: '03-kv',
    server: 'fresh',
    run: async (t) => {
      const long = Buffer.alloc(65_536, 'k');
      await t.ok(Put, { key: Buffer.from([0]), value: bytes('zero') });
      await t.ok(Put, { key: long, value: bytes('long') });
      assert.deepEqual(text((await t.ok(Range, { key: Buffer.from([0]) })).kvs[0]?.value ?? bytes('')), 'zero');
      assert.deepEqual(text((await t.ok(Range, { key: long })).kvs[0]?.value ?? bytes('')), 'long');
    },
  },
  {
    name: 'a range_end that is present but empty means a single key (row 35)',
    since: '03-kv',
    notOnReal: 'a plain Range there reads every key from the key on; the project treats it as absent everywhere',
    run: async (t) => {
      await putFour(t);
      const { code, response } = await t.client.unaryBytes(Range.path, presentButEmptyEnd(t.key('b')));
      assert.equal(code, 0);
      assert.deepEqual(t.names(Range.response.decode(response ?? bytes('')).kvs), ['b']);
    },
  },
  {
    name: 'a DeleteRange with a range_end that is present but empty deletes one key (row 36)',
    since: '03-kv',
    run: async (t) => {
      await putFour(t);
      const { code, response } = await t.client.unaryBytes(DeleteRange.path, presentButEmptyEnd(t.key('b')));
      assert.equal(code, 0);
      assert.equal(DeleteRange.response.decode(response ?? bytes('')).deleted, 1);
      const left = await t.ok(Range, { key: t.key(''), range_end: t.rangeEnd });
      assert.deepEqual(t.names(left.kvs), ['a', 'c', 'd']);
    },
  },
  {
    name: 'unknown fields of a request are skipped',
    since: '03-kv',
    run: async (t) => {
      const known = codecs['etcdserverpb.PutRequest'].encode({ key: t.key('a'), value: bytes('1') });
      // Field 99 as a varint, as bytes, and as a 64-bit number.
      const unknown = Buffer.from([0x98, 6, 1, 0x9a, 6, 2, 0x78, 0x79, 0x99, 6, 1, 2, 3, 4, 5, 6, 7, 8]);
      const answer = await t.client.unaryBytes(Put.path, Buffer.concat([unknown, known, unknown]));
      assertStatus(answer, { code: Code.OK, message: '' });
      assert.deepEqual(t.pairs((await t.ok(Range, { key: t.key('a') })).kvs), ['a=1']);
    },
  },
];

const sizes: Case[] = [
  {
    name: 'a request of just below 1.5 MiB is stored, one above is refused (row 33)',
    since,
    run: async (t) => {
      // The row used a key of 3 bytes; the size of the whole request decides.
      const key = t.key('k');
      const length = 1_572_824 - (key.length - 3);
      await t.ok(Put, { key, value: Buffer.alloc(length, 'x') });
      const [kv] = (await t.ok(Range, { key })).kvs;
      assert.equal(kv?.value.length, length);
      await t.refused(
        Put,
        { key, value: Buffer.alloc(1_572_864, 'x') },
        { code: InvalidArgument, message: 'etcdserver: request is too large' },
      );
    },
  },
  {
    name: 'a message above 2 MiB does not reach the method (row 34)',
    since,
    run: async (t) => {
      const request = codecs['etcdserverpb.PutRequest'].encode({ key: bytes('foo'), value: Buffer.alloc(2_097_162) });
      assert.equal(request.length, 2_097_172, 'the size that the row was seen with');
      assertStatus(await t.client.unaryBytes(Put.path, request), {
        code: ResourceExhausted,
        message: 'grpc: received message larger than max (2097172 vs. 2097152)',
      });
    },
  },
  {
    name: 'a message of exactly 2 MiB reaches the method',
    since,
    run: async (t) => {
      const value = Buffer.alloc(2_097_152 - 5 - 5 - 1, 'x');
      const request = codecs['etcdserverpb.PutRequest'].encode({ key: bytes('foo'), value });
      const missing = 2_097_152 - request.length;
      const exact = codecs['etcdserverpb.PutRequest'].encode({
        key: bytes('foo'),
        value: Buffer.alloc(value.length + missing, 'x'),
      });
      assert.equal(exact.length, 2_097_152);
      assertStatus(await t.client.unaryBytes(Put.path, exact), {
        code: InvalidArgument,
        message: 'etcdserver: request is too large',
      });
    },
  },
];

/** Puts a, b, c, d; gives the revision of d. */
async function putFour(t: CaseContext): Promise<number> {
  let revision = 0;
  for (const name of ['a', 'b', 'c', 'd']) {
    revision = (await t.ok(Put, { key: t.key(name), value: bytes(name) })).header?.revision ?? 0;
  }
  return revision;
}

/** Field 1 with the key, field 2 with no bytes: no encoder writes that. */
function presentButEmptyEnd(key: Buffer): Buffer {
  assert.ok(key.length < 128);
  return Buffer.concat([Buffer.from([0x0a, key.length]), key, Buffer.from([0x12, 0])]);
}

/** The cases of Range, Put and DeleteRange beyond the first ones; some hold from the first store on. */
export const kvFullCases: CaseGroup = { name: 'kv_full', cases: [...puts, ...filters, ...past, ...odd, ...sizes] };
