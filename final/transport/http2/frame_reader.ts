// Cuts what a socket gives into frames (RFC 9113, section 4.1). A frame that came whole is a view of the chunk; one that
// was cut is put together in a buffer of its own, each byte copied once, so that a client that sends byte by byte costs
// no more than its bytes.

import { ConnectionError, ErrorCode, FRAME_HEADER_BYTES, type Frame, MAX_FRAME_BYTES, uint31 } from './frames.ts';

class ReusedFrame implements Frame {
  type = 0;
  flags = 0;
  stream = 0;
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
}

export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #frame = new ReusedFrame();
  readonly #head = Buffer.alloc(FRAME_HEADER_BYTES);
  // The frame that has begun: its bytes so far are in #head, and from its ninth byte on in #partial.
  #partial: Buffer | undefined;
  #filled = 0;
  #isStopped = false;

  /** `onFrame` is called for each frame in order; the frame is valid only during the call, its bytes for good. */
  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes what came in. Throws {@link ConnectionError} for a frame that is too large, and what `onFrame` throws. */
  push(chunk: Buffer): void {
    let at = this.#filled > 0 ? this.#fill(chunk) : 0;
    while (!this.#isStopped && chunk.length - at >= FRAME_HEADER_BYTES) {
      const length = lengthOf(chunk, at);
      const end = at + FRAME_HEADER_BYTES + length;
      if (end > chunk.length) break;
      this.#emit(chunk, at, end);
      at = end;
    }
    if (!this.#isStopped && at < chunk.length) this.#begin(chunk, at);
  }

  /** Gives no further frame; for a connection that has ended. */
  stop(): void {
    this.#isStopped = true;
    this.#partial = undefined;
    this.#filled = 0;
  }

  // Completes the frame that has begun. Returns how many bytes of the chunk it took.
  #fill(chunk: Buffer): number {
    let at = 0;
    if (this.#partial === undefined) {
      at = chunk.copy(this.#head, this.#filled);
      this.#filled += at;
      if (this.#filled < FRAME_HEADER_BYTES) return at;
      this.#partial = this.#newPartial();
    }
    const copied = chunk.copy(this.#partial, this.#filled, at);
    this.#filled += copied;
    if (this.#filled < this.#partial.length) return at + copied;
    const whole = this.#partial;
    this.#partial = undefined;
    this.#filled = 0;
    this.#emit(whole, 0, whole.length);
    return at + copied;
  }

  #begin(chunk: Buffer, at: number): void {
    this.#fill(chunk.subarray(at));
  }

  #newPartial(): Buffer {
    const partial = Buffer.allocUnsafe(FRAME_HEADER_BYTES + lengthOf(this.#head, 0));
    partial.set(this.#head);
    return partial;
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    const frame = this.#frame;
    frame.type = bytes[at + 3] as number;
    frame.flags = bytes[at + 4] as number;
    frame.stream = uint31(bytes, at + 5);
    frame.bytes = bytes;
    frame.start = at + FRAME_HEADER_BYTES;
    frame.end = end;
    this.#onFrame(frame);
  }
}

function lengthOf(bytes: Buffer, at: number): number {
  const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  if (length > MAX_FRAME_BYTES) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes; ${MAX_FRAME_BYTES} are allowed`);
  }
  return length;
}
