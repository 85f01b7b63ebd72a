// Chance from a seed, as the simulations have it, with what questions need besides.

import { Random } from '../../../test/sim/random.ts';

export class SeededRandom extends Random {
  /** `seed`: a whole number from 0 to 2^53. */
  constructor(seed: number) {
    super((seed >>> 0) ^ Math.floor(seed / 2 ** 32));
  }

  /** A whole number from `low` to `high`, both included. */
  from(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in one of `n` cases. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** The items in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    for (let i = rest.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [rest[i], rest[j]] = [rest[j] as T, rest[i] as T];
    }
    return rest;
  }
}
