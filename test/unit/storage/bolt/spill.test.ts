import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LeafNode, nodeBytes } from '../../../../final/storage/bolt/node.ts';
import { cut } from '../../../../final/storage/bolt/spill.ts';

function leafOf(sizes: readonly number[]): LeafNode {
  const leaf = new LeafNode();
  sizes.forEach((size, i) => leaf.insertAt(i, Uint8Array.of(i >> 8, i & 0xff), new Uint8Array(size), false));
  return leaf;
}

test('a node of up to four entries, or of less than a page, is not cut', () => {
  assert.deepEqual(cut(leafOf([5_000, 5_000, 5_000, 5_000]), 4096, 0.5), [4]);
  assert.deepEqual(cut(leafOf([]), 4096, 0.5), [0]);
  // 16 + 226 entries of 18 bytes = 4084 bytes; one more makes 4102.
  assert.deepEqual(cut(leafOf(Array(226).fill(0)), 4096, 0.5), [226]);
  assert.deepEqual(cut(leafOf(Array(227).fill(0)), 4096, 0.5), [112, 227]);
});

test('parts have two entries or more, and fit a page when entries are small', () => {
  const sizes = fc.array(fc.nat(400), { minLength: 5, maxLength: 300 });
  fc.assert(
    fc.property(sizes, fc.double({ min: 0.1, max: 1, noNaN: true }), (all, fillPercent) => {
      const ends = cut(leafOf(all), 1024, fillPercent);
      assert.equal(ends.at(-1), all.length);
      let from = 0;
      for (const [n, to] of ends.entries()) {
        const isLast = n === ends.length - 1;
        assert.ok(to - from >= 2);
        const bytes = nodeBytes(leafOf(all.slice(from, to)));
        // The last part may be as large as a page, or of few entries; the others keep to the limit.
        if (isLast) assert.ok(bytes < 1024 || to - from <= 4);
        else if (to - from > 2) assert.ok(bytes <= Math.floor(1024 * fillPercent));
        from = to;
      }
    }),
  );
});

test('what fits a page stays in one part at the end, however many parts there were before', () => {
  // 2,000 entries of 118 bytes, 34 a page: the last cut must see exactly what is left.
  for (let count = 1_000; count < 1_070; count++) {
    const ends = cut(leafOf(Array(count).fill(100)), 4096, 1);
    const last = count - (ends.at(-2) ?? 0);
    assert.ok(16 + last * 118 < 4096, `${last} entries at the end of ${count}`);
  }
});
