// Puts header blocks together: HEADERS, and CONTINUATION frames behind it with nothing in between (RFC 9113, section 6.2
// and 6.10). The usual block is one frame and is not copied.

import { MAX_CONTINUATIONS, MAX_HEADER_BLOCK_BYTES } from '../limits.ts';
import { ConnectionError, ErrorCode, Flag, type Frame } from './frames.ts';
import { HpackDecoder } from './hpack_decoder.ts';
import type { RequestHeaders } from './request_headers.ts';

const PRIORITY_BYTES = 5;

/** A frame payload without its padding. Throws {@link ConnectionError} when the padding is longer than the frame. */
export function withoutPadding(frame: Frame): { readonly start: number; readonly end: number } {
  if ((frame.flags & Flag.PADDED) === 0) return frame;
  const end = frame.end - (frame.bytes[frame.start] ?? 0);
  const start = frame.start + 1;
  if (end < start) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'padding as long as its frame');
  return { start, end };
}

export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Stream of the block that is not complete; 0 = none. */
  stream = 0;
  /** Whether its HEADERS frame ends the stream. */
  endStream = false;

  /** Takes HEADERS. Returns the headers, or undefined when CONTINUATION must follow. Throws {@link ConnectionError}. */
  begin(frame: Frame): RequestHeaders | undefined {
    const { start, end } = withoutPadding(frame);
    const from = (frame.flags & Flag.PRIORITY) === 0 ? start : start + PRIORITY_BYTES;
    if (from > end) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS without its priority');
    this.endStream = (frame.flags & Flag.END_STREAM) !== 0;
    if ((frame.flags & Flag.END_HEADERS) !== 0) return this.#decoder.decode(frame.bytes, from, end);
    this.stream = frame.stream;
    this.#add(frame.bytes.subarray(from, end));
    return undefined;
  }

  /** Takes CONTINUATION of the block that has begun, in the same way. */
  goOn(frame: Frame): RequestHeaders | undefined {
    this.#add(frame.bytes.subarray(frame.start, frame.end));
    if ((frame.flags & Flag.END_HEADERS) === 0) return undefined;
    const block = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.stream = 0;
    return this.#decoder.decode(block, 0, block.length);
  }

  #add(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= MAX_HEADER_BLOCK_BYTES && this.#parts.length <= 1 + MAX_CONTINUATIONS) return;
    throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too_large_headers');
  }
}
