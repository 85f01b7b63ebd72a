// Watch in full, where there is much of it or it takes long: long histories, fragments, progress under the rules of 3.5, clients
// that do not read, servers that end and come back (spec/rpc.md 7 and rows of 17.4).

import assert from 'node:assert/strict';
import { KV } from '../../proto/load.ts';
import type { WatchResponse } from '../../proto/schema.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';
import { aside, history, modOf, revisionOf, Watching } from './watching.ts';

const { Put, DeleteRange } = KV.methods;
const since = 'final';
const ZERO = Buffer.from([0]);
const QUIET_MS = 300;
// The Go server waits for open calls for 7 s, the time limit of a request, before it cuts them off.
const STOP_LIMIT_MS = 15_000;

const put = (t: CaseContext, name: string, value: string): Promise<unknown> =>
  t.ok(Put, { key: t.key(name), value: bytes(value) });

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
      const writes = aside(history(t.client, t.key('a'), 300));
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

export const watchLongCases: CaseGroup = { name: 'long watch', cases: [...long, ...progress, ...slow] };
