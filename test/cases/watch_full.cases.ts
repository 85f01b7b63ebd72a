// Watch in full: ids that clients choose, requests that are refused, transactions, compaction, long histories, fragments,
// progress under the rules of 3.5, clients that do not read, restarts (spec/rpc.md 7 and rows of 17.4).

import assert from 'node:assert/strict';
import { KV, Watch } from '../../proto/load.ts';
import type { Event, WatchResponse } from '../../proto/schema.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import { grpcFrame, grpcHeaders, http2Exchange } from '../harness/http2_client.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';
import { deleteOp, nested, putOp } from './txn_ops.ts';
import { revisionOf, Watching } from './watching.ts';

const { Put, DeleteRange, Txn, Compact } = KV.methods;
const since = 'final';
const ZERO = Buffer.from([0]);
const QUIET_MS = 300;
// The Go server waits for open calls for 7 s, the time limit of a request, before it cuts them off.
const STOP_LIMIT_MS = 15_000;
const COMPACTED = '"etcdserver: mvcc: required revision has been compacted"';

const put = (t: CaseContext, name: string, value: string): Promise<unknown> =>
  t.ok(Put, { key: t.key(name), value: bytes(value) });

/** Writes `count` revisions of one key, many at a time. */
async function history(client: GrpcClient, key: Buffer, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    const round = Array.from({ length: Math.min(left, 100) }, () => client.unary(Put, { key, value: bytes('v') }));
    await Promise.all(round);
  }
}

const modOf = ({ kv }: Event): number => kv?.mod_revision ?? 0;

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
      // 3.4 answers a status, 3.5 resets the stream.
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
      const compacted = t.ok(Compact, { revision: base + 2400 });
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

const long: Case[] = [
  {
    name: 'a history of 2500 revisions comes as 1000, 1000 and 500 with the revision of now (row 95)',
    since: '07-watch',
    run: async (t) => {
      const base = await revisionOf(t);
      await history(t.client, t.key('a'), 2500);
      const watching = await Watching.open(t, { base });
      await watching.create({ key: t.key('a'), start_revision: base + 1 });
      const responses = await watching.stream.take(3);
      assert.deepEqual(
        responses.map(({ header, events }) => [header?.revision, events.length]),
        [1000, 1000, 500].map((length) => [base + 2500, length]),
      );
      assert.deepEqual(
        responses.flatMap(({ events }) => events).map(modOf),
        Array.from({ length: 2500 }, (_, i) => base + 1 + i),
      );
    },
  },
  {
    name: 'five events of 900 KiB come as 2, 2 and 1 with fragment, and as one answer without (row 94)',
    since,
    run: async (t) => {
      const base = await revisionOf(t);
      for (let i = 0; i < 5; i++) await t.ok(Put, { key: t.key('a'), value: Buffer.alloc(900 * 1024, 65 + i) });
      const watching = await Watching.open(t, { base });
      const shape = ({ watch_id, fragment, header, events }: WatchResponse): string =>
        `${watch_id} @${(header?.revision ?? 0) - base} ${fragment} ${events.length}`;
      await watching.create({ key: t.key('a'), start_revision: base + 1, fragment: true });
      const pieces = await watching.stream.take(3);
      assert.deepEqual(pieces.map(shape), ['0 @5 true 2', '0 @5 true 2', '0 @5 false 1']);
      const firstBytes = pieces.flatMap(({ events }) => events).map(({ kv }) => kv?.value[0]);
      assert.deepEqual(firstBytes, [65, 66, 67, 68, 69]);
      await watching.create({ key: t.key('a'), start_revision: base + 1 });
      assert.equal(shape(await watching.stream.next()), '1 @5 false 5');
    },
  },
  {
    name: 'a single event is never cut, and fragment changes nothing for small ones',
    since,
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a'), fragment: true, prev_kv: true });
      const value = Buffer.alloc(1_500_000, 65);
      await t.ok(Put, { key: t.key('a'), value });
      await t.ok(Put, { key: t.key('a'), value });
      const [one, two] = await watching.stream.take(2);
      assert.deepEqual([one?.fragment, one?.events.length, two?.fragment, two?.events.length], [false, 1, false, 1]);
      assert.equal(two?.events[0]?.prev_kv?.value.length, value.length);
      await put(t, 'a', 'small');
      assert.match(await watching.next().then((text) => text.slice(0, 20)), /^0 @3 \| put a=small /);
    },
  },
];

