// The queue of leases against a list that is sorted at every look.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LeaseQueue, type QueueEntry } from '../../../final/core/lease/lease_queue.ts';

type Step = readonly ['add', number] | readonly ['move', number, number] | readonly ['remove', number];

const time = fc.integer({ min: 0, max: 30 });
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('add' as const), time) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('move' as const), fc.nat(60), time) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('remove' as const), fc.nat(60)) },
  ),
  { maxLength: 80, size: 'max' },
);

/** Takes everything out, the earliest first. */
function drain(queue: LeaseQueue<number>): number[] {
  const times: number[] = [];
  for (let first = queue.peek(); first !== undefined; first = queue.peek()) {
    times.push(first.time);
    queue.remove(first);
  }
  return times;
}

test('the first entry is always the one that is due first, whatever was added, moved and removed', () => {
  fc.assert(
    fc.property(steps, (run: readonly Step[]) => {
      const queue = new LeaseQueue<number>();
      const entries: QueueEntry<number>[] = [];
      const removed = new Set<QueueEntry<number>>();
      for (const [kind, a, b] of run) {
        const entry = entries[a % Math.max(1, entries.length)];
        if (kind === 'add') entries.push(queue.add(entries.length, a));
        else if (entry === undefined) continue;
        else if (kind === 'move') queue.move(entry, b);
        else {
          queue.remove(entry);
          removed.add(entry);
        }
        const left = entries.filter((one) => !removed.has(one)).map((one) => one.time);
        assert.equal(queue.size, left.length);
        assert.equal(queue.peek()?.time, left.length === 0 ? undefined : Math.min(...left));
      }
      const left = entries.filter((one) => !removed.has(one)).map((one) => one.time);
      assert.deepEqual(
        drain(queue),
        left.sort((a, b) => a - b),
      );
    }),
    { numRuns: 500 },
  );
});

test('an entry of a queue that was cleared stays out', () => {
  const queue = new LeaseQueue<string>();
  const entry = queue.add('a', 1);
  queue.add('b', 2);
  queue.clear();
  queue.move(entry, 0);
  queue.remove(entry);
  assert.equal(queue.size, 0);
  queue.add('c', 3);
  assert.equal(queue.peek()?.item, 'c');
});
