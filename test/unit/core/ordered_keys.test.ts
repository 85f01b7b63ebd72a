import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OrderedKeys } from '../../../final/core/mvcc/ordered_keys.ts';

function keysOf(set: OrderedKeys, start = '', end?: string): string[] {
  const keys: string[] = [];
  set.ascend(start, end, (key) => {
    keys.push(key);
    return true;
  });
  return keys;
}

for (const size of [1, 10, 100, 1_000, 5_000]) {
  test(`an ordered set of up to ${size} keys agrees with a sorted array`, () => {
    const step = fc.record({ key: fc.nat({ max: size }).map((n) => String(n)), isAdd: fc.boolean() });
    const steps = fc.array(step, { minLength: size, maxLength: size * 2, size: 'max' });
    fc.assert(
      fc.property(steps, fc.nat({ max: size }), fc.nat({ max: size }), (all, from, to) => {
        const set = new OrderedKeys();
        const model = new Set<string>();
        for (const { key, isAdd } of all) {
          if (isAdd && !model.has(key)) set.add(key);
          if (!isAdd) set.delete(key);
          if (isAdd) model.add(key);
          else model.delete(key);
        }
        const sorted = [...model].sort();
        const [start, end] = [String(from), String(to)];
        assert.deepEqual(keysOf(set), sorted);
        assert.deepEqual(
          keysOf(set, start, end),
          sorted.filter((key) => key >= start && key < end),
        );
        assert.equal(set.size, sorted.length);
      }),
      { numRuns: size >= 1_000 ? 10 : 100 },
    );
  });
}

test('a visit stops when it is told to', () => {
  const set = new OrderedKeys();
  for (const key of ['a', 'b', 'c']) set.add(key);
  const seen: string[] = [];
  set.ascend('b', undefined, (key) => {
    seen.push(key);
    return false;
  });
  assert.deepEqual(seen, ['b']);
});
