// Watch as a small server does it: watchers on one stream, events of one key or a range, from now on or from a revision on,
// filters, previous values, cancel and progress (spec/rpc.md 7 and rows of 17.4).

import assert from 'node:assert/strict';
import { KV, Lease } from '../../proto/load.ts';
import { WatchCreateRequest_FilterType as Filter } from '../../proto/schema.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, text } from './case.ts';
import { aside, revisionOf, Watching } from './watching.ts';

const { Put, DeleteRange } = KV.methods;
const { LeaseGrant } = Lease.methods;
const since = '07-watch';
const ZERO = Buffer.from([0]);
const LEASE_LIMIT_MS = 10_000;

const put = (t: CaseContext, name: string, value: string): Promise<unknown> =>
  t.ok(Put, { key: t.key(name), value: bytes(value) });
const remove = (t: CaseContext, name: string): Promise<unknown> => t.ok(DeleteRange, { key: t.key(name) });

const oneKey: Case[] = [
  {
    name: 'a watcher of a key gets its puts and deletes, one answer each, with the revision of the event (row 76)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      assert.equal(await watching.create({ key: t.key('a') }), '0 @0 created');
      await put(t, 'a', '1');
      assert.equal(await watching.next(), '0 @1 | put a=1 c1 m1 v1');
      await put(t, 'a', '2');
      assert.equal(await watching.next(), '0 @2 | put a=2 c1 m2 v2');
      await remove(t, 'a');
      assert.equal(await watching.next(), '0 @3 | delete a m3');
      await put(t, 'a', '3');
      assert.equal(await watching.next(), '0 @4 | put a=3 c4 m4 v1');
    },
  },
  {
    name: 'every answer of a watch stream has a header with cluster, member, revision and term',
    since,
    run: async (t) => {
      const { header: expected } = await t.ok(Put, { key: t.key('a'), value: bytes('0') });
      const { stream } = await Watching.open(t);
      stream.write({ create_request: { key: t.key('a') } });
      assert.deepEqual((await stream.next()).header, expected);
      const { header } = await t.ok(Put, { key: t.key('a'), value: bytes('1') });
      assert.deepEqual((await stream.next()).header, header);
      stream.write({ cancel_request: { watch_id: 0n } });
      assert.deepEqual((await stream.next()).header, header);
    },
  },
  {
    name: 'a watcher of one key gets nothing of its neighbours',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('b') });
      for (const name of ['a', 'b0', 'b\0', 'c']) await put(t, name, 'no');
      await put(t, 'b', 'yes');
      assert.equal(await watching.next(), '0 @5 | put b=yes c5 m5 v1');
    },
  },
  {
    name: 'a delete of a key that is not there makes no event',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a') });
      await remove(t, 'a');
      await put(t, 'a', '1');
      assert.equal(await watching.next(), '0 @1 | put a=1 c1 m1 v1');
    },
  },
  {
    name: 'the lease of a put is told with the event',
    since,
    run: async (t) => {
      const { ID } = await t.ok(LeaseGrant, { TTL: 500 });
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a') });
      await t.ok(Put, { key: t.key('a'), value: bytes('1'), lease: ID });
      assert.equal(await watching.next(), `0 @1 | put a=1 c1 m1 v1 lease ${ID}`);
    },
  },
  {
    name: 'when a lease ends, a watcher sees its keys deleted, in one revision and in one answer',
    since,
    run: async (t) => {
      const { ID } = await t.ok(LeaseGrant, { TTL: 2 });
      for (const name of ['k2', 'k3', 'k0']) await t.ok(Put, { key: t.key(name), value: bytes('v'), lease: ID });
      const watching = await Watching.open(t);
      await watching.create({ key: t.key(''), range_end: t.rangeEnd });
      const answer = watching.show(await watching.stream.next(LEASE_LIMIT_MS));
      assert.equal(answer, '0 @1 | delete k0 m1 | delete k2 m1 | delete k3 m1');
    },
  },
];

