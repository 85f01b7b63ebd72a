// A call with one message in and one out: nearly all calls. The usual message comes in one piece, is answered at once,
// and costs no promise and no copy.

import type { RequestHeaders } from '../http2/request_headers.ts';
import type { Http2Stream } from '../http2/stream.ts';
import { Call, type CallPlan } from './call.ts';
import { MessageReader, wholeMessage } from './messages.ts';
import { Code } from './status.ts';

/** Answers the message of a call. */
export interface UnaryAnswerer {
  readonly maxReceiveBytes: number;
  /** Answers, now or later. What it throws is an answer too, see {@link fail}. */
  answer(call: UnaryCall, message: Uint8Array): void;
  fail(call: UnaryCall, error: unknown): void;
}

export class UnaryCall extends Call {
  readonly #answerer: UnaryAnswerer;
  // There when the message comes in pieces.
  #reader: MessageReader | undefined = undefined;
  #isAnswered = false;

  constructor(stream: Http2Stream, headers: RequestHeaders, parts: { plan: CallPlan; answerer: UnaryAnswerer }) {
    super(stream, headers, parts.plan);
    this.#answerer = parts.answerer;
  }

  // The first message is the request; what a client sends behind it is not looked at.
  override onData(bytes: Buffer, start: number, end: number): void {
    this.stream.giveWindow(end - start);
    if (this.#isAnswered) return;
    try {
      const message = this.#next(bytes, start, end);
      if (message === undefined) return;
      this.#isAnswered = true;
      this.#answerer.answer(this, message);
    } catch (error) {
      this.#isAnswered = true;
      this.#answerer.fail(this, error);
    }
  }

  override onEnd(): void {
    if (!this.#isAnswered) this.end(Code.Unknown, this.#reader?.cutText ?? 'EOF');
  }

  #next(bytes: Buffer, start: number, end: number): Uint8Array | undefined {
    const max = this.#answerer.maxReceiveBytes;
    if (this.#reader === undefined) {
      const message = wholeMessage(bytes, { start, end, max });
      if (message !== undefined) return message;
      this.#reader = new MessageReader(max);
    }
    this.#reader.push(bytes.subarray(start, end));
    const message = this.#reader.next();
    this.stream.hold(message === undefined ? this.#reader.length : 0);
    return message;
  }
}
