// The hub of the watchers against a naive history: whatever happens to streams, database and history, each watcher sees an
// exact part of it, whole revisions in order, nothing twice, and is cancelled only for what is compacted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KeyRange } from '../../../final/core/keys.ts';
import type { WatcherOptions } from '../../../final/core/mvcc/watcher.ts';
import type { WatchStream } from '../../../final/core/mvcc/watch_stream.ts';
import { type Change, TestSink, World } from './watch_model.ts';

const KEYS = ['a', 'ab', 'b', 'c', '\x00', '\xff'];
const STREAMS = 3;

const key = fc.constantFrom(...KEYS);
const range: fc.Arbitrary<KeyRange> = fc.oneof(
  key.map((k) => ({ kind: 'single', key: k }) as const),
  fc.tuple(key, key).map(([k, end]) => ({ kind: 'interval', key: k, end }) as const),
  key.map((k) => ({ kind: 'fromKey', key: k }) as const),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      key,
      value: fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), range }) },
);
const changes = fc.array(change, { maxLength: 4 });
const stream = fc.nat({ max: STREAMS - 1 });
const flag = fc.boolean();

const command = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('write' as const), changes }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('watch' as const),
      stream,
      id: fc.constantFrom(0n, 0n, 0n, 1n, 7n, -1n),
      range,
      // Behind or before the current revision; undefined = from now on.
      start: fc.option(fc.integer({ min: -12, max: 3 }), { nil: undefined }),
      wantsPrevKv: flag,
      noPut: fc.constantFrom(false, false, true),
      noDelete: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), stream, nth: fc.nat({ max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('room' as const), stream, room: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain' as const), stream }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('round' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat({ max: 8 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('step' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('progress' as const), stream }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      ahead: fc.array(changes, { maxLength: 3 }),
      back: fc.nat({ max: 8 }),
    }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

function optionsOf(asked: Extract<Command, { kind: 'watch' }>, current: number): Omit<WatcherOptions, 'receiver'> {
  const { range: keys, start, wantsPrevKv, noPut, noDelete } = asked;
  const startRevision = start === undefined ? 0 : Math.max(1, current + start);
  return { range: keys, startRevision, wantsPrevKv, noPut, noDelete };
}

function runCommands(commands: readonly Command[]): void {
  const world = new World();
  const streams = Array.from({ length: STREAMS }, () => world.hub.newStream(new TestSink()));
  const at = (i: number) => streams[i] as (typeof streams)[number];
  const sinkOf = (i: number) => at(i).sink as TestSink;
  for (const one of commands) {
    if (one.kind === 'write') world.write(one.changes);
    else if (one.kind === 'watch') {
      world.watch(at(one.stream), one.id, optionsOf(one, world.store.currentRevision));
    } else if (one.kind === 'cancel') {
      const own = world.seen.filter(({ sink, isCancelled }) => sink === sinkOf(one.stream) && !isCancelled);
      const seen = own[one.nth % Math.max(own.length, 1)];
      if (seen?.watcher !== undefined) {
        seen.isCancelled = true;
        assert.ok(at(one.stream).cancel(seen.watcher.id));
      }
    } else if (one.kind === 'room') sinkOf(one.stream).room = one.room;
    else if (one.kind === 'drain') {
      sinkOf(one.stream).room = Number.POSITIVE_INFINITY;
      at(one.stream).resume();
    } else if (one.kind === 'round') world.hub.syncWatchers();
    else if (one.kind === 'compact') world.compact(one.back);
    else if (one.kind === 'step') world.compactStep();
    else if (one.kind === 'replace') world.replace(one.ahead, one.back);
    else checkProgress(world, at(one.stream));
    world.check();
  }
  world.settle(streams);
}

function checkProgress(world: World, watchers: WatchStream): void {
  const sink = watchers.sink as TestSink;
  const before = sink.progress.length;
  const own = world.seen.filter((seen) => seen.sink === sink && !seen.isCancelled);
  const current = world.store.currentRevision;
  const isDue =
    own.length > 0 &&
    sink.isWritable &&
    own.every(({ watcher, options }) => watcher?.state === 'synced' && options.startRevision <= current);
  watchers.progressOfAll();
  assert.equal(sink.progress.length - before, isDue ? 1 : 0);
}

test('each watcher sees an exact part of the history, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 10, maxLength: 120 }), (commands) => runCommands(commands)),
    { numRuns: 600 },
  );
});
