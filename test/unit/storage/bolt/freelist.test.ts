import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFreelist, encodeFreelist, Freelist, freelistBytes } from '../../../../final/storage/bolt/freelist.ts';

test('a run is taken from the lowest place where it fits', () => {
  const list = new Freelist([3, 5, 6, 9, 10, 11, 20]);
  assert.equal(list.allocate(2), 5);
  assert.equal(list.allocate(1), 3);
  assert.equal(list.allocate(2), 9);
  assert.equal(list.allocate(2), undefined);
  assert.equal(list.allocate(1), 11);
  assert.equal(list.allocate(1), 20);
  assert.equal(list.allocate(1), undefined);
  assert.equal(list.freeCount, 0);
});

test('pages of a transaction wait for readers of earlier states', () => {
  const list = new Freelist();
  for (const txid of [4, 5, 6, 7]) list.addPending(txid, [txid * 10 + 1, txid * 10]);
  list.release(5);
  assert.equal(list.freeCount, 4);
  assert.equal(list.pendingCount, 4);
  assert.equal(list.allocate(2), 40);
  assert.deepEqual(list.allIds(), [50, 51, 60, 61, 70, 71]);
  list.release(7);
  assert.equal(list.pendingCount, 0);
  assert.equal(list.allocate(3), undefined);
});

test('released pages join the runs beside them', () => {
  const list = new Freelist([10, 14]);
  list.addPending(1, [13, 11]);
  list.addPending(2, [12]);
  list.release(1);
  assert.equal(list.allocate(3), undefined);
  list.release(2);
  assert.equal(list.allocate(5), 10);
});

test('a page that is freed twice is a bug, in a file it is damage', () => {
  const list = new Freelist([10]);
  list.addPending(1, [10]);
  assert.throws(() => list.release(1), /page 10 is freed twice/);
  assert.throws(() => new Freelist([4, 4]), /database is damaged/);
});

for (const count of [0, 1, 253, 65_534, 65_535, 70_000]) {
  test(`a list of ${count} ids is read as it was written`, () => {
    const ids = Array.from({ length: count }, (_, i) => 2 + 3 * i);
    const page = new Uint8Array(Math.ceil(freelistBytes(count) / 4096) * 4096);
    encodeFreelist(page, 7, page.length / 4096 - 1, ids);
    assert.deepEqual(decodeFreelist(7, page), ids);
  });
}
