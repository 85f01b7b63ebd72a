// One stream: a request and its answer. What the layer above sees of it, and the state that the connection keeps with it.

import type { RequestHeaders } from './request_headers.ts';

/** Takes what a client sends on a stream. */
export interface StreamReceiver {
  /** DATA: `bytes` from `start` to `end`. They stay as they are; whoever keeps them keeps the whole chunk of the socket. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The client has sent all it has. */
  onEnd(): void;
  /** All that waited for a window is on its way. */
  onDrain(): void;
  /** The stream is over, however it ended. The last call. */
  onClose(): void;
}

/** Begins the work on a request. Undefined: whatever the client sends is of no interest. */
export type OnStream = (stream: Http2Stream, headers: RequestHeaders) => StreamReceiver | undefined;

/** What a stream asks of its connection. */
export interface StreamOwner {
  readonly remoteAddress: string;
  /** Bytes that wait for a window, of all streams. */
  readonly pendingBytes: number;
  respond(stream: Http2Stream, block: Uint8Array): void;
  reply(stream: Http2Stream, answer: Answer): void;
  send(stream: Http2Stream, parts: readonly Uint8Array[]): void;
  finish(stream: Http2Stream, trailers: Uint8Array): void;
  giveWindow(stream: Http2Stream, bytes: number): void;
  hold(stream: Http2Stream, bytes: number): void;
}

/** A whole answer. */
export interface Answer {
  /** Header block. */
  readonly headers: Uint8Array;
  /** First bytes of the data, few. */
  readonly prefix: Uint8Array;
  /** The rest of it. */
  readonly payload: Uint8Array;
  /** Header block of the trailers. */
  readonly trailers: Uint8Array;
}

export class Http2Stream {
  readonly id: number;
  readonly #owner: StreamOwner;

  // The state below is the connection's and its sender's; the layer above leaves it alone.
  receiver: StreamReceiver | undefined = undefined;
  /** Bytes that we may send; negative after the peer has shrunk its windows. */
  sendWindow: number;
  /** Bytes that the client may send. */
  receiveWindow: number;
  /** Window that was used up and not given back yet. */
  windowDebt = 0;
  /** Bytes of input that are kept somewhere. */
  heldBytes = 0;
  hasSentHeaders = false;
  /** We have sent END_STREAM. */
  isLocalClosed = false;
  /** The client has sent END_STREAM. */
  isRemoteClosed = false;
  isClosed = false;
  /** What waits for a window: chunks, of the first one only from `pendingOffset` on, then trailers. */
  pendingChunks: Uint8Array[] | undefined = undefined;
  pendingOffset = 0;
  pendingBytes = 0;
  pendingTrailers: Uint8Array | undefined = undefined;
  /** Whether the sender has it in the line of those that could go on. */
  isInLine = false;

  constructor(owner: StreamOwner, id: number, sendWindow: number, receiveWindow: number) {
    this.#owner = owner;
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** `127.0.0.1:54321` */
  get remoteAddress(): string {
    return this.#owner.remoteAddress;
  }

  /** Bytes that wait for a window, of all streams of the connection. */
  get connectionPendingBytes(): number {
    return this.#owner.pendingBytes;
  }

  /** Whether an answer can no longer be given, or was given. */
  get isOver(): boolean {
    return this.isClosed || this.isLocalClosed || this.pendingTrailers !== undefined;
  }

  /** Sends the headers of the answer, as a block. */
  respond(block: Uint8Array): void {
    if (!this.isOver) this.#owner.respond(this, block);
  }

  /** Sends a whole answer at once; nothing may have been sent before. */
  reply(answer: Answer): void {
    if (!this.isOver) this.#owner.reply(this, answer);
  }

  /** Sends data, which must not change any more. What finds no window waits in {@link pendingBytes}. */
  send(parts: readonly Uint8Array[]): void {
    if (!this.isOver) this.#owner.send(this, parts);
  }

  /** Ends the answer with a header block: trailers, or headers when none were sent before. */
  finish(block: Uint8Array): void {
    if (!this.isOver) this.#owner.finish(this, block);
  }

  /** Lets the client send as much more as was worked off: each byte of DATA is to be given back once. */
  giveWindow(bytes: number): void {
    if (!this.isClosed && !this.isRemoteClosed) this.#owner.giveWindow(this, bytes);
  }

  /** Says how many bytes of input are kept now, for the bound on the memory of a connection. */
  hold(bytes: number): void {
    if (!this.isClosed) this.#owner.hold(this, bytes);
  }
}
