import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../../final/core/assert.ts';
import { KeyIndex, type KeptRevisions } from '../../../final/core/mvcc/key_index.ts';

// The worked example of key_index.ts: put(1.0) put(2.0) tombstone(3.0) put(4.0).
function example(): KeyIndex {
  const index = new KeyIndex();
  index.put({ main: 1, sub: 0 });
  index.put({ main: 2, sub: 0 });
  index.tombstone({ main: 3, sub: 0 });
  index.put({ main: 4, sub: 0 });
  return index;
}

function compacted(atRevision: number): { readonly index: KeyIndex; readonly kept: string[] } {
  const index = example();
  const kept: KeptRevisions = new Set();
  index.compact(atRevision, kept);
  return { index, kept: [...kept] };
}

test('a key is as it was at each revision', () => {
  const states = [0, 1, 2, 3, 4, 9].map((revision) => example().get(revision));
  assert.deepEqual(
    states.map((state) => (state === undefined ? undefined : [state.modified.main, state.created.main, state.version])),
    [undefined, [1, 1, 1], [2, 1, 2], undefined, [4, 4, 1], [4, 4, 1]],
  );
});

test('compaction keeps the newest revision at or below the target, with its version', () => {
  const { index, kept } = compacted(2);
  assert.deepEqual(kept, ['2.0']);
  assert.equal(index.get(1), undefined);
  assert.equal(index.get(2)?.version, 2);
  assert.equal(index.get(2)?.created.main, 1);
});

test('compaction keeps a tombstone exactly at the target and drops one below it', () => {
  assert.deepEqual(compacted(3).kept, ['3.0']);
  assert.deepEqual(compacted(4).kept, ['4.0']);
});

test('what a hash keeps has no tombstones, and the index stays as it is', () => {
  const index = example();
  const kept: KeptRevisions = new Set();
  index.keep(3, kept);
  assert.deepEqual([...kept], []);
  assert.equal(index.get(1)?.version, 1);
});

test('an index whose last generation is compacted away is empty', () => {
  const index = new KeyIndex();
  index.put({ main: 1, sub: 0 });
  index.tombstone({ main: 2, sub: 0 });
  assert.equal(index.isEmpty(), false);
  index.compact(3, new Set());
  assert.equal(index.isEmpty(), true);
});

test('several changes of one transaction are told apart by sub', () => {
  const index = new KeyIndex();
  index.put({ main: 5, sub: 0 });
  index.put({ main: 5, sub: 2 });
  assert.deepEqual(index.get(5)?.modified, { main: 5, sub: 2 });
  assert.equal(index.get(4), undefined);
});

test('a revision that does not go forward, and a tombstone of a dead key, are bugs', () => {
  assert.throws(() => example().put({ main: 4, sub: 0 }), AssertionError);
  const index = new KeyIndex();
  assert.throws(() => index.tombstone({ main: 1, sub: 0 }), AssertionError);
});
