// The store against a naive history: a list of whole states, one for each revision. Every revision that is not compacted
// must read as it was, with every range, limit and count.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EtcdError } from '../../../final/core/errors.ts';
import { bytesToKey, inRange, type KeyRange, keyToBytes } from '../../../final/core/keys.ts';
import { KVStore } from '../../../final/core/mvcc/kvstore.ts';
import { MemRevisionLog, type RevisionLog } from '../../../final/core/mvcc/revision_log.ts';
import { codecs } from '../../../proto/load.ts';
import type { KeyValue } from '../../../proto/schema.ts';
import type { Compaction } from '../../../final/core/mvcc/compaction.ts';

const NO_LEASES = { leaseOf: () => 0n, attach: () => {}, detach: () => {}, restore: () => {} };
// Few keys, so that they meet; the ends of the byte range among them.
const KEYS = ['a', 'ab', 'b', '\x00', '\x00\x00', '\x7f', '\x80', '\xff', '\xff\xff'];
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly range: KeyRange };

type Command =
  | { readonly kind: 'txn'; readonly changes: readonly Change[] }
  | { readonly kind: 'compact'; readonly back: number };

const key = fc.constantFrom(...KEYS);
const range: fc.Arbitrary<KeyRange> = fc.oneof(
  key.map((k) => ({ kind: 'single', key: k }) as const),
  fc.tuple(key, key).map(([k, end]) => ({ kind: 'interval', key: k, end }) as const),
  key.map((k) => ({ kind: 'fromKey', key: k }) as const),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), range }) },
);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ kind: fc.constant('txn' as const), changes: fc.array(change, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat({ max: 6 }) }) },
);

/** The naive store: states[revision] is the whole content then. */
class Model {
  readonly states: Map<string, KeyValue>[] = [new Map(), new Map()];
  compacted = -1;

  get revision(): number {
    return this.states.length - 1;
  }

  apply(changes: readonly Change[]): void {
    const state = new Map(this.states[this.revision]);
    const main = this.revision + 1;
    let isChanged = false;
    for (const one of changes) {
      if (one.kind === 'put') {
        const old = state.get(one.key);
        const version = (old?.version ?? 0) + 1;
        const create_revision = old?.create_revision ?? main;
        state.set(one.key, {
          key: keyToBytes(one.key),
          create_revision,
          mod_revision: main,
          version,
          value: utf8(one.value),
          lease: 0n,
        });
        isChanged = true;
      } else {
        for (const k of [...state.keys()].filter((k) => inRange(k, one.range))) {
          state.delete(k);
          isChanged = true;
        }
      }
    }
    if (isChanged) this.states.push(state);
  }

  range(asked: KeyRange, revision: number): KeyValue[] {
    const state = this.states[revision] as Map<string, KeyValue>;
    return [...state]
      .filter(([k]) => inRange(k, asked))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, kv]) => kv);
  }
}

function newStore(): KVStore {
  return storeOn(new MemRevisionLog());
}

function storeOn(log: RevisionLog): KVStore {
  return new KVStore({ log, leases: NO_LEASES, codec: codecs['mvccpb.KeyValue'] });
}

/** The records of the log: main revision and whether it is a tombstone. */
function recordsOf(store: KVStore): [number, boolean][] {
  const records: [number, boolean][] = [];
  store.log.scan({ main: 0, sub: 0 }, ({ revision, isTombstone }) => {
    records.push([revision.main, isTombstone]);
    return true;
  });
  return records;
}

function applyToStore(store: KVStore, changes: readonly Change[]): void {
  const writer = store.write();
  for (const one of changes) {
    if (one.kind === 'put') writer.put({ key: keyToBytes(one.key), value: utf8(one.value), lease: 0n });
    else writer.deleteRange(one.range);
  }
  writer.end();
}

function plain(kvs: readonly KeyValue[]): unknown[] {
  return kvs.map((kv) => ({ ...kv, key: bytesToKey(kv.key), value: bytesToKey(kv.value) }));
}

