// What one stream has to send, gathered until the turn is over: an event that a hundred watchers of a stream get makes one
// piece of output, and costs each of them no more than a copy.

import { PREFIX_BYTES, putMessagePrefix } from '../../transport/grpc/messages.ts';

/** A message up to here is copied, a larger one is kept in its parts. */
const MAX_COPIED_BYTES = 4096;
/** Sizes of the buffer that copies go to. */
const FIRST_BUFFER_BYTES = 512;
const MAX_BUFFER_BYTES = 16 * 1024;
/** Buffers of the larger size that are kept for the next batch. */
const SPARE_BUFFERS = 256;

const NO_BUFFER = Buffer.alloc(0);
const spare: Buffer[] = [];

export class AnswerBatch {
  #buffer: Buffer = NO_BUFFER;
  #length = 0;
  // What was filled before, in order.
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  // How much there was last time: there will be about as much again.
  #lastLength = 0;
  // The larger buffers in what waits, or in what was taken.
  #large: Buffer[] = [];

  /** Bytes that wait. */
  get length(): number {
    return this.#chunkBytes + this.#length;
  }

  /** Adds a message in parts, with its prefix. The parts must not change any more. */
  add(parts: readonly Uint8Array[]): void {
    let size = 0;
    for (const part of parts) size += part.length;
    const isCopied = size <= MAX_COPIED_BYTES;
    this.#reserve(PREFIX_BYTES + (isCopied ? size : 0));
    putMessagePrefix(this.#buffer, this.#length, size);
    this.#length += PREFIX_BYTES;
    if (isCopied) {
      for (const part of parts) this.#copy(part);
      return;
    }
    this.#closeBuffer();
    for (const part of parts) this.#push(part);
  }

  /** All that waits, in pieces; the batch is empty behind it. Then either {@link reuse} or {@link giveUp} is called. */
  take(): Uint8Array[] {
    this.#lastLength = this.length;
    this.#closeBuffer();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#buffer = NO_BUFFER;
    return chunks;
  }

  /** Nobody needs what was taken any more: its buffers are used again. */
  reuse(): void {
    for (const buffer of this.#large) if (spare.length < SPARE_BUFFERS) spare.push(buffer);
    this.#large.length = 0;
  }

  /** What was taken is still needed. */
  giveUp(): void {
    this.#large.length = 0;
  }

  #copy(part: Uint8Array): void {
    this.#buffer.set(part, this.#length);
    this.#length += part.length;
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
  }

  #closeBuffer(): void {
    if (this.#length > 0) this.#push(this.#buffer.subarray(0, this.#length));
    this.#buffer = this.#buffer.subarray(this.#length);
    this.#length = 0;
  }

  // Room for `bytes` more: in a larger buffer, or in another one where this is as large as they get.
  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    if (needed > MAX_BUFFER_BYTES) {
      this.#closeBuffer();
      this.#buffer = this.#newLarge();
      return;
    }
    const wanted = Math.max(needed, 2 * this.#length, FIRST_BUFFER_BYTES, this.#lastLength);
    const grown = wanted >= MAX_BUFFER_BYTES ? this.#newLarge() : Buffer.allocUnsafe(wanted);
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }

  #newLarge(): Buffer {
    const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(MAX_BUFFER_BYTES);
    this.#large.push(buffer);
    return buffer;
  }
}
