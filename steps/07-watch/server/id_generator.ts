// Request IDs: unique among members and across restarts. Mirrors etcd's pkg/idutil.
//
//   16 bits low bits of the member ID | 40 bits of the start time in ms | 8 bits, running over into the time

const SUFFIX_MASK = (1n << 48n) - 1n;
const TIME_MASK = (1n << 40n) - 1n;

export class IdGenerator {
  readonly #prefix: bigint;
  #suffix: bigint;

  /** `startMs`: milliseconds since 1970 at the start of the member. */
  constructor(memberId: bigint, startMs: number) {
    this.#prefix = (memberId & 0xffffn) << 48n;
    this.#suffix = (BigInt(Math.floor(startMs)) & TIME_MASK) << 8n;
  }

  /** The next ID, an unsigned 64-bit number. */
  next(): bigint {
    this.#suffix = (this.#suffix + 1n) & SUFFIX_MASK;
    return this.#prefix | this.#suffix;
  }
}