const ranges: Case[] = [
  {
    name: 'a watcher of a range gets what is in it, and not its end',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('b'), range_end: t.key('d') });
      for (const name of ['a', 'b', 'c', 'd', 'cc', 'e']) await put(t, name, '1');
      assert.deepEqual(await watching.take(3), [
        '0 @2 | put b=1 c2 m2 v1',
        '0 @3 | put c=1 c3 m3 v1',
        '0 @5 | put cc=1 c5 m5 v1',
      ]);
    },
  },
  {
    name: 'range_end \\0 watches every key from the first on',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('m'), range_end: ZERO });
      await put(t, 'a', 'no');
      await put(t, 'z', 'yes');
      assert.equal(await watching.next(), '0 @2 | put z=yes c2 m2 v1');
      await t.ok(Put, { key: Buffer.from([0xff, 0xff]), value: bytes('last') });
      const [event] = await watching.events(1);
      assert.deepEqual(event?.kv?.key, Buffer.from([0xff, 0xff]));
    },
  },
  {
    name: 'an empty key with range_end \\0 watches everything (row 81)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      assert.equal(await watching.create({ range_end: ZERO }), '0 @0 created');
      await put(t, 'a', '1');
      await t.ok(Put, { key: ZERO, value: bytes('first') });
      assert.equal(await watching.next(), '0 @1 | put a=1 c1 m1 v1');
      const [event] = await watching.events(1);
      assert.deepEqual(event?.kv?.key, ZERO);
    },
  },
  {
    name: 'an empty key without range_end watches the key \\0 only (row 80)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      assert.equal(await watching.create({}), '0 @0 created');
      await put(t, 'a', 'no');
      await t.ok(Put, { key: ZERO, value: bytes('yes') });
      const [event] = await watching.events(1);
      assert.deepEqual([event?.kv?.key, event?.kv?.mod_revision], [ZERO, watching.base + 2]);
    },
  },
  {
    name: 'what one delete removes comes in one answer, keys ascending',
    since,
    run: async (t) => {
      for (const name of ['c', 'a', 'b', 'x']) await put(t, name, '1');
      const watching = await Watching.open(t);
      await watching.create({ key: t.key(''), range_end: t.rangeEnd });
      await t.ok(DeleteRange, { key: t.key('a'), range_end: t.key('d') });
      assert.equal(await watching.next(), '0 @1 | delete a m1 | delete b m1 | delete c m1');
    },
  },
];

const fromRevision: Case[] = [
  {
    name: 'a watcher from an earlier revision gets what has happened since in one answer with the revision of now (row 77)',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      await put(t, 'a', '1');
      await put(t, 'a', '2');
      await put(t, 'other', 'no');
      await put(t, 'a', '3');
      await remove(t, 'a');
      const watching = await Watching.open(t, { base });
      assert.equal(await watching.create({ key: t.key('a'), start_revision: base + 1 }), '0 @5 created');
      assert.equal(
        await watching.next(),
        '0 @5 | put a=1 c1 m1 v1 | put a=2 c1 m2 v2 | put a=3 c1 m4 v3 | delete a m5',
      );
      await put(t, 'a', '4');
      assert.equal(await watching.next(), '0 @6 | put a=4 c6 m6 v1');
    },
  },
  {
    name: 'a watcher from the revision of now gets the event of that revision',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      await put(t, 'a', '1');
      await put(t, 'a', '2');
      const watching = await Watching.open(t, { base });
      await watching.create({ key: t.key('a'), start_revision: base + 2 });
      assert.equal(await watching.next(), '0 @2 | put a=2 c1 m2 v2');
    },
  },
  {
    name: 'a watcher from a revision to come gets nothing before it (row 79)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      const request = { key: t.key('a'), start_revision: watching.base + 4 };
      assert.equal(await watching.create(request), '0 @0 created');
      for (let i = 1; i <= 5; i++) await put(t, 'a', String(i));
      assert.deepEqual(await watching.take(2), ['0 @4 | put a=4 c1 m4 v4', '0 @5 | put a=5 c1 m5 v5']);
    },
  },
  {
    name: 'a watcher from the past gets every event once, however many are written meanwhile',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      for (let i = 0; i < 100; i++) await put(t, 'k', String(i));
      const writes = aside(Promise.all(Array.from({ length: 4 }, (_, w) => writeMany(t, `w${w}`, 100))));
      const watching = await Watching.open(t, { base });
      await watching.create({ key: t.key(''), range_end: t.rangeEnd, start_revision: base + 1 });
      const events = await watching.events(500);
      await writes;
      assert.deepEqual(
        events.map(({ kv }) => (kv?.mod_revision ?? 0) - base),
        Array.from({ length: 500 }, (_, i) => i + 1),
      );
      for (const name of ['w0', 'w1', 'w2', 'w3']) {
        const own = events.filter(({ kv }) => kv !== undefined && t.nameOf(kv.key) === name);
        assert.deepEqual(
          own.map(({ kv }) => text(kv?.value ?? ZERO)),
          Array.from({ length: 100 }, (_, i) => String(i)),
        );
      }
    },
  },
];

const asked: Case[] = [
  {
    name: 'prev_kv is what an event replaced: on updates and on deletes, not on a create (row 78)',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      await put(t, 'a', '1');
      await put(t, 'a', '2');
      await remove(t, 'a');
      await put(t, 'a', '3');
      await put(t, 'b', '1');
      const watching = await Watching.open(t, { base });
      const range = { key: t.key(''), range_end: t.rangeEnd, prev_kv: true };
      await watching.create({ ...range, start_revision: base + 1 });
      const past = [
        '0 @5 | put a=1 c1 m1 v1 | put a=2 c1 m2 v2 was 1 m1 | delete a m3 was 2 m2',
        'put a=3 c4 m4 v1 | put b=1 c5 m5 v1',
      ];
      assert.equal(await watching.next(), past.join(' | '));
      await put(t, 'a', '4');
      assert.equal(await watching.next(), '0 @6 | put a=4 c4 m6 v2 was 3 m4');
      await t.ok(DeleteRange, { key: t.key(''), range_end: t.rangeEnd });
      assert.equal(await watching.next(), '0 @7 | delete a m7 was 4 m6 | delete b m7 was 1 m5');
    },
  },
  {
    name: 'NOPUT leaves deletes, NODELETE leaves puts, both leave nothing (row 86)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a'), filters: [Filter.NOPUT, Filter.NODELETE] });
      await watching.create({ key: t.key('a'), filters: [Filter.NOPUT] });
      await watching.create({ key: t.key('a'), filters: [Filter.NODELETE] });
      await put(t, 'a', '1');
      assert.equal(await watching.next(), '2 @1 | put a=1 c1 m1 v1');
      await remove(t, 'a');
      assert.equal(await watching.next(), '1 @2 | delete a m2');
      await put(t, 'a', '2');
      assert.equal(await watching.next(), '2 @3 | put a=2 c3 m3 v1');
    },
  },
  {
    name: 'filters hold for events of the past as well',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      await put(t, 'a', '1');
      await remove(t, 'a');
      await put(t, 'a', '2');
      const watching = await Watching.open(t, { base });
      await watching.create({ key: t.key('a'), start_revision: base + 1, filters: [Filter.NOPUT] });
      assert.equal(await watching.next(), '0 @3 | delete a m2');
    },
  },
];

