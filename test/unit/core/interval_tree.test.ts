// The interval tree against a plain list of ranges, and its balance under churn.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { END_OF_KEYS, IntervalTree } from '../../../final/core/mvcc/interval_tree.ts';

const KEYS = ['\x00', '\x00\x00', 'a', 'aa', 'ab', 'b', 'ba', 'c', '\x7f', '\xff', '\xff\xff'];
const ENDS = [...KEYS, END_OF_KEYS];
// More than a stab of one key may look at, of this many ranges.
const MANY = 10_000;
const MOST_LOOKS = 64;

interface Step {
  readonly kind: 'set' | 'delete';
  readonly start: string;
  readonly end: string;
}

const step: fc.Arbitrary<Step> = fc
  .record({
    kind: fc.constantFrom('set' as const, 'set' as const, 'delete' as const),
    start: fc.constantFrom(...KEYS),
    end: fc.constantFrom(...ENDS),
  })
  .filter(({ start, end }) => start < end);

test('a stab finds exactly the ranges that a list finds, ordered by start and end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const tree = new IntervalTree<number>();
      const list = new Map<string, { readonly start: string; readonly end: string; readonly value: number }>();
      steps.forEach(({ kind, start, end }, value) => {
        if (kind === 'set') {
          tree.set(start, end, value);
          list.set(`${start} ${end}`, { start, end, value });
        } else {
          tree.delete(start, end);
          list.delete(`${start} ${end}`);
        }
        assert.equal(tree.size, list.size);
      });
      for (const key of KEYS) {
        const found: number[] = [];
        tree.stab(key, (value) => found.push(value));
        const expected = [...list.values()]
          .filter(({ start, end }) => start <= key && key < end)
          .sort((a, b) => (a.start === b.start ? (a.end < b.end ? -1 : 1) : a.start < b.start ? -1 : 1));
        assert.deepEqual(
          found,
          expected.map(({ value }) => value),
          JSON.stringify(key),
        );
      }
      for (const start of KEYS) {
        for (const end of ENDS) assert.equal(tree.get(start, end), list.get(`${start} ${end}`)?.value);
      }
    }),
    { numRuns: 300 },
  );
});

test('ten thousand prefixes that come in order and go again leave a tree in which a stab looks at few ranges', () => {
  const tree = new IntervalTree<number>();
  let looks = 0;
  const counted = (key: string): string =>
    ({
      [Symbol.toPrimitive]: () => {
        looks++;
        return key;
      },
    }) as unknown as string;
  const name = (i: number): string => `p/${String(i).padStart(5, '0')}/`;
  for (let i = 0; i < MANY; i++) tree.set(name(i), `${name(i).slice(0, -1)}0`, i);
  for (let i = 0; i < MANY; i++) if (i % 3 === 0) tree.delete(name(i), `${name(i).slice(0, -1)}0`);
  for (let i = 0; i < MANY; i += 97) {
    looks = 0;
    const found: number[] = [];
    tree.stab(counted(`${name(i)}x`), (value) => found.push(value));
    assert.deepEqual(found, i % 3 === 0 ? [] : [i]);
    assert.ok(looks <= MOST_LOOKS, `${looks} comparisons for one key`);
  }
});
