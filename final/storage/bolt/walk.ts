// A walk over every page that can be reached from the root of a state: what is not met is free. The basis of the
// freelist of a file that stores none, and of the check.

import { compareBytes } from '../../core/keys.ts';
import { decodeBucket } from './bucket.ts';
import { BoltError } from './errors.ts';
import type { Leaf } from './node.ts';
import type { Pager, TreePage } from './pager.ts';

/** Which keys a page may hold: `low` and above, below `high`. */
interface Bounds {
  readonly low: Uint8Array | undefined;
  readonly high: Uint8Array | undefined;
}

const UNBOUNDED: Bounds = { low: undefined, high: undefined };

export class PageWalk {
  readonly #pager: Pager;
  readonly #pgid: number;
  readonly #onProblem: (text: string) => void;
  readonly #checksKeys: boolean;
  // One bit a page.
  readonly #reached: Uint8Array;

  /** A walk below the high water mark `pgid`. `onProblem` gets one text for each thing that is wrong. */
  constructor(pager: Pager, pgid: number, onProblem: (text: string) => void, checksKeys: boolean) {
    this.#pager = pager;
    this.#pgid = pgid;
    this.#onProblem = onProblem;
    this.#checksKeys = checksKeys;
    this.#reached = new Uint8Array((pgid >>> 3) + 1);
  }

  /** Visits the bucket whose tree begins at page `root`, with all buckets in it. */
  bucket(root: number): void {
    this.#page(root, UNBOUNDED);
  }

  /** Whether page `id` was met. */
  isReached(id: number): boolean {
    return ((this.#reached[id >>> 3] as number) & (1 << (id & 7))) !== 0;
  }

  /** Counts pages `id` to `id + overflow` as met; false when that cannot be or happened before. */
  mark(id: number, overflow: number): boolean {
    let isNew = true;
    for (let n = id; n <= id + overflow; n++) {
      if (n < 2 || n >= this.#pgid) {
        this.#onProblem(`page ${n}: out of bounds: ${this.#pgid}`);
        return false;
      }
      if (this.isReached(n)) {
        this.#onProblem(`page ${n}: multiple references`);
        isNew = false;
      }
      this.#reached[n >>> 3] = (this.#reached[n >>> 3] as number) | (1 << (n & 7));
    }
    return isNew;
  }

  /** Ids from 2 on that were not met, ascending. */
  *unreached(): Generator<number, void> {
    for (let id = 2; id < this.#pgid; id++) if (!this.isReached(id)) yield id;
  }

  // No page is visited twice, so loops end too.
  #page(id: number, bounds: Bounds): void {
    let page: TreePage;
    try {
      page = this.#pager.readNode(id);
    } catch (error) {
      if (!(error instanceof BoltError)) throw error;
      this.mark(id, 0);
      this.#onProblem(error.message);
      return;
    }
    if (!this.mark(id, page.overflow)) return;
    if (this.#checksKeys) this.#keys(`page ${id}`, page, bounds);
    if (page.isLeaf) {
      this.#bucketsOf(page);
      return;
    }
    for (let i = 0; i < page.count; i++) {
      // The first child may hold keys below its separator.
      const low = i === 0 ? bounds.low : page.key(i);
      const high = i + 1 < page.count ? page.key(i + 1) : bounds.high;
      this.#page(page.childId(i), { low, high });
    }
  }

  #bucketsOf(leaf: Leaf): void {
    for (let i = 0; i < leaf.count; i++) {
      if (!leaf.isBucket(i)) continue;
      try {
        const { root } = decodeBucket(leaf.value(i));
        if (typeof root === 'number') {
          this.bucket(root);
        } else {
          this.#bucketsOf(root);
          if (this.#checksKeys) this.#keys('an inline bucket', root, UNBOUNDED);
        }
      } catch (error) {
        if (!(error instanceof BoltError)) throw error;
        this.#onProblem(error.message);
      }
    }
  }

  #keys(where: string, page: TreePage, { low, high }: Bounds): void {
    for (let i = 0; i < page.count; i++) {
      const key = page.key(i);
      if (key.length === 0) this.#onProblem(`${where}: element ${i} has an empty key`);
      if (i > 0 && page.compareKey(i - 1, key) >= 0) this.#onProblem(`${where}: key ${i} is not above the one before`);
      if (page.isLeaf && low !== undefined && compareBytes(key, low) < 0) {
        this.#onProblem(`${where}: key ${i} is below what its parent says`);
      }
      if (high !== undefined && compareBytes(key, high) >= 0) {
        this.#onProblem(`${where}: key ${i} is not below the next key of its parent`);
      }
    }
  }
}
