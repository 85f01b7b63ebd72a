// One call: a stream of HTTP/2, seen as messages in and messages out. Each call is answered exactly once, with headers
// and trailers, or with both in one when nothing was sent before.

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { WRITE_BUFFER_BYTES } from '../limits.ts';
import { frameMessage } from './messages.ts';
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

/** Options of respond(): Node would add a date, which a gRPC answer does not have. Its types do not know this one. */
export const NO_DATE = { sendDate: false } as const;

export class Call implements CallContext {
  readonly path: string;
  readonly stream: ServerHttp2Stream;
  readonly deadline: number | undefined;
  readonly #headers: IncomingHttpHeaders;
  readonly #contentType: string;
  #timer: NodeJS.Timeout | undefined;
  #abort: AbortController | undefined;
  #trailers: Record<string, string> = { 'grpc-status': '0', 'grpc-message': '' };

  constructor(parts: {
    readonly stream: ServerHttp2Stream;
    readonly headers: IncomingHttpHeaders;
    readonly contentType: string;
    readonly timeoutMs: number | undefined;
  }) {
    this.stream = parts.stream;
    this.#headers = parts.headers;
    this.#contentType = parts.contentType;
    this.path = parts.headers[':path'] ?? '';
    this.deadline = parts.timeoutMs === undefined ? undefined : performance.now() + parts.timeoutMs;
    this.stream.once('close', () => this.#onClose());
    if (parts.timeoutMs === 0) this.#onDeadline();
    else if (parts.timeoutMs !== undefined)
      this.#timer = setTimeout(() => this.#onDeadline(), Math.min(parts.timeoutMs, 2 ** 31 - 1));
  }

  get peer(): string {
    const { remoteAddress, remotePort } = this.stream.session?.socket ?? {};
    return `${remoteAddress ?? ''}:${remotePort ?? ''}`;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.stream.closed || this.stream.destroyed) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Whether an answer can no longer be given, or was given. */
  get isOver(): boolean {
    return this.stream.closed || this.stream.destroyed || this.stream.writableEnded;
  }

  metadata(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Sends a message. False when the client reads slowly: wait for {@link drained} before the next. */
  write(payload: Uint8Array): boolean {
    if (this.isOver) return true;
    this.#begin();
    this.stream.write(frameMessage(payload));
    return this.stream.writableLength < WRITE_BUFFER_BYTES;
  }

  /** Resolves when what was written is on its way, or the call is over. */
  drained(): Promise<void> {
    if (this.isOver || this.stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.stream.once('drain', resolve).once('close', resolve);
    });
  }

  /** Sends one message and ends the call well. */
  reply(payload: Uint8Array): void {
    if (this.isOver) return;
    this.#begin();
    this.stream.end(frameMessage(payload));
  }

  /** Ends the call with a status. */
  end(code: number, message: string): void {
    if (this.isOver) return;
    this.#trailers = { 'grpc-status': String(code), 'grpc-message': encodeMessage(message) };
    if (this.stream.headersSent) {
      this.stream.end();
      return;
    }
    this.respondAlone(200);
  }

  /** Ends the call with headers only, that carry the status too. */
  respondAlone(httpStatus: number): void {
    const headers = { ':status': httpStatus, 'content-type': this.#contentType, ...this.#trailers };
    this.stream.respond(headers, { ...NO_DATE, endStream: true });
    // The client may go on sending; nobody reads it.
    this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #begin(): void {
    if (this.stream.headersSent) return;
    const headers = { ':status': 200, 'content-type': this.#contentType };
    this.stream.respond(headers, { ...NO_DATE, waitForTrailers: true });
    this.stream.once('wantTrailers', () => this.stream.sendTrailers(this.#trailers));
  }

  #onDeadline(): void {
    this.end(Code.DeadlineExceeded, 'context deadline exceeded');
    this.#abort?.abort();
  }

  #onClose(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }
}