const streams: Case[] = [
  {
    name: 'two watchers of one stream that want one event get an answer each, with their own id (row 92)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      assert.equal(await watching.create({ key: t.key('a') }), '0 @0 created');
      assert.equal(await watching.create({ key: t.key('a'), range_end: t.key('b') }), '1 @0 created');
      await put(t, 'a', '1');
      const answers = await watching.take(2);
      assert.deepEqual(answers.sort(), ['0 @1 | put a=1 c1 m1 v1', '1 @1 | put a=1 c1 m1 v1']);
    },
  },
  {
    name: 'a hundred watchers of one stream are created in order, and each gets its own key',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      const ids = Array.from({ length: 100 }, (_, i) => i);
      for (const i of ids) watching.stream.write({ create_request: { key: t.key(`k${i}`) } });
      assert.deepEqual(
        await watching.take(100),
        ids.map((i) => `${i} @0 created`),
      );
      for (const i of ids.toReversed()) await put(t, `k${i}`, 'v');
      assert.deepEqual(
        await watching.take(100),
        ids.toReversed().map((i, at) => `${i} @${at + 1} | put k${i}=v c${at + 1} m${at + 1} v1`),
      );
    },
  },
  {
    name: 'cancel is answered once and for a known id only, and the id is not given again (row 85)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a') });
      watching.cancel(0n);
      watching.cancel(44n);
      watching.cancel(0n);
      watching.stream.write({ create_request: { key: t.key('a') } });
      assert.deepEqual(await watching.take(2), ['0 @0 canceled', '1 @0 created']);
      await put(t, 'a', '1');
      assert.equal(await watching.next(), '1 @1 | put a=1 c1 m1 v1');
      await put(t, 'a', '2');
      assert.equal(await watching.next(), '1 @2 | put a=2 c1 m2 v2');
    },
  },
  {
    name: 'cancelling one watcher leaves the others of its stream and those of other streams',
    since,
    run: async (t) => {
      const one = await Watching.open(t);
      const other = await Watching.open(t);
      await one.create({ key: t.key('a') });
      await one.create({ key: t.key('a') });
      await other.create({ key: t.key('a') });
      one.cancel(0n);
      assert.equal(await one.next(), '0 @0 canceled');
      await put(t, 'a', '1');
      assert.equal(await one.next(), '1 @1 | put a=1 c1 m1 v1');
      assert.equal(await other.next(), '0 @1 | put a=1 c1 m1 v1');
      one.stream.cancel();
      await put(t, 'a', '2');
      assert.equal(await other.next(), '0 @2 | put a=2 c1 m2 v2');
    },
  },
  {
    name: 'a client that closes its side goes on getting events (row 93)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a') });
      watching.stream.halfClose();
      await watching.stream.quiet(200);
      await put(t, 'a', '1');
      assert.equal(await watching.next(), '0 @1 | put a=1 c1 m1 v1');
      await put(t, 'a', '2');
      assert.equal(await watching.next(), '0 @2 | put a=2 c1 m2 v2');
    },
  },
  {
    name: 'a progress request is answered for the stream with the revision of now (row 87)',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a') });
      await watching.create({ key: t.key('b') });
      await put(t, 'other', '1');
      watching.progress();
      assert.equal(await watching.next(), '-1 @1');
    },
  },
  {
    name: 'events come in the order of their revisions, whoever writes',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key(''), range_end: t.rangeEnd });
      await Promise.all(Array.from({ length: 8 }, (_, w) => writeMany(t, `w${w}`, 50)));
      const revisions = (await watching.events(400)).map(({ kv }) => (kv?.mod_revision ?? 0) - watching.base);
      assert.deepEqual(
        revisions,
        Array.from({ length: 400 }, (_, i) => i + 1),
      );
    },
  },
];

async function writeMany(t: CaseContext, name: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await put(t, name, String(i));
}

export const watchCases: CaseGroup = {
  name: 'watch',
  cases: [...oneKey, ...ranges, ...fromRevision, ...asked, ...streams],
};
