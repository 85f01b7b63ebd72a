// A file in memory, for tests, for the browser, and for a database that is built to be sent and not kept.

import type { BoltFile } from './file.ts';

export class MemoryFile implements BoltFile {
  readonly name: string;
  // May be longer than the file: it grows by doubling.
  #bytes: Uint8Array;
  #size: number;

  /** A file that begins with a copy of `content`. */
  constructor(content: Uint8Array = new Uint8Array(0), name = 'memory') {
    this.name = name;
    this.#bytes = content.slice();
    this.#size = content.length;
  }

  size(): number {
    return this.#size;
  }

  read(into: Uint8Array, position: number): number {
    const end = Math.min(position + into.length, this.#size);
    if (end <= position) return 0;
    into.set(this.#bytes.subarray(position, end));
    return end - position;
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  syncData(): void {}

  async syncDataAsync(): Promise<void> {}

  close(): void {}

  /** A copy of the whole content. */
  content(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }
}
