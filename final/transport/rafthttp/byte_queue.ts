// Bytes as they arrive, until enough of them are there for what is read next. Chunks are kept as they came; only what lies
// across two of them is copied.

import type { Codec } from '../../../proto/load.ts';

const EMPTY = new Uint8Array(0);

export class ByteQueue {
  #chunks: Uint8Array[] = [];
  // Where the first chunk begins.
  #start = 0;
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next `count` bytes, of which there must be so many. May be a view of what was pushed. */
  take(count: number): Uint8Array {
    if (count === 0) return EMPTY;
    const first = this.#firstWith(count);
    const start = this.#start;
    this.#skip(count);
    return first.subarray(start, start + count);
  }

  /** The message in the next `count` bytes, of which there must be so many. Throws what the codec throws. */
  decode<T>(count: number, codec: Codec<T>): T {
    if (count === 0) return codec.decode(EMPTY);
    const first = this.#firstWith(count);
    const start = this.#start;
    this.#skip(count);
    return codec.decode(first, start, start + count);
  }

  /** The next byte; there must be one. */
  takeByte(): number {
    const byte = this.#firstWith(1)[this.#start] as number;
    this.#skip(1);
    return byte;
  }

  /** The next eight bytes as an unsigned big-endian integer. Above 2^53 it is not exact, but far above every limit. */
  takeUint64(): number {
    const bytes = this.#firstWith(8);
    let value = 0;
    for (let i = this.#start; i < this.#start + 8; i += 1) value = value * 256 + (bytes[i] as number);
    this.#skip(8);
    return value;
  }

  // A chunk that has the next `count` bytes from `#start` on; made of the first ones when none has.
  #firstWith(count: number): Uint8Array {
    const first = this.#chunks[0] ?? EMPTY;
    if (this.#start + count <= first.length) return first;
    const joined = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const chunk = this.#chunks.shift() as Uint8Array;
      const part = chunk.subarray(this.#start, this.#start + count - filled);
      joined.set(part, filled);
      filled += part.length;
      const end = this.#start + part.length;
      this.#start = 0;
      if (end < chunk.length) this.#chunks.unshift(chunk.subarray(end));
    }
    this.#chunks.unshift(joined);
    return joined;
  }

  #skip(count: number): void {
    this.#start += count;
    this.#length -= count;
    if (this.#start < (this.#chunks[0] as Uint8Array).length) return;
    this.#chunks.shift();
    this.#start = 0;
  }
}
