// An ordered set of keys: a list of sorted blocks, so that adding a key moves at most one block. It stands where etcd
// has a B-tree; two levels are enough up to tens of millions of keys.

import type { Key } from '../keys.ts';

// A block splits when it is full. Moving half a block costs about as much as one binary search over a million keys.
const MAX_BLOCK = 512;

export class OrderedKeys {
  // Sorted blocks of sorted keys; no block is empty, except a single one in an empty set.
  #blocks: Key[][] = [[]];
  #size = 0;

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  /** Adds `key`, which must not be there yet. */
  add(key: Key): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at] as Key[];
    block.splice(lowerBound(block, key), 0, key);
    this.#size++;
    if (block.length > MAX_BLOCK) this.#blocks.splice(at + 1, 0, block.splice(MAX_BLOCK >>> 1));
  }

  /** Removes `key` if it is there. */
  delete(key: Key): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at] as Key[];
    const i = lowerBound(block, key);
    if (block[i] !== key) return;
    block.splice(i, 1);
    this.#size--;
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1);
  }

  /** Visits the keys from `start` on in ascending order, before `end` if given, until `visit` returns false. */
  ascend(start: Key, end: Key | undefined, visit: (key: Key) => boolean): void {
    let at = this.#blockOf(start);
    let i = lowerBound(this.#blocks[at] as Key[], start);
    for (; at < this.#blocks.length; at++, i = 0) {
      const block = this.#blocks[at] as Key[];
      for (; i < block.length; i++) {
        const key = block[i] as Key;
        if (end !== undefined && key >= end) return;
        if (!visit(key)) return;
      }
    }
  }

  // The last block whose first key is not above `key`, or the first block.
  #blockOf(key: Key): number {
    let low = 1;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (((this.#blocks[middle] as Key[])[0] as Key) <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function lowerBound(block: readonly Key[], key: Key): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block[middle] as Key) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
