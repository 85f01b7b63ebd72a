// Watch in full: ids that clients choose, requests that are refused, transactions, compaction (spec/rpc.md 7 and rows of
// 17.4).

import assert from 'node:assert/strict';
import { KV, Watch } from '../../proto/load.ts';
import type { Event, WatchResponse } from '../../proto/schema.ts';
import { grpcFrame, grpcHeaders, http2Exchange } from '../harness/http2_client.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';
import { deleteOp, nested, putOp } from './txn_ops.ts';
import { aside, history, modOf, revisionOf, Watching } from './watching.ts';

const { Put, DeleteRange, Txn, Compact } = KV.methods;
const since = 'final';
const COMPACTED = '"etcdserver: mvcc: required revision has been compacted"';

const put = (t: CaseContext, name: string, value: string): Promise<unknown> =>
  t.ok(Put, { key: t.key(name), value: bytes(value) });

// A WatchRequest with a create request of these bytes.
function createBytes(request: Uint8Array): Buffer {
  assert.ok(request.length < 128, 'the length fits one byte');
  return Buffer.concat([Buffer.from([0x0a, request.length]), request]);
}

function keyField(key: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x0a, key.length]), key]);
}

const ids: Case[] = [
  {
    name: 'ids are chosen or counted from 0, past those in use; a negative one is as good as any (rows 83 and 84)',
    since: '07-watch',
    run: async (t) => {
      const watching = await Watching.open(t);
      const answers: string[] = [];
      for (const watch_id of [5n, 0n, 0n, 1n, 2n, 0n, -1n, -7n, 5n, 2n ** 62n]) {
        answers.push(await watching.create({ key: t.key('a'), watch_id }));
      }
      const duplicate = '-1 @0 created canceled "mvcc: duplicate watch ID provided on the WatchStream"';
      const given = (id: number | bigint): string => `${id} @0 created`;
      assert.deepEqual(answers, [
        ...[5, 0, 1].map(given),
        duplicate,
        ...[2, 3, -1, -7].map(given),
        duplicate,
        given(2n ** 62n),
      ]);
      await put(t, 'a', '1');
      const heard = (await watching.take(8)).map((answer) => answer.split(' ')[0] ?? '');
      assert.deepEqual(heard.toSorted(), ['-1', '-7', '0', '1', '2', '3', '4611686018427387904', '5']);
    },
  },
  {
    name: 'an id that was cancelled can be chosen again',
    since: '07-watch',
    run: async (t) => {
      const watching = await Watching.open(t);
      assert.equal(await watching.create({ key: t.key('a'), watch_id: 9n }), '9 @0 created');
      watching.cancel(9n);
      assert.equal(await watching.next(), '9 @0 canceled');
      assert.equal(await watching.create({ key: t.key('b'), watch_id: 9n }), '9 @0 created');
      await put(t, 'a', 'no');
      await put(t, 'b', 'yes');
      assert.equal(await watching.next(), '9 @2 | put b=yes c2 m2 v1');
    },
  },
  {
    name: 'ids belong to a stream: another stream counts and cancels its own',
    since: '07-watch',
    run: async (t) => {
      const one = await Watching.open(t);
      const other = await Watching.open(t);
      assert.equal(await one.create({ key: t.key('a') }), '0 @0 created');
      assert.equal(await other.create({ key: t.key('a') }), '0 @0 created');
      other.cancel(0n);
      assert.equal(await other.next(), '0 @0 canceled');
      await put(t, 'a', '1');
      assert.equal(await one.next(), '0 @1 | put a=1 c1 m1 v1');
    },
  },
];

