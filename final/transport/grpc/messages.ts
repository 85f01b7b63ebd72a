// Messages on a stream: each has a prefix of five bytes, a flag for compression and its length. The texts of the errors
// are those of grpc-go (spec/rpc.md 3.4).

import { Code, StatusError } from './status.ts';

export const PREFIX_BYTES = 5;

const NOTHING = Buffer.alloc(0);

/**
 * Cuts the bytes of one stream into messages. It keeps copies, close together: pieces may be as small as one byte, and
 * must not keep the chunks of a socket alive. A message that was given out is never written over.
 */
export class MessageReader {
  readonly #maxBytes: number;
  // What came in and was not given out is from #start to #end; behind it there may be room.
  #bytes: Buffer = NOTHING;
  #start = 0;
  #end = 0;

  /** `maxBytes`: length of the largest message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that came in and are no part of a message given out. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds what came in. */
  push(chunk: Uint8Array): void {
    const needed = this.length + chunk.length;
    if (this.#bytes.length - this.#end < chunk.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.length));
      this.#bytes.copy(grown, 0, this.#start, this.#end);
      this.#end = this.length;
      this.#start = 0;
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole message, or undefined while bytes of it are missing. Throws StatusError for a bad prefix. */
  next(): Buffer | undefined {
    const message = wholeMessage(this.#bytes, { start: this.#start, end: this.#end, max: this.#maxBytes });
    if (message === undefined) return undefined;
    this.#start += PREFIX_BYTES + message.length;
    if (this.#start === this.#end) {
      this.#bytes = NOTHING;
      this.#start = 0;
      this.#end = 0;
    }
    return message;
  }

  /** What is wrong when the stream ends here: nothing between two messages, and nothing in a prefix, as grpc-go has it. */
  get cutText(): string | undefined {
    return this.length < PREFIX_BYTES ? undefined : 'unexpected EOF';
  }
}

/**
 * The message that begins at `start`, when it is there whole. Undefined while bytes of it are missing; throws StatusError
 * for a bad prefix.
 */
export function wholeMessage(
  bytes: Buffer,
  { start, end, max }: { readonly start: number; readonly end: number; readonly max: number },
): Buffer | undefined {
  if (end - start < PREFIX_BYTES) return undefined;
  const length = bytes.readUInt32BE(start + 1);
  checkPrefix(bytes[start] as number, length, max);
  const from = start + PREFIX_BYTES;
  return from + length <= end ? bytes.subarray(from, from + length) : undefined;
}

/** The prefix of a message of `length` bytes. */
export function messagePrefix(length: number): Uint8Array {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  putMessagePrefix(prefix, 0, length);
  return prefix;
}

/** Writes the prefix of a message of `length` bytes to `target`, where it takes {@link PREFIX_BYTES} bytes. */
export function putMessagePrefix(target: Uint8Array, at: number, length: number): void {
  target[at] = 0;
  target[at + 1] = length >>> 24;
  target[at + 2] = length >>> 16;
  target[at + 3] = length >>> 8;
  target[at + 4] = length;
}

function checkPrefix(flag: number, length: number, maxBytes: number): void {
  if (flag > 1) throw new StatusError(Code.Internal, `grpc: received unexpected payload format ${flag}`);
  if (length > maxBytes) {
    const text = `grpc: received message larger than max (${length} vs. ${maxBytes})`;
    throw new StatusError(Code.ResourceExhausted, text);
  }
  if (flag === 1) {
    throw new StatusError(Code.Internal, 'grpc: compressed flag set with identity or empty encoding');
  }
}
