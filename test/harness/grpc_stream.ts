// A gRPC call whose answers come one by one while it goes on: watch, keep-alive, observe. A test writes, waits for the next
// answer or for a while without one, and sees how the call ended.

import type * as grpc from '@grpc/grpc-js';
import type { Init } from '../../proto/load.ts';

/** Milliseconds within which an answer has to come. */
export const ANSWER_LIMIT_MS = 10_000;

/** How a call ended: gRPC code and text. */
export interface StreamEnd {
  readonly code: number;
  readonly message: string;
}

type ReadCall<Res> = grpc.ClientReadableStream<Res>;
type WriteCall<Res> = grpc.ClientDuplexStream<unknown, Res>;

/** An open call. Cancelled together with its client. */
export class GrpcStream<Req, Res> {
  /** Resolves when the call is over. */
  readonly ended: Promise<StreamEnd>;
  readonly #call: ReadCall<Res> | WriteCall<Res>;
  readonly #waiting: Res[] = [];
  #end: StreamEnd | undefined;
  #wake: (() => void) | undefined;

  constructor(call: ReadCall<Res> | WriteCall<Res>) {
    this.#call = call;
    call.on('data', (response: Res) => {
      this.#waiting.push(response);
      this.#wake?.();
    });
    // The status event tells the same and comes for success as well.
    call.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      call.on('status', (status) => {
        this.#end = { code: status.code, message: status.details };
        this.#wake?.();
        resolve(this.#end);
      });
    });
  }

  /** Sends a request; bytes are sent as the message that they are. Throws an Error where the call takes only one. */
  write(request: Init<Req> | Uint8Array): void {
    this.#writable().write(request);
  }

  /** Closes the side of the client: END_STREAM. */
  halfClose(): void {
    this.#writable().end();
  }

  /** Ends the call from here. */
  cancel(): void {
    this.#call.cancel();
  }

  /** Reads no further answers: what the server sends stays on its side, but for the windows of HTTP/2. */
  pause(): void {
    this.#call.pause();
  }

  /** Reads again. */
  resume(): void {
    this.#call.resume();
  }

  /** The next answer. Throws an Error when the call ends instead, or after `limitMs`. */
  async next(limitMs = ANSWER_LIMIT_MS): Promise<Res> {
    await this.#something(limitMs);
    const response = this.#waiting.shift();
    if (response !== undefined) return response;
    throw new Error(
      this.#end === undefined
        ? `no answer within ${limitMs} ms`
        : `the call is over: ${this.#end.code} "${this.#end.message}"`,
    );
  }

  /** The next `count` answers. Throws an Error like {@link next}, which says how many have come. */
  async take(count: number, limitMs = ANSWER_LIMIT_MS): Promise<Res[]> {
    const responses: Res[] = [];
    for (let i = 0; i < count; i++) {
      try {
        responses.push(await this.next(limitMs));
      } catch (error) {
        throw new Error(`${i} of ${count} answers came: ${JSON.stringify(responses, printable)}`, { cause: error });
      }
    }
    return responses;
  }

  /** Waits `ms` and throws an Error when an answer comes or the call ends meanwhile. */
  async quiet(ms: number): Promise<void> {
    await this.#something(ms);
    const [response] = this.#waiting;
    if (response !== undefined) throw new Error(`an answer came: ${JSON.stringify(response, printable)}`);
    if (this.#end !== undefined) throw new Error(`the call is over: ${this.#end.code} "${this.#end.message}"`);
  }

  /** Waits until an answer is there, the call is over, or the time is. */
  #something(limitMs: number): Promise<void> {
    if (this.#waiting.length > 0 || this.#end !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#wake = done;
    });
  }

  #writable(): WriteCall<Res> {
    if (!('write' in this.#call)) throw new Error('this call takes one request only');
    return this.#call;
  }
}

function printable(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  const isBytes = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
  return isBytes && 'data' in value && Array.isArray(value.data) ? Buffer.from(value.data).toString('latin1') : value;
}
