// Sends answers as far as the windows of the peer and its socket allow (RFC 9113, section 5.2). What is left waits with
// its stream; streams that could go on stand in a line and take turns frame by frame.

import { CONTROLS_PER_MESSAGE, MAX_SOCKET_BACKLOG_BYTES, SMALL_WINDOW_UPDATE_BYTES } from '../limits.ts';
import type { FrameWriter } from './frame_writer.ts';
import { ConnectionError, DEFAULT_WINDOW_BYTES, ErrorCode, MAX_FRAME_BYTES, MAX_WINDOW_BYTES } from './frames.ts';
import type { Answer, Http2Stream } from './stream.ts';

export class Sender {
  readonly #writer: FrameWriter;
  readonly #onEnd: (stream: Http2Stream) => void;
  #window = DEFAULT_WINDOW_BYTES;
  // Streams with data and a window of their own, that wait for the window of the connection or for the socket.
  #line: Http2Stream[] = [];
  /** Bytes that wait, of all streams. */
  pendingBytes = 0;
  /** Whether headers or data were sent since it was last set to false. */
  hasSent = false;
  /** Control frames that a client has reason to send because of what we sent, since it was last set to 0. */
  expectedControls = 0;

  /** `onEnd` is called when the last frame of an answer is written. */
  constructor(writer: FrameWriter, onEnd: (stream: Http2Stream) => void) {
    this.#writer = writer;
    this.#onEnd = onEnd;
  }

  respond(stream: Http2Stream, block: Uint8Array): void {
    this.hasSent = true;
    this.expectedControls += CONTROLS_PER_MESSAGE;
    stream.hasSentHeaders = true;
    this.#writer.headers(stream.id, block, false);
  }

  /** A whole answer. The usual one fits into one frame and all windows, and is written at once. */
  reply(stream: Http2Stream, { headers, prefix, payload, trailers }: Answer): void {
    this.respond(stream, headers);
    const length = prefix.length + payload.length;
    const writer = this.#writer;
    if (length <= MAX_FRAME_BYTES && length <= stream.sendWindow && length <= this.#window && !this.#isSocketFull) {
      stream.sendWindow -= length;
      this.#window -= length;
      if (length > 0) {
        writer.dataHeader(stream.id, length);
        writer.bytes(prefix);
        writer.bytes(payload);
      }
      this.#writeTrailers(stream, trailers);
      return;
    }
    this.#enqueue(stream, [prefix, payload]);
    stream.pendingTrailers = trailers;
    this.#sendAll(stream);
  }

  send(stream: Http2Stream, parts: readonly Uint8Array[]): void {
    this.expectedControls += CONTROLS_PER_MESSAGE;
    this.#enqueue(stream, parts);
    this.#sendAll(stream);
  }

  /** Ends the answer of a stream behind all that waits. */
  finish(stream: Http2Stream, trailers: Uint8Array): void {
    if (stream.pendingBytes > 0) stream.pendingTrailers = trailers;
    else this.#writeTrailers(stream, trailers);
  }

  /** Forgets what waits for a stream that is closed. */
  forget(stream: Http2Stream): void {
    this.pendingBytes -= stream.pendingBytes;
    stream.pendingBytes = 0;
    stream.pendingChunks = undefined;
    stream.pendingTrailers = undefined;
  }

  /** WINDOW_UPDATE of the connection. Throws {@link ConnectionError} when it grows beyond all bounds. */
  growWindow(bytes: number): void {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW_BYTES) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'window overflow');
    this.sendWaiting();
  }

  /** WINDOW_UPDATE of a stream, or a changed INITIAL_WINDOW_SIZE. False when it grows beyond all bounds. */
  growStreamWindow(stream: Http2Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_WINDOW_BYTES) return false;
    if (stream.pendingBytes > 0 && !stream.isInLine) this.#sendAll(stream);
    return true;
  }

  /** Goes on with what waits: the window of the connection has grown, or the socket has room again. */
  sendWaiting(): void {
    while (this.#line.length > 0 && this.#window > 0 && !this.#isSocketFull) {
      const turn = this.#line;
      this.#line = [];
      for (const stream of turn) {
        stream.isInLine = false;
        if (stream.isClosed || stream.pendingBytes === 0) continue;
        if (stream.sendWindow > 0 && this.#window > 0 && !this.#isSocketFull) this.#sendFrame(stream);
        this.#settle(stream);
      }
    }
  }

  get #isSocketFull(): boolean {
    return this.#writer.backlog > MAX_SOCKET_BACKLOG_BYTES;
  }

  #enqueue(stream: Http2Stream, parts: readonly Uint8Array[]): void {
    stream.pendingChunks ??= [];
    for (const part of parts) {
      if (part.length === 0) continue;
      stream.pendingChunks.push(part);
      stream.pendingBytes += part.length;
      this.pendingBytes += part.length;
    }
  }

  // As much as can be sent now. What is left waits: in line, or for a window of the stream itself.
  #sendAll(stream: Http2Stream): void {
    while (stream.pendingBytes > 0 && stream.sendWindow > 0 && this.#window > 0 && !this.#isSocketFull) {
      this.#sendFrame(stream);
    }
    this.#settle(stream);
  }

  #settle(stream: Http2Stream): void {
    if (stream.pendingBytes > 0) {
      if (stream.sendWindow <= 0 || stream.isInLine) return;
      stream.isInLine = true;
      this.#line.push(stream);
    } else if (stream.pendingTrailers !== undefined) {
      const trailers = stream.pendingTrailers;
      stream.pendingTrailers = undefined;
      this.#writeTrailers(stream, trailers);
    } else {
      stream.receiver?.onDrain();
    }
  }

  #sendFrame(stream: Http2Stream): void {
    const length = Math.min(stream.pendingBytes, stream.sendWindow, this.#window, MAX_FRAME_BYTES);
    this.hasSent = true;
    if (length >= SMALL_WINDOW_UPDATE_BYTES) this.expectedControls += CONTROLS_PER_MESSAGE;
    stream.sendWindow -= length;
    this.#window -= length;
    stream.pendingBytes -= length;
    this.pendingBytes -= length;
    this.#writer.dataHeader(stream.id, length);
    const chunks = stream.pendingChunks as Uint8Array[];
    let left = length;
    let done = 0;
    while (left > 0) {
      const chunk = chunks[done] as Uint8Array;
      const start = stream.pendingOffset;
      const end = Math.min(chunk.length, start + left);
      this.#writer.bytes(end - start === chunk.length ? chunk : chunk.subarray(start, end));
      left -= end - start;
      stream.pendingOffset = end === chunk.length ? 0 : end;
      if (end === chunk.length) done++;
    }
    if (done > 0) chunks.splice(0, done);
  }

  #writeTrailers(stream: Http2Stream, trailers: Uint8Array): void {
    this.hasSent = true;
    stream.hasSentHeaders = true;
    stream.isLocalClosed = true;
    this.#writer.headers(stream.id, trailers, true);
    this.#onEnd(stream);
  }
}
