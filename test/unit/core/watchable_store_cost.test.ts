// What watchers cost, and the moments between: shared events, one pass over the log for many, no memory for those who do not
// read, the time while a database is replaced.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyRange } from '../../../final/core/keys.ts';
import { WATCHER_BYTES } from '../../../final/core/mvcc/watcher.ts';
import type { WatchEvent } from '../../../final/core/mvcc/watch_event.ts';
import type { WatchStream } from '../../../final/core/mvcc/watch_stream.ts';
import { plainEvent, SMALL_BOUNDS, TestSink, World } from './watch_model.ts';

const ALL: KeyRange = { kind: 'fromKey', key: '\x00' };
const A: KeyRange = { kind: 'single', key: 'a' };
const OPTIONS = { range: ALL, startRevision: 0, wantsPrevKv: false, noPut: false, noDelete: false };
const WIDE = { ...SMALL_BOUNDS, watchersPerRound: 1000, recordsPerRound: 1000, bytesPerRound: 1_000_000 };

function streamOf(world: World): { readonly stream: WatchStream; readonly sink: TestSink } {
  const sink = new TestSink();
  return { stream: world.hub.newStream(sink), sink };
}

const put = (world: World, key: string, value = 'v'): void => world.write([{ kind: 'put', key, value }]);

/** Keeps the events themselves. */
function keeper(): { readonly events: WatchEvent[]; onEvents: (events: readonly WatchEvent[]) => void } & Receivers {
  const events: WatchEvent[] = [];
  return { events, onEvents: (some) => void events.push(...some), onCompacted: () => {}, onProgress: () => {} };
}

interface Receivers {
  onCompacted(): void;
  onProgress(): void;
}

test('watchers of the same change share its event; those who want to know what was before share another', () => {
  const world = new World();
  const { stream } = streamOf(world);
  put(world, 'a', 'old');
  const [one, two, three, four] = [keeper(), keeper(), keeper(), keeper()];
  stream.watch(0n, { ...OPTIONS, receiver: one });
  stream.watch(0n, { ...OPTIONS, range: A, receiver: two });
  stream.watch(0n, { ...OPTIONS, wantsPrevKv: true, receiver: three });
  stream.watch(0n, { ...OPTIONS, range: A, wantsPrevKv: true, receiver: four });
  put(world, 'a', 'new');
  assert.equal(one.events[0], two.events[0]);
  assert.equal(three.events[0], four.events[0]);
  assert.notEqual(one.events[0], three.events[0]);
  assert.deepEqual(
    [one, three].map(({ events: [event] }) => plainEvent(event as WatchEvent).prev),
    [undefined, 'old'],
  );
});

test('those who are caught up together share events too, and one pass over the log', () => {
  const world = new World(WIDE);
  const { stream } = streamOf(world);
  for (let i = 0; i < 3; i++) put(world, 'a', String(i));
  const keepers = Array.from({ length: 300 }, keeper);
  for (const receiver of keepers) stream.watch(0n, { ...OPTIONS, startRevision: 2, receiver });
  let scans = 0;
  const scan = world.log.scan.bind(world.log);
  world.log.scan = (...args) => {
    scans++;
    scan(...args);
  };
  world.hub.syncWatchers();
  assert.equal(scans, 1);
  const [first] = keepers;
  for (const { events } of keepers) assert.deepEqual(events, first?.events);
  assert.ok(keepers.every(({ events }) => events[2] === first?.events[2]));
  assert.equal(first?.events.length, 3);
});

test('a round looks at no more of the log than it may, ends behind a revision, and begins with whoever waits longest', () => {
  const bytesPerResponse = 1000;
  const world = new World({ ...WIDE, bytesPerResponse, recordsPerRound: 3, watchersPerRound: 1 });
  const { stream } = streamOf(world);
  const two = ['a', 'b'].map((key) => ({ kind: 'put' as const, key, value: 'v' }));
  for (let i = 0; i < 4; i++) world.write(two);
  const seen = [1, 2].map(() => world.watch(stream, 0n, { ...OPTIONS, startRevision: 2 }));
  const counts: (number | undefined)[][] = [];
  for (let i = 0; i < 4; i++) {
    world.hub.syncWatchers();
    counts.push(seen.map((one) => one?.events.length));
  }
  assert.deepEqual(counts, [
    [4, 0],
    [4, 4],
    [8, 4],
    [8, 8],
  ]);
});

