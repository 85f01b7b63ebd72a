// Bytes of a stream as they are put together: one buffer for all that one write brings.

const FIRST_BYTES = 64 * 1024;

/** Room that is kept for the next write; more is given back. */
const MAX_KEPT_BYTES = 1024 * 1024;

export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** Eight bytes, big-endian. */
  uint64(value: number): void {
    this.#reserve(8);
    this.#buffer.writeUInt32BE(Math.floor(value / 2 ** 32), this.#length);
    this.#buffer.writeUInt32BE(value % 2 ** 32, this.#length + 4);
    this.#length += 8;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** A copy of the bytes between `before` and `behind`, which are ASCII; the writer is empty then. */
  finish(before = '', behind = ''): Buffer {
    const result = Buffer.allocUnsafe(before.length + this.#length + behind.length);
    result.write(before, 'latin1');
    this.#buffer.copy(result, before.length, 0, this.#length);
    result.write(behind, before.length + this.#length, 'latin1');
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#length = 0;
    return result;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
