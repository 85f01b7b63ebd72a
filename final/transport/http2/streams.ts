// The open streams of a connection: how they begin, answer and end (RFC 9113, section 5.1), and what they hold.

import { CONNECTION_MEMORY_MIB, MAX_EARLY_CLOSED, OPEN_STREAM_BYTES, STREAM_WINDOW_BYTES } from '../limits.ts';
import type { FrameWriter } from './frame_writer.ts';
import { ErrorCode } from './frames.ts';
import type { Sender } from './sender.ts';
import { type Answer, Http2Stream, type StreamOwner } from './stream.ts';

const MEMORY_BYTES = CONNECTION_MEMORY_MIB * 1024 * 1024;

export interface StreamsOptions {
  readonly writer: FrameWriter;
  readonly sender: Sender;
  readonly remoteAddress: string;
  /** Something was written. */
  readonly onOutput: () => void;
  /** The last open stream has ended. */
  readonly onIdle: () => void;
}

export class Streams implements StreamOwner {
  readonly remoteAddress: string;
  readonly #writer: FrameWriter;
  readonly #sender: Sender;
  readonly #options: StreamsOptions;
  readonly #open = new Map<number, Http2Stream>();
  // Streams that we have closed while the client could still send on them, the latest ones: what comes is ignored.
  readonly #earlyClosed = new Set<number>();
  // Streams that are answered and wait for the client to end its side.
  #halfClosed: Http2Stream[] = [];
  // Input that is kept somewhere, of all streams.
  #heldBytes = 0;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.remoteAddress = options.remoteAddress;
    this.#writer = options.writer;
    this.#sender = options.sender;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Whether the connection holds more than it may; then it gets no new stream. */
  get isFull(): boolean {
    return this.#heldBytes + this.#sender.pendingBytes + this.#open.size * OPEN_STREAM_BYTES > MEMORY_BYTES;
  }

  /** Bytes that wait for a window, of all streams. */
  get pendingBytes(): number {
    return this.#sender.pendingBytes;
  }

  get(id: number): Http2Stream | undefined {
    return this.#open.get(id);
  }

  all(): Iterable<Http2Stream> {
    return this.#open.values();
  }

  /** Begins stream `id`, on which `sendWindow` bytes may be sent. */
  begin(id: number, sendWindow: number): Http2Stream {
    const stream = new Http2Stream(this, id, sendWindow, STREAM_WINDOW_BYTES);
    this.#open.set(id, stream);
    return stream;
  }

  /** Whether we have closed stream `id` while the client could still send on it. */
  isEarlyClosed(id: number): boolean {
    return this.#earlyClosed.has(id);
  }

  /** Resets a stream, open or refused. */
  reset(id: number, code: number): void {
    this.#writer.resetStream(id, code);
    this.#rememberEarlyClosed(id);
    const stream = this.#open.get(id);
    if (stream !== undefined) this.close(stream);
    this.#options.onOutput();
  }

  /** The client has sent all of its side. */
  endRemote(stream: Http2Stream): void {
    stream.receiver?.onEnd();
    if (stream.isLocalClosed) this.close(stream);
  }

  /** The last frame of the answer is written. */
  onAnswered(stream: Http2Stream): void {
    if (stream.isRemoteClosed) this.close(stream);
    else this.#halfClosed.push(stream);
  }

  /** Tells clients that have got their answer, and go on sending, that nobody reads it (RFC 9113, section 8.1). */
  resetHalfClosed(): void {
    if (this.#halfClosed.length === 0) return;
    const streams = this.#halfClosed;
    this.#halfClosed = [];
    for (const stream of streams) if (!stream.isClosed) this.reset(stream.id, ErrorCode.NO_ERROR);
  }

  /** Ends a stream in whatever state it is. */
  close(stream: Http2Stream): void {
    if (stream.isClosed) return;
    stream.isClosed = true;
    this.#open.delete(stream.id);
    this.#heldBytes -= stream.heldBytes;
    if (stream.pendingChunks !== undefined) this.#sender.forget(stream);
    stream.receiver?.onClose();
    if (this.#open.size === 0) this.#options.onIdle();
  }

  /** Ends all of them, the connection being over. */
  closeAll(): void {
    for (const stream of this.#open.values()) this.close(stream);
  }

  respond(stream: Http2Stream, block: Uint8Array): void {
    this.#sender.respond(stream, block);
    this.#options.onOutput();
  }

  reply(stream: Http2Stream, answer: Answer): void {
    this.#sender.reply(stream, answer);
    this.#options.onOutput();
  }

  send(stream: Http2Stream, parts: readonly Uint8Array[]): void {
    this.#sender.send(stream, parts);
    this.#options.onOutput();
  }

  finish(stream: Http2Stream, trailers: Uint8Array): void {
    this.#sender.finish(stream, trailers);
    this.#options.onOutput();
  }

  giveWindow(stream: Http2Stream, bytes: number): void {
    stream.windowDebt += bytes;
    if (stream.windowDebt < STREAM_WINDOW_BYTES / 2) return;
    this.#writer.windowUpdate(stream.id, stream.windowDebt);
    stream.receiveWindow += stream.windowDebt;
    stream.windowDebt = 0;
    this.#options.onOutput();
  }

  hold(stream: Http2Stream, bytes: number): void {
    this.#heldBytes += bytes - stream.heldBytes;
    stream.heldBytes = bytes;
  }

  #rememberEarlyClosed(id: number): void {
    this.#earlyClosed.add(id);
    if (this.#earlyClosed.size <= MAX_EARLY_CLOSED) return;
    const [oldest = 0] = this.#earlyClosed;
    this.#earlyClosed.delete(oldest);
  }
}