test('a round ends behind the revision with which it has made events of as many bytes as it may', () => {
  const world = new World({ ...WIDE, revisionsPerResponse: 100, bytesPerResponse: 100_000, bytesPerRound: 2500 });
  const { stream } = streamOf(world);
  for (let i = 0; i < 8; i++) put(world, 'a', 'x'.repeat(1000));
  const plain = world.watch(stream, 0n, { ...OPTIONS, startRevision: 2 });
  world.hub.syncWatchers();
  assert.equal(plain?.events.length, 3);
  world.settle([stream]);
  const withPrev = world.watch(stream, 0n, { ...OPTIONS, startRevision: 2, wantsPrevKv: true });
  world.hub.syncWatchers();
  assert.equal(withPrev?.events.length, 2);
});

test('a write that nobody watches is not even gathered, also while the only watcher does not read', () => {
  const world = new World();
  const { stream, sink } = streamOf(world);
  let writes = 0;
  const notify = world.hub.notify.bind(world.hub);
  world.hub.notify = (...args) => {
    writes++;
    notify(...args);
  };
  put(world, 'a');
  const seen = world.watch(stream, 0n, OPTIONS);
  assert.equal(world.hub.isWatched, true);
  sink.room = 1;
  for (let i = 0; i < 100; i++) put(world, 'a', String(i));
  assert.equal(writes, 2);
  assert.equal(stream.victims.size, 1);
  assert.equal(seen?.events.length, 1);
  world.settle([stream]);
  assert.equal(seen?.events.length, 100);
  assert.equal(stream.victims.size, 0);
});

test('a stream that is full holds up nobody else', () => {
  const world = new World();
  const [slow, fast] = [streamOf(world), streamOf(world)];
  world.watch(slow.stream, 0n, OPTIONS);
  const seen = world.watch(fast.stream, 0n, OPTIONS);
  slow.sink.room = 0;
  for (let i = 0; i < 10; i++) put(world, 'a');
  assert.equal(seen?.events.length, 10);
});

test('whoever takes more again without telling is found by the look that comes now and then', () => {
  const world = new World();
  const { stream, sink } = streamOf(world);
  const seen = world.watch(stream, 0n, OPTIONS);
  sink.room = 0;
  put(world, 'a');
  world.hub.resumeVictims();
  assert.equal(world.hub.hasUnsynced, false);
  sink.room = 10;
  const { wakes } = world;
  world.hub.resumeVictims();
  assert.equal(world.wakes, wakes + 1);
  world.hub.syncWatchers();
  assert.equal(seen?.events.length, 1);
});

test('all watchers together cost no more than they may; who ends makes room', () => {
  const world = new World({ ...SMALL_BOUNDS, watcherBytes: 2 * (WATCHER_BYTES + 1) });
  const [one, other] = [streamOf(world).stream, streamOf(world).stream];
  const watch = (stream: WatchStream, range: KeyRange = A) =>
    stream.watch(0n, { ...OPTIONS, range, receiver: keeper() });
  assert.equal(watch(one, { kind: 'single', key: 'x'.repeat(WATCHER_BYTES + 3) }), 'tooMany');
  for (const stream of [one, other]) assert.notEqual(watch(stream), 'tooMany');
  assert.equal(watch(one), 'tooMany');
  one.cancel(0n);
  assert.notEqual(watch(one), 'tooMany');
  assert.equal(watch(one), 'tooMany');
  other.close();
  other.close();
  // IDs of refused watchers were not used up.
  assert.equal((watch(one) as { readonly id: bigint }).id, 2n);
});

test('IDs: a counter that passes by what is in use, any other ID as it is', () => {
  const world = new World();
  const { stream } = streamOf(world);
  const idOf = (asked: bigint): unknown => {
    const watcher = stream.watch(asked, { ...OPTIONS, receiver: keeper() });
    return typeof watcher === 'string' ? watcher : watcher.id;
  };
  assert.deepEqual([5n, 0n, 0n, 1n, 2n, 0n, -1n, -7n].map(idOf), [5n, 0n, 1n, 'duplicateId', 2n, 3n, -1n, -7n]);
  assert.ok(stream.cancel(3n));
  assert.ok(!stream.cancel(3n));
  assert.deepEqual([0n, 0n].map(idOf), [4n, 6n]);
});

