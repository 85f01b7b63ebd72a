// Writes frames into one buffer, which goes to the socket in one piece when the owner says so: the answers to all
// requests of one read cost one system call. Knows nothing of streams and windows.

import type net from 'node:net';
import { OUTPUT_BUFFER_BYTES, SPARE_OUTPUT_BUFFERS } from '../limits.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES, putUint32 } from './frames.ts';
import { TABLE_SIZE_ZERO } from './hpack_encoder.ts';

const NO_BUFFER = Buffer.alloc(0);

// Buffers of connections that have nothing to write. A connection holds one only between its first frame and the flush.
const spareBuffers: Buffer[] = [];

export class FrameWriter {
  readonly #socket: net.Socket;
  #buffer: Buffer = NO_BUFFER;
  #length = 0;
  /** Whether the next header block must say that our dynamic table has no room; see {@link TABLE_SIZE_ZERO}. */
  isTableUpdateDue = false;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get backlog(): number {
    return this.#length + this.#socket.writableLength;
  }

  /** Whether something waits for {@link flush}. */
  get isDirty(): boolean {
    return this.#length > 0;
  }

  /** HEADERS, and CONTINUATION for what does not fit into one frame. */
  headers(stream: number, block: Uint8Array, endStream: boolean): void {
    const update = this.isTableUpdateDue ? 1 : 0;
    this.isTableUpdateDue = false;
    let rest = block;
    let type: number = FrameType.HEADERS;
    for (let prefix = update; ; prefix = 0) {
      const length = Math.min(rest.length, MAX_FRAME_BYTES - prefix);
      const isLast = length === rest.length;
      const endFlag = endStream && type === FrameType.HEADERS ? Flag.END_STREAM : 0;
      const flags = (isLast ? Flag.END_HEADERS : 0) | endFlag;
      let at = this.#begin(length + prefix, type, flags, stream);
      if (prefix > 0) this.#buffer[at++] = TABLE_SIZE_ZERO;
      this.#buffer.set(isLast ? rest : rest.subarray(0, length), at);
      if (isLast) return;
      rest = rest.subarray(length);
      type = FrameType.CONTINUATION;
    }
  }

  /** The header of a DATA frame; exactly `length` bytes must follow through {@link bytes}. */
  dataHeader(stream: number, length: number): void {
    this.#length = this.#begin(length, FrameType.DATA, 0, stream);
  }

  /** A part of the payload that {@link dataHeader} has announced. */
  bytes(part: Uint8Array): void {
    this.#buffer.set(part, this.#length);
    this.#length += part.length;
  }

  resetStream(stream: number, code: number): void {
    const at = this.#begin(4, FrameType.RST_STREAM, 0, stream);
    putUint32(this.#buffer, at, code);
  }

  windowUpdate(stream: number, bytes: number): void {
    const at = this.#begin(4, FrameType.WINDOW_UPDATE, 0, stream);
    putUint32(this.#buffer, at, bytes);
  }

  settings(entries: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#begin(6 * entries.length, FrameType.SETTINGS, 0, 0);
    for (const [id, value] of entries) {
      this.#buffer[at] = id >>> 8;
      this.#buffer[at + 1] = id;
      putUint32(this.#buffer, at + 2, value);
      at += 6;
    }
  }

  settingsAck(): void {
    this.#begin(0, FrameType.SETTINGS, Flag.ACK, 0);
  }

  /** `data`: eight bytes. */
  ping(data: Uint8Array, isAck: boolean): void {
    const at = this.#begin(8, FrameType.PING, isAck ? Flag.ACK : 0, 0);
    this.#buffer.set(data, at);
  }

  /** `debug`: a text for whoever reads the client's log; a short one. */
  goAway(lastStream: number, code: number, debug: string): void {
    const at = this.#begin(8 + debug.length, FrameType.GOAWAY, 0, 0);
    putUint32(this.#buffer, at, lastStream);
    putUint32(this.#buffer, at + 4, code);
    this.#buffer.write(debug, at + 8, 'latin1');
  }

  /** Hands all that was written to the socket. */
  flush(): void {
    if (this.#length === 0) return;
    const buffer = this.#buffer;
    const bytes = buffer.subarray(0, this.#length);
    this.#buffer = NO_BUFFER;
    this.#length = 0;
    const isBehind = this.#socket.writableLength > 0;
    // What has to wait in the socket is copied: a few bytes would keep the whole buffer alive.
    this.#socket.write(isBehind ? Buffer.from(bytes) : bytes);
    // Nothing waits: the kernel has all of it, and the buffer is free again.
    const isFree = isBehind || this.#socket.writableLength === 0;
    if (isFree && spareBuffers.length < SPARE_OUTPUT_BUFFERS) spareBuffers.push(buffer);
  }

  // Makes room for a frame, perhaps in another buffer, and writes its header. Returns where its payload goes, which counts as written.
  #begin(length: number, type: number, flags: number, stream: number): number {
    if (this.#buffer.length - this.#length < FRAME_HEADER_BYTES + length) this.#makeRoom();
    const buffer = this.#buffer;
    const at = this.#length;
    buffer[at] = length >>> 16;
    buffer[at + 1] = length >>> 8;
    buffer[at + 2] = length;
    buffer[at + 3] = type;
    buffer[at + 4] = flags;
    putUint32(buffer, at + 5, stream);
    this.#length = at + FRAME_HEADER_BYTES + length;
    return at + FRAME_HEADER_BYTES;
  }

  #makeRoom(): void {
    this.flush();
    this.#buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(OUTPUT_BUFFER_BYTES);
  }
}
