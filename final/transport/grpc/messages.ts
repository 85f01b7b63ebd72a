// Messages on a stream: each has a prefix of five bytes, a flag for compression and its length. The texts of the errors
// are those of grpc-go (spec/rpc.md 3.4).

import { Code, StatusError } from './status.ts';

export const PREFIX_BYTES = 5;

/** Cuts the bytes of one stream into messages. */
export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;

  /** `maxBytes`: length of the largest message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds what came in. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next whole message, or undefined while bytes of it are missing. Throws StatusError for a bad prefix. */
  next(): Buffer | undefined {
    if (this.#length < PREFIX_BYTES) return undefined;
    const head = this.#join(PREFIX_BYTES);
    const length = head.readUInt32BE(1);
    this.#checkPrefix(head[0] as number, length);
    if (this.#length < PREFIX_BYTES + length) return undefined;
    const whole = this.#join(PREFIX_BYTES + length);
    this.#take(PREFIX_BYTES + length);
    return whole.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  }

  /** What is wrong when the stream ends here: nothing between two messages, else the text of the error. */
  get cutText(): string | undefined {
    if (this.#length === 0) return undefined;
    return this.#length < PREFIX_BYTES ? 'EOF' : 'unexpected EOF';
  }

  #checkPrefix(flag: number, length: number): void {
    if (flag > 1) throw new StatusError(Code.Internal, `grpc: received unexpected payload format ${flag}`);
    if (length > this.#maxBytes) {
      const text = `grpc: received message larger than max (${length} vs. ${this.#maxBytes})`;
      throw new StatusError(Code.ResourceExhausted, text);
    }
    if (flag === 1) {
      throw new StatusError(Code.Internal, 'grpc: compressed flag set with identity or empty encoding');
    }
  }

  // The first chunk, made to hold at least `bytes`.
  #join(bytes: number): Buffer {
    const first = this.#chunks[0] as Buffer;
    if (first.length >= bytes) return first;
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  #take(bytes: number): void {
    const first = this.#chunks[0] as Buffer;
    if (first.length === bytes) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(bytes);
    this.#length -= bytes;
  }
}

/** `payload` with its prefix. */
export function frameMessage(payload: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + payload.length);
  framed[0] = 0;
  framed.writeUInt32BE(payload.length, 1);
  framed.set(payload, PREFIX_BYTES);
  return framed;
}