const progress: Case[] = [
  {
    name: 'a progress request on a stream without watchers is not answered (row 87)',
    since,
    only: '3.5',
    run: async (t) => {
      const watching = await Watching.open(t);
      watching.progress();
      await watching.stream.quiet(QUIET_MS);
      await watching.create({ key: t.key('a') });
      watching.cancel(0n);
      assert.equal(await watching.next(), '0 @0 canceled');
      watching.progress();
      await watching.stream.quiet(QUIET_MS);
    },
  },
  {
    name: 'a progress request is not answered while a watcher waits for a revision to come (row 87)',
    since,
    only: '3.5',
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a'), start_revision: watching.base + 2 });
      await watching.create({ key: t.key('b') });
      watching.progress();
      await watching.stream.quiet(QUIET_MS);
      await put(t, 'other', '1');
      await put(t, 'other', '2');
      watching.progress();
      assert.equal(await watching.next(), '-1 @2');
    },
  },
  {
    name: 'a progress answer never comes before an event of its revision or an earlier one',
    since,
    only: '3.5',
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key(''), range_end: t.rangeEnd });
      const writes = history(t.client, t.key('a'), 300);
      const asking = setInterval(() => watching.progress(), 2);
      let last = watching.base;
      let asked = 0;
      try {
        while (last < watching.base + 300) {
          const { watch_id, header, events } = await watching.stream.next();
          if (watch_id === -1n) {
            asked += 1;
            assert.ok((header?.revision ?? 0) <= last, `progress ${header?.revision}, events up to ${last}`);
          }
          for (const event of events) {
            assert.equal(modOf(event), last + 1);
            last = modOf(event);
          }
        }
      } finally {
        clearInterval(asking);
      }
      await writes;
      assert.ok(asked > 0);
    },
  },
  {
    name: 'progress_notify tells an idle watcher the revision of now, under its own id',
    since,
    only: '3.5',
    server: 'fresh',
    flags: { 'experimental-watch-progress-notify-interval': '200ms' },
    run: async (t) => {
      const watching = await Watching.open(t);
      await watching.create({ key: t.key('a') });
      await watching.create({ key: t.key('a'), progress_notify: true });
      await put(t, 'b', '1');
      assert.deepEqual(await watching.take(2), ['1 @1', '1 @1']);
      await put(t, 'b', '2');
      assert.equal(await watching.next(), '1 @2');
      watching.cancel(1n);
      let answer = await watching.next();
      while (answer === '1 @2') answer = await watching.next();
      assert.equal(answer, '1 @2 canceled');
      await watching.stream.quiet(2 * QUIET_MS);
    },
  },
];

const slow: Case[] = [
  {
    name: 'a client that does not read holds up nobody, and gets everything when it reads again',
    since: '07-watch',
    run: async (t) => {
      const sleeper = await Watching.open(t, { client: t.server.grpc() });
      const reader = await Watching.open(t, { client: t.server.grpc() });
      for (const one of [sleeper, reader]) await one.create({ key: t.key('a') });
      sleeper.stream.pause();
      const value = Buffer.alloc(100_000, 65);
      for (let i = 0; i < 400; i++) await t.ok(Put, { key: t.key('a'), value });
      const expected = Array.from({ length: 400 }, (_, i) => reader.base + 1 + i);
      assert.deepEqual((await reader.events(400)).map(modOf), expected);
      await t.ok(DeleteRange, { key: t.key('a') });
      sleeper.stream.resume();
      assert.deepEqual((await sleeper.events(401)).map(modOf), [...expected, reader.base + 401]);
    },
  },
  {
    name: 'a server that is told to stop ends its watch streams and does not wait for their clients',
    since,
    server: 'none',
    run: async (t) => {
      const server = await t.start();
      const watching = await Watching.open(t, { client: server.grpc() });
      await watching.create({ key: ZERO, range_end: ZERO });
      server.signal('SIGTERM');
      await server.ended(STOP_LIMIT_MS);
      assert.equal((await watching.stream.ended).code, Code.Unavailable);
    },
  },
  {
    name: 'a watcher of a server that was killed goes on from its revision when the server is back',
    since: '07-watch',
    server: 'none',
    run: async (t) => {
      const folder = t.folder();
      const first = await t.start({ folder });
      const client = first.grpc();
      const watching = await Watching.open(t, { client });
      await watching.create({ key: t.key('a') });
      const { base } = watching;
      for (const value of ['1', '2']) await client.unary(Put, { key: t.key('a'), value: bytes(value) });
      assert.deepEqual(await watching.take(2), ['0 @1 | put a=1 c1 m1 v1', '0 @2 | put a=2 c1 m2 v2']);
      await client.unary(Put, { key: t.key('a'), value: bytes('3') });
      await first.kill();
      const again = (await t.start({ folder })).grpc();
      await again.unary(DeleteRange, { key: t.key('a') });
      const next = await Watching.open(t, { client: again, base });
      assert.equal(await next.create({ key: t.key('a'), start_revision: base + 3, prev_kv: true }), '0 @4 created');
      assert.equal(await next.next(), '0 @4 | put a=3 c1 m3 v3 was 2 m2 | delete a m4 was 3 m3');
    },
  },
];

export const watchFullCases: CaseGroup = {
  name: 'watch in full',
  cases: [...ids, ...refused, ...transactions, ...compaction, ...long, ...progress, ...slow],
};
