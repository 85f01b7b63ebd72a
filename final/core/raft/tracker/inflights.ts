// The appends that are under way to one follower: the index of the last entry of each, oldest first. Mirrors etcd's
// raft/tracker/inflights.go.
//
// A ring of at most `size` places, which grows as it is needed.

import { assert } from '../../assert.ts';

export class Inflights {
  readonly size: number;
  #start = 0;
  #count = 0;
  readonly #ring: number[] = [];

  constructor(size: number) {
    this.size = size;
  }

  get count(): number {
    return this.#count;
  }

  isFull(): boolean {
    return this.#count === this.size;
  }

  /** Notes an append whose last entry is at `index`, which is not below those of the earlier ones. It must not be full. */
  add(index: number): void {
    assert(!this.isFull(), 'cannot add into a full inflights');
    this.#ring[(this.#start + this.#count) % this.size] = index;
    this.#count++;
  }

  /** Frees the appends whose entries are all at or below `index`. */
  freeUpTo(index: number): void {
    while (this.#count > 0 && (this.#ring[this.#start] as number) <= index) {
      this.#start = (this.#start + 1) % this.size;
      this.#count--;
    }
    // Begin again at the front: so a follower that keeps up never makes the ring grow.
    if (this.#count === 0) this.#start = 0;
  }

  /** Frees the oldest append. */
  freeFirst(): void {
    if (this.#count > 0) this.freeUpTo(this.#ring[this.#start] as number);
  }

  /** Frees all. */
  reset(): void {
    this.#start = 0;
    this.#count = 0;
  }
}
