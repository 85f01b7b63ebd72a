// Inflights and progress where the scripts do not reach.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorityCommittedIndex } from '../../../../final/core/raft/quorum/majority.ts';
import { Inflights } from '../../../../final/core/raft/tracker/inflights.ts';
import { Progress } from '../../../../final/core/raft/tracker/progress.ts';
import { Random } from '../../../sim/random.ts';

test('inflights behave like a queue of limited length', () => {
  const random = new Random(1);
  for (let round = 0; round < 50; round++) {
    const size = 1 + random.below(5);
    const inflights = new Inflights(size);
    let model: number[] = [];
    let index = 0;
    for (let step = 0; step < 100; step++) {
      const action = random.below(5);
      if (action < 3 && model.length < size) {
        index += random.below(3);
        inflights.add(index);
        model.push(index);
      } else if (action === 3) {
        const upTo = index - random.below(4);
        inflights.freeUpTo(upTo);
        model = model.filter((each) => each > upTo);
      } else if (action === 4) {
        const [first] = model;
        inflights.freeFirst();
        model = model.filter((each) => each !== first);
      }
      assert.equal(inflights.count, model.length);
      assert.equal(inflights.isFull(), model.length === size);
    }
  }
});

test('full inflights take no more', () => {
  const inflights = new Inflights(1);
  inflights.add(1);
  assert.throws(() => inflights.add(2), /full/);
  inflights.reset();
  inflights.add(2);
  assert.equal(inflights.count, 1);
});

test('a snapshot that arrived is where probing goes on, one that failed is not', () => {
  const progress = new Progress(1n, 5, false, 8);
  progress.match = 4;
  progress.becomeSnapshot(10);
  assert.ok(progress.isPaused());
  progress.becomeProbe();
  assert.deepEqual([progress.next, progress.pendingSnapshot, progress.isPaused()], [11, 0, false]);
  progress.becomeSnapshot(10);
  progress.pendingSnapshot = 0;
  progress.becomeProbe();
  assert.equal(progress.next, 5);
});

test('late refusals change nothing', () => {
  const progress = new Progress(1n, 10, false, 8);
  assert.ok(!progress.maybeDecrementTo(5, 3), 'the probe was at 9');
  assert.ok(progress.maybeDecrementTo(9, 3));
  assert.equal(progress.next, 4);
  assert.ok(progress.maybeDecrementTo(3, 0));
  assert.equal(progress.next, 1);
  progress.maybeUpdate(6);
  progress.becomeReplicate();
  progress.optimisticUpdate(9);
  assert.ok(!progress.maybeDecrementTo(6, 6), 'index 6 is known to match');
  assert.ok(progress.maybeDecrementTo(8, 2));
  assert.equal(progress.next, 7, 'not below what is known to match');
});

test('the committed index is what a slow count finds', () => {
  const random = new Random(2);
  for (let round = 0; round < 2000; round++) {
    const voters = Array.from({ length: random.below(8) }, (_, i) => BigInt(i + 1));
    const indexes = new Map<bigint, number>();
    for (const id of voters) if (random.below(4) > 0) indexes.set(id, random.below(6));
    const committed = majorityCommittedIndex(voters, { ackedIndex: (id) => indexes.get(id) });
    const isReached = (index: number): boolean =>
      voters.filter((id) => (indexes.get(id) ?? 0) >= index).length > Math.floor(voters.length / 2);
    let expected = voters.length === 0 ? Number.POSITIVE_INFINITY : 0;
    for (let index = 1; index < 6 && voters.length > 0; index++) if (isReached(index)) expected = index;
    assert.equal(committed, expected);
  }
});