test('a range without keys is refused before its ID is looked at', () => {
  const { stream } = streamOf(new World());
  for (const end of ['a', 'b']) {
    const range: KeyRange = { kind: 'interval', key: 'b', end };
    assert.equal(stream.watch(1n, { ...OPTIONS, range, receiver: keeper() }), 'emptyRange');
  }
});

test('a watcher may end others, and itself, when it gets events', () => {
  const world = new World();
  const { stream } = streamOf(world);
  const other = keeper();
  const first = {
    ...keeper(),
    onEvents: () => {
      stream.cancel(1n);
      stream.cancel(0n);
    },
  };
  stream.watch(0n, { ...OPTIONS, receiver: first });
  stream.watch(0n, { ...OPTIONS, receiver: other });
  put(world, 'a');
  assert.equal(world.hub.isWatched, false);
  assert.deepEqual(other.events, []);
});

test('at the compact revision itself nothing is known of before, also while the work of the compaction is not done', () => {
  const world = new World();
  const { stream } = streamOf(world);
  for (let i = 0; i < 4; i++) put(world, 'a', String(i));
  world.compact(1);
  const receiver = keeper();
  stream.watch(0n, { ...OPTIONS, startRevision: 4, wantsPrevKv: true, receiver });
  world.hub.syncWatchers();
  assert.deepEqual(
    receiver.events.map((event) => [event.modRevision, plainEvent(event).prev]),
    [
      [4, undefined],
      [5, '2'],
    ],
  );
});

test('while the database is replaced nothing is read; who begins to watch meanwhile misses nothing', () => {
  const world = new World();
  const { stream } = streamOf(world);
  put(world, 'a');
  world.watch(stream, 0n, { ...OPTIONS, startRevision: 2 });
  world.hub.pause();
  world.log.scan = () => assert.fail('the log of a database that is being replaced');
  assert.equal(world.hub.hasUnsynced, false);
  world.hub.syncWatchers();
  const late = world.watch(stream, 0n, OPTIONS);
  world.log.scan = Object.getPrototypeOf(world.log).scan;
  const { wakes } = world;
  world.replace([[{ kind: 'put', key: 'b', value: '1' }]], 100);
  assert.equal(world.wakes, wakes + 1);
  world.settle([stream]);
  assert.deepEqual(
    late?.events.map((event) => [event.main, event.key]),
    [[3, 'b']],
  );
});

test('whoever lags a little gets on, however many come who lag far', () => {
  for (const isFirst of [true, false]) {
    const world = new World({ ...WIDE, recordsPerRound: 10, revisionsPerResponse: 1000, bytesPerResponse: 100_000 });
    const { stream } = streamOf(world);
    for (let i = 0; i < 1000; i++) put(world, 'a', String(i));
    const nobody: KeyRange = { kind: 'single', key: 'nobody' };
    const watchFar = (): unknown =>
      stream.watch(0n, { ...OPTIONS, range: nobody, startRevision: 2, receiver: keeper() });
    if (!isFirst) watchFar();
    const near = keeper();
    stream.watch(0n, { ...OPTIONS, startRevision: 990, receiver: near });
    for (let i = 0; i < 5; i++) {
      watchFar();
      world.hub.syncWatchers();
    }
    assert.equal(near.events.length, world.store.currentRevision - 989);
  }
});

test('whoever lags far gets on, however many come who lag a little', () => {
  const world = new World({ ...WIDE, recordsPerRound: 100, revisionsPerResponse: 1000, bytesPerResponse: 100_000 });
  const { stream } = streamOf(world);
  for (let i = 0; i < 1000; i++) put(world, 'a', String(i));
  const far = keeper();
  stream.watch(0n, { ...OPTIONS, startRevision: 2, receiver: far });
  for (let i = 0; i < 40; i++) {
    stream.watch(0n, { ...OPTIONS, startRevision: 995, receiver: keeper() });
    world.hub.syncWatchers();
  }
  assert.equal(far.events.length, 1000);
});