const refused: Case[] = [
  {
    name: 'a range that holds nothing is refused with id -1, and the stream goes on (row 82)',
    since: '07-watch',
    run: async (t) => {
      const watching = await Watching.open(t);
      const empty = '-1 @0 created canceled "mvcc: watcher range is empty"';
      assert.equal(await watching.create({ key: t.key('b'), range_end: t.key('a') }), empty);
      assert.equal(await watching.create({ key: t.key('b'), range_end: t.key('b'), watch_id: 5n }), empty);
      assert.equal(await watching.create({ key: t.key('b'), watch_id: 5n }), '5 @0 created');
      watching.cancel(-1n);
      await put(t, 'b', '1');
      assert.equal(await watching.next(), '5 @1 | put b=1 c1 m1 v1');
    },
  },
  {
    name: 'a negative start revision is refused like one that is compacted (row 91)',
    since: '07-watch',
    only: '3.5',
    run: async (t) => {
      const watching = await Watching.open(t);
      const request = { key: t.key('a'), start_revision: -1, watch_id: 3n };
      assert.equal(await watching.create(request), `-1 @0 created canceled ${COMPACTED}`);
      assert.equal(
        await watching.create({ key: t.key('a'), start_revision: -(2 ** 53) }),
        `-1 @0 created canceled ${COMPACTED}`,
      );
      assert.equal(await watching.create({ key: t.key('a') }), '0 @0 created');
    },
  },
  {
    name: 'a watch request that asks for nothing is ignored, and so are fields that nobody knows',
    since: '07-watch',
    run: async (t) => {
      const watching = await Watching.open(t);
      watching.stream.write({});
      watching.stream.write(new Uint8Array(0));
      watching.stream.write(Uint8Array.of(0x7a, 1, 0x61));
      assert.equal(await watching.create({ key: t.key('a') }), '0 @0 created');
    },
  },
  {
    name: 'a range_end that is there and empty is one key',
    since: '07-watch',
    run: async (t) => {
      const watching = await Watching.open(t);
      const request = Buffer.concat([keyField(t.key('a')), Buffer.from([0x12, 0])]);
      watching.stream.write(createBytes(request));
      assert.equal(await watching.next(), '0 @0 created');
      await put(t, 'b', 'no');
      await put(t, 'a', 'yes');
      assert.equal(await watching.next(), '0 @2 | put a=yes c2 m2 v1');
    },
  },
  {
    name: 'filters are read packed and one by one, and a number that is no filter is left out',
    since: '07-watch',
    run: async (t) => {
      const watching = await Watching.open(t);
      const [noPut, noDelete, unknown] = [0, 1, 7];
      const packed = [0x2a, 2, noPut, unknown];
      const single = [0x28, unknown, 0x28, noDelete];
      for (const filters of [packed, single]) {
        watching.stream.write(createBytes(Buffer.concat([keyField(t.key('a')), Buffer.from(filters)])));
      }
      assert.deepEqual(await watching.take(2), ['0 @0 created', '1 @0 created']);
      await put(t, 'a', '1');
      assert.equal(await watching.next(), '1 @1 | put a=1 c1 m1 v1');
      await t.ok(DeleteRange, { key: t.key('a') });
      assert.equal(await watching.next(), '0 @2 | delete a m2');
    },
  },
  {
    name: 'a watch stream whose deadline has come ends with it',
    since: '07-watch',
    run: async (t) => {
      const body = grpcFrame(createBytes(keyField(t.key('a'))));
      const headers = { ...grpcHeaders(Watch.methods.Watch.path), 'grpc-timeout': '300m' };
      const answer = await http2Exchange({ port: t.server.clientPort, headers, body });
      // The answer that the watcher is there has come. 3.4 ends with a status, 3.5 resets the stream.
      assert.ok(answer.data.length > 0);
      assert.notEqual(answer.trailers?.['grpc-status'], String(Code.OK));
    },
  },
];

const transactions: Case[] = [
  {
    name: 'a txn is one answer with all its events in order, previous values by the revision before (row 88)',
    since,
    run: async (t) => {
      await put(t, 'a', 'old');
      await put(t, '2', 'two');
      const watching = await Watching.open(t);
      await watching.create({ key: t.key(''), range_end: t.rangeEnd, prev_kv: true });
      await t.ok(Txn, {
        success: [
          putOp({ key: t.key('1'), value: bytes('x') }),
          putOp({ key: t.key('2'), value: bytes('y') }),
          deleteOp({ key: t.key('a') }),
        ],
      });
      const expected = '0 @1 | put 1=x c1 m1 v1 | put 2=y c0 m1 v2 was two m0 | delete a m1 was old m-1';
      assert.equal(await watching.next(), expected);
    },
  },
  {
    name: 'of a txn a watcher gets what it wants, and nothing of one that changes nothing',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('b') });
      await t.ok(Txn, { success: [deleteOp({ key: t.key('b') })] });
      await t.ok(Txn, { success: [putOp({ key: t.key('a') }), nested({ success: [putOp({ key: t.key('b') })] })] });
      await t.ok(Txn, { success: [putOp({ key: t.key('c') })] });
      await t.ok(Txn, { success: [deleteOp({ key: t.key('a') }), deleteOp({ key: t.key('b') })] });
      assert.deepEqual(await watching.take(2), ['0 @1 | put b= c1 m1 v1', '0 @3 | delete b m3']);
    },
  },
  {
    name: 'a revision of many events is not cut, now or later',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      const range = { key: t.key(''), range_end: t.rangeEnd };
      await watching.create(range);
      const success = Array.from({ length: 128 }, (_, i) => putOp({ key: t.key(`k${i}`), value: bytes('v') }));
      for (let i = 0; i < 3; i++) await t.ok(Txn, { success });
      const sizes = (responses: WatchResponse[]): number[] => responses.map(({ events }) => events.length);
      assert.deepEqual(sizes(await watching.stream.take(3)), [128, 128, 128]);
      assert.equal(await watching.create({ ...range, start_revision: watching.base + 1 }), '1 @3 created');
      const events: Event[] = [];
      while (events.length < 384) {
        const response = await watching.stream.next();
        assert.equal(response.events.length % 128, 0);
        events.push(...response.events);
      }
      assert.equal(new Set(events.map(modOf)).size, 3);
    },
  },
];

