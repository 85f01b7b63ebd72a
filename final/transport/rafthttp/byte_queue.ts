// Bytes as they arrive, until enough of them are there for what is read next. Chunks are kept as they came; only what lies
// across two of them is copied.

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
    const first = this.#chunks[0];
    if (first === undefined || count === 0) return new Uint8Array(0);
    const end = this.#start + count;
    if (end > first.length) return this.#join(count);
    const view = first.subarray(this.#start, end);
    this.#length -= count;
    this.#start = end;
    if (end === first.length) {
      this.#chunks.shift();
      this.#start = 0;
    }
    return view;
  }

  /** The next eight bytes as an unsigned big-endian integer. Above 2^53 it is not exact, but far above every limit. */
  takeUint64(): number {
    const bytes = this.take(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  }

  #join(count: number): Uint8Array {
    const joined = new Uint8Array(count);
    let filled = 0;
    let used = 0;
    while (filled < count) {
      const chunk = this.#chunks[used] as Uint8Array;
      const part = chunk.subarray(this.#start, this.#start + count - filled);
      joined.set(part, filled);
      filled += part.length;
      this.#start += part.length;
      if (this.#start < chunk.length) break;
      this.#start = 0;
      used += 1;
    }
    this.#chunks.splice(0, used);
    this.#length -= count;
    return joined;
  }
}
