// The watchers of step 07 in random runs: streams that take nothing for a while, watchers from any revision, cancels. Each
// watcher gets an exact piece of the history, whole revisions, nothing twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../../proto/schema.ts';
import { bytesToKey, type KeyRange } from '../../../steps/07-watch/core/keys.ts';
import { Lessor } from '../../../steps/07-watch/core/lease/lessor.ts';
import { KVStore } from '../../../steps/07-watch/core/mvcc/kvstore.ts';
import { RevisionLog } from '../../../steps/07-watch/core/mvcc/revision_log.ts';
import { WatchableStore } from '../../../steps/07-watch/core/mvcc/watchable_store.ts';
import type { Watcher, WatchSink } from '../../../steps/07-watch/core/mvcc/watcher.ts';
import type { WatchStream } from '../../../steps/07-watch/core/mvcc/watch_stream.ts';
import { Random } from '../../sim/random.ts';

const SEEDS = 200;
const ACTIONS = 300;
const KEYS = ['a', 'b', 'c', 'd'];

const bytes = (text: string): Uint8Array => Buffer.from(text);
const show = (event: Event): string =>
  `${bytesToKey(event.kv?.key ?? bytes(''))}@${event.kv?.mod_revision}/${event.type}`;

/** A stream whose client reads by fits and starts. */
class Sink implements WatchSink {
  isWritable = true;
  readonly got = new Map<Watcher, string[]>();

  onEvents(watcher: Watcher, events: Event[]): void {
    assert.ok(this.isWritable, 'nothing is sent to a stream that takes nothing');
    this.got.get(watcher)?.push(...events.map(show));
  }

  onProgress(): void {}
}

interface Stream {
  readonly sink: Sink;
  readonly stream: WatchStream;
}

interface Watched {
  readonly watcher: Watcher;
  readonly from: number;
  readonly range: KeyRange;
}

class Run {
  readonly #random: Random;
  readonly #hub: WatchableStore;
  readonly #store: KVStore;
  readonly #history: { readonly key: string; readonly revision: number; readonly text: string }[] = [];
  readonly #streams: Stream[] = [];
  readonly #watched: Watched[] = [];
  victims = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#hub = new WatchableStore(new RevisionLog(), () => undefined);
    const notify = (revision: number, events: readonly Event[]): void => {
      for (const event of events) {
        this.#history.push({ key: bytesToKey(event.kv?.key ?? bytes('')), revision, text: show(event) });
      }
      this.#hub.notify(revision, events);
    };
    this.#store = new KVStore(new Lessor(2), { notify });
    for (let i = 0; i < 3; i++) {
      const sink = new Sink();
      this.#streams.push({ sink, stream: this.#hub.newStream(sink) });
    }
  }

  run(): void {
    for (let i = 0; i < ACTIONS; i++) this.#act();
    for (const { sink, stream } of this.#streams) {
      sink.isWritable = true;
      stream.resume();
    }
    while (this.#hub.hasUnsynced) this.#hub.syncWatchers();
    for (const watched of this.#watched) this.#check(watched);
  }

  #act(): void {
    const key = KEYS[this.#random.below(KEYS.length)] as string;
    const { sink, stream } = this.#streams[this.#random.below(this.#streams.length)] as Stream;
    const kind = this.#random.below(10);
    if (kind < 5) this.#store.put({ key: bytes(key), value: bytes('v'), lease: 0n });
    else if (kind < 6) this.#store.deleteRange([{ kind: 'interval', key, end: 'z' }]);
    else if (kind < 7) this.#watch(stream, sink, key);
    else if (kind < 8) this.#hub.syncWatchers();
    else {
      this.victims += stream.victims.size;
      sink.isWritable = !sink.isWritable;
      if (sink.isWritable) stream.resume();
    }
  }

  #watch(stream: WatchStream, sink: Sink, key: string): void {
    const startRevision = this.#random.below(this.#hub.currentRevision + 4);
    const from = startRevision === 0 ? this.#hub.currentRevision + 1 : startRevision;
    const range: KeyRange = this.#random.below(2) === 0 ? { kind: 'single', key } : { kind: 'fromKey', key };
    const options = { range, startRevision, wantsPrevKv: false, noPut: false, noDelete: false };
    const watcher = stream.watch(0n, options);
    assert.ok(typeof watcher !== 'string');
    sink.got.set(watcher, []);
    this.#watched.push({ watcher, from, range });
  }

  #check({ watcher, from, range }: Watched): void {
    const got = this.#streams.flatMap(({ sink }) => sink.got.get(watcher) ?? []);
    const isIn = (key: string): boolean => (range.kind === 'single' ? key === range.key : key >= range.key);
    const expected = this.#history.filter(({ key, revision }) => revision >= from && isIn(key));
    assert.deepEqual(
      got,
      expected.map(({ text }) => text),
    );
  }
}

test(`step 07: ${SEEDS} random runs in which every watcher gets its piece of the history`, (t) => {
  let victims = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = new Run(seed);
    try {
      run.run();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    victims += run.victims;
  }
  t.diagnostic(`${victims} victims`);
  assert.ok(victims > SEEDS);
});