const compaction: Case[] = [
  {
    name: 'a watcher from below the compact revision is created and then ended with that revision (row 89)',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      for (let i = 0; i < 5; i++) await put(t, 'a', String(i));
      await t.ok(Compact, { revision: base + 3 });
      const watching = await Watching.open(t, { base });
      assert.equal(await watching.create({ key: t.key('a'), start_revision: base + 2 }), '0 @5 created');
      assert.equal(await watching.next(), '0 @none canceled compacted 3');
      const other = await watching.create({ key: t.key('a'), start_revision: 1 });
      assert.equal(other, '1 @5 created');
      assert.equal(await watching.next(), '1 @none canceled compacted 3');
      await put(t, 'a', 'more');
      assert.equal(await watching.create({ key: t.key('a') }), '2 @6 created');
    },
  },
  {
    name: 'the header of that answer has all but the revision',
    since,
    run: async (t) => {
      const { header } = await t.ok(Put, { key: t.key('a') });
      await put(t, 'a', '2');
      const base = header?.revision ?? 0;
      await t.ok(Compact, { revision: base + 1 });
      const { stream } = await Watching.open(t);
      stream.write({ create_request: { key: t.key('a'), start_revision: base } });
      const [, canceled] = await stream.take(2);
      assert.deepEqual(canceled?.header, { ...header, revision: 0 });
    },
  },
  {
    name: 'a watcher from the compact revision itself gets that revision and all behind (row 90)',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      for (let i = 1; i <= 5; i++) await put(t, 'a', String(i));
      await t.ok(Compact, { revision: base + 3 });
      const watching = await Watching.open(t, { base });
      await watching.create({ key: t.key('a'), start_revision: base + 3 });
      assert.equal(await watching.next(), '0 @5 | put a=3 c1 m3 v3 | put a=4 c1 m4 v4 | put a=5 c1 m5 v5');
    },
  },
  {
    name: 'a previous value that is compacted is not told',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      for (let i = 1; i <= 4; i++) await put(t, 'a', String(i));
      await t.ok(Compact, { revision: base + 3 });
      const watching = await Watching.open(t, { base });
      await watching.create({ key: t.key('a'), start_revision: base + 3, prev_kv: true });
      assert.equal(await watching.next(), '0 @4 | put a=3 c1 m3 v3 | put a=4 c1 m4 v4 was 3 m3');
    },
  },
  {
    name: 'a watcher that has seen everything does not mind a compaction',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a'), prev_kv: true });
      await put(t, 'a', '1');
      await put(t, 'a', '2');
      assert.deepEqual(await watching.take(2), ['0 @1 | put a=1 c1 m1 v1', '0 @2 | put a=2 c1 m2 v2 was 1 m1']);
      await t.ok(Compact, { revision: watching.base + 2 });
      await put(t, 'a', '3');
      assert.equal(await watching.next(), '0 @3 | put a=3 c1 m3 v3 was 2 m2');
    },
  },
  {
    name: 'compaction while a watcher catches up: it gets an unbroken beginning, and is told where it was cut off if it was',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      await history(t.client, t.key('a'), 2500);
      const watching = await Watching.open(t, { base });
      watching.stream.write({ create_request: { key: t.key('a'), start_revision: base + 1 } });
      const compacted = aside(t.ok(Compact, { revision: base + 2400 }));
      const seen: number[] = [];
      let end: WatchResponse | undefined;
      while (seen.length < 2500 && end === undefined) {
        const response = await watching.stream.next();
        if (response.canceled) end = response;
        seen.push(...response.events.map((event) => modOf(event) - base));
      }
      await compacted;
      assert.deepEqual(
        seen,
        seen.map((_, i) => i + 1),
      );
      if (end !== undefined) assert.equal(watching.show(end), '0 @none canceled compacted 2400');
    },
  },
];

export const watchFullCases: CaseGroup = {
  name: 'watch in full',
  cases: [...ids, ...refused, ...transactions, ...compaction],
};
