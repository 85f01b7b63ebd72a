// One call: a stream of HTTP/2, seen as messages in and messages out. Each call is answered exactly once, with headers
// and trailers, or with both in one when nothing was sent before. How messages come in is the business of unary_call.ts
// and streaming_call.ts.

import { WRITE_BUFFER_BYTES } from '../limits.ts';
import { encodeBlock } from '../http2/hpack_encoder.ts';
import type { RequestHeaders } from '../http2/request_headers.ts';
import type { Http2Stream, StreamReceiver } from '../http2/stream.ts';
import { messagePrefix } from './messages.ts';
import { Code, encodeMessage } from './status.ts';

/** What a handler may know of its call. */
export interface CallContext {
  /** `/etcdserverpb.KV/Range` */
  readonly path: string;
  /** Address of the client. */
  readonly peer: string;
  /** First value of a metadata key, in lower case. */
  metadata(name: string): string | undefined;
  /** Aborted when the client gives up, its time is over, or the server stops. */
  readonly signal: AbortSignal;
  /** When its time is over, on the clock of performance.now(), in ms; undefined = never. */
  readonly deadline: number | undefined;
}

/** What the headers of a call say of its answer. */
export interface CallPlan {
  readonly contentType: string;
  /** The headers of an answer with messages. */
  readonly responseBlock: Uint8Array;
  /** Milliseconds that the client gives the call; undefined = no bound. */
  readonly timeoutMs: number | undefined;
}

const MAX_TIMER_MS = 2 ** 31 - 1;
const OK_TRAILERS = encodeBlock(statusFields(Code.OK, ''));

/** The header block of an answer with messages. */
export function responseBlock(contentType: string): Buffer {
  return encodeBlock([
    [':status', '200'],
    ['content-type', contentType],
  ]);
}

/** The header block of an answer without messages: headers that carry the status too. */
export function statusBlock(
  httpStatus: number,
  contentType: string,
  status: { readonly code: number; readonly message: string },
): Buffer {
  return encodeBlock([
    [':status', String(httpStatus)],
    ['content-type', contentType],
    ...statusFields(status.code, status.message),
  ]);
}

function statusFields(code: number, message: string): [name: string, value: string][] {
  return [
    ['grpc-status', String(code)],
    ['grpc-message', encodeMessage(message)],
  ];
}

export abstract class Call implements CallContext, StreamReceiver {
  readonly deadline: number | undefined;
  protected readonly stream: Http2Stream;
  readonly #headers: RequestHeaders;
  readonly #plan: CallPlan;
  #timer: NodeJS.Timeout | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  #onDrained: (() => void)[] | undefined = undefined;

  constructor(stream: Http2Stream, headers: RequestHeaders, plan: CallPlan) {
    this.stream = stream;
    this.#headers = headers;
    this.#plan = plan;
    const { timeoutMs } = plan;
    this.deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#onDeadline(), Math.min(timeoutMs, MAX_TIMER_MS));
  }

  abstract onData(bytes: Buffer, start: number, end: number): void;
  abstract onEnd(): void;

  get path(): string {
    return this.#headers.get(':path') ?? '';
  }

  get peer(): string {
    return this.stream.remoteAddress;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.stream.isClosed) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Whether an answer can no longer be given, or was given. */
  get isOver(): boolean {
    return this.stream.isOver;
  }

  metadata(name: string): string | undefined {
    return this.#headers.get(name);
  }

  /** Sends a message. False when the client reads slowly: wait for {@link drained} before the next. */
  write(payload: Uint8Array): boolean {
    const { stream } = this;
    if (stream.isOver) return true;
    if (!stream.hasSentHeaders) stream.respond(this.#plan.responseBlock);
    stream.send([messagePrefix(payload.length), payload]);
    return stream.pendingBytes < WRITE_BUFFER_BYTES;
  }

  /** Sends whole messages that are encoded already and have their prefixes, in pieces, which must not change any more. */
  writeEncoded(pieces: readonly Uint8Array[]): void {
    const { stream } = this;
    if (stream.isOver) return;
    if (!stream.hasSentHeaders) stream.respond(this.#plan.responseBlock);
    stream.send(pieces);
  }

  /** Bytes of this call that wait for the client, and those of all calls of its connection. */
  get pendingBytes(): number {
    return this.stream.pendingBytes;
  }

  get connectionPendingBytes(): number {
    return this.stream.connectionPendingBytes;
  }

  /** Resolves when what was written is on its way, or the call is over. */
  drained(): Promise<void> {
    if (this.stream.isOver || this.stream.pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained ??= [];
      this.#onDrained.push(resolve);
    });
  }

  /** Sends one message and ends the call well. */
  reply(payload: Uint8Array): void {
    this.stream.reply({
      headers: this.#plan.responseBlock,
      prefix: messagePrefix(payload.length),
      payload,
      trailers: OK_TRAILERS,
    });
  }

  /** Ends the call with a status. */
  end(code: number, message: string): void {
    const { stream } = this;
    if (stream.isOver) return;
    if (!stream.hasSentHeaders) stream.finish(statusBlock(200, this.#plan.contentType, { code, message }));
    else stream.finish(code === Code.OK ? OK_TRAILERS : encodeBlock(statusFields(code, message)));
  }

  /** Ends the call with a status while its handler still works on it; the handler is told by the signal. */
  cancel(code: number, message: string): void {
    this.end(code, message);
    this.#abort?.abort();
  }

  onDrain(): void {
    const waiting = this.#onDrained;
    if (waiting === undefined) return;
    this.#onDrained = undefined;
    for (const resolve of waiting) resolve();
  }

  onClose(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#abort?.abort();
    this.onDrain();
  }

  #onDeadline(): void {
    this.cancel(Code.DeadlineExceeded, 'context deadline exceeded');
  }
}