const ALL: KeyRange = { kind: 'fromKey', key: '\x00' };

function kindOf(error: unknown): string {
  return error instanceof EtcdError ? error.kind : String(error);
}

function assertEqualEverywhere(store: KVStore, model: Model): void {
  assert.equal(store.currentRevision, model.revision);
  for (let revision = 1; revision <= model.revision + 1; revision++) {
    const read = () => store.read().range(ALL, { revision, limit: 0, countOnly: false });
    if (revision > model.revision) assert.throws(read, (error) => kindOf(error) === 'FutureRev');
    else if (revision < model.compacted) assert.throws(read, (error) => kindOf(error) === 'Compacted');
    else assert.deepEqual(plain(read().kvs), plain(model.range(ALL, revision)), `revision ${revision}`);
  }
}

/** A store that is built anew from the log knows the same. */
function assertRestores(store: KVStore, model: Model): void {
  const restored = storeOn(store.log);
  const mark = Math.max(model.compacted, 0);
  assert.equal(restored.restore({ scheduled: mark, finished: mark }), undefined);
  assertEqualEverywhere(restored, model);
  for (let revision = Math.max(1, model.compacted); revision <= model.revision; revision++) {
    assert.equal(restored.hashByRevision(revision).hash, store.hashByRevision(revision).hash, `hash at ${revision}`);
  }
}

test('every revision stays readable until it is compacted, as in a naive history', () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 60 }), (commands) => {
      const store = newStore();
      const model = new Model();
      const running: Compaction[] = [];
      for (const one of commands) {
        // A compaction goes on between the other commands, a little at a time, and one after the other.
        if (running[0]?.step(2) === false) running.shift();
        if (one.kind === 'txn') {
          applyToStore(store, one.changes);
          model.apply(one.changes);
          continue;
        }
        const target = model.revision - one.back;
        if (target <= model.compacted) {
          assert.throws(
            () => store.compact(target),
            (error) => kindOf(error) === 'Compacted',
          );
        } else {
          running.push(store.compact(target));
          model.compacted = target;
        }
      }
      assertEqualEverywhere(store, model);
      for (const compaction of running) compaction.run(3);
      assertEqualEverywhere(store, model);
      assertRestores(store, model);
    }),
    { numRuns: 400 },
  );
});

test('a range at any readable revision honours its bounds, limit and count', () => {
  const question = fc.record({
    range,
    back: fc.nat({ max: 8 }),
    limit: fc.integer({ min: -1, max: 4 }),
    countOnly: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 30 }),
      fc.array(question, { maxLength: 20 }),
      (txns, questions) => {
        const store = newStore();
        const model = new Model();
        for (const changes of txns) {
          applyToStore(store, changes);
          model.apply(changes);
        }
        for (const { range: asked, back, limit, countOnly } of questions) {
          const revision = Math.max(1, model.revision - back);
          const expected = model.range(asked, revision);
          const result = store.read().range(asked, { revision, limit, countOnly });
          const kvs = countOnly ? [] : limit > 0 ? expected.slice(0, limit) : expected;
          assert.equal(result.count, expected.length);
          assert.deepEqual(plain(result.kvs), plain(kvs));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a compaction frees what no read can see', () => {
  const store = newStore();
  for (let i = 0; i < 100; i++) applyToStore(store, [{ kind: 'put', key: 'a', value: String(i) }]);
  applyToStore(store, [{ kind: 'put', key: 'b', value: '' }]);
  applyToStore(store, [{ kind: 'delete', range: { kind: 'single', key: 'b' } }]);
  store.compact(store.currentRevision).run(7);
  // The tombstone sits exactly at the compact revision, and so it stays (etcd 3.5.16 on).
  assert.deepEqual(recordsOf(store), [
    [101, false],
    [103, true],
  ]);
  applyToStore(store, [{ kind: 'put', key: 'c', value: '' }]);
  store.compact(store.currentRevision).run(7);
  assert.deepEqual(
    recordsOf(store).map(([main]) => main),
    [101, 104],
  );
});
