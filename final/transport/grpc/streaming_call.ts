// A call in which either side may send several messages. The client gets window back as its messages are read: one that
// sends faster than its handler reads has to wait.

import type { RequestHeaders } from '../http2/request_headers.ts';
import type { Http2Stream } from '../http2/stream.ts';
import { Call, type CallPlan } from './call.ts';
import { MessageReader, PREFIX_BYTES } from './messages.ts';
import { Code, StatusError } from './status.ts';

export class StreamingCall extends Call {
  readonly #reader: MessageReader;
  // Window that the client is to get back.
  #owed = 0;
  #isAtEnd = false;
  #wake: (() => void) | undefined = undefined;

  constructor(stream: Http2Stream, headers: RequestHeaders, parts: { plan: CallPlan; maxReceiveBytes: number }) {
    super(stream, headers, parts.plan);
    this.#reader = new MessageReader(parts.maxReceiveBytes);
  }

  override onData(bytes: Buffer, start: number, end: number): void {
    this.#reader.push(bytes.subarray(start, end));
    this.#owed += end - start;
    this.stream.hold(this.#reader.length);
    this.#onChange();
  }

  override onEnd(): void {
    this.#isAtEnd = true;
    this.#onChange();
  }

  override onClose(): void {
    super.onClose();
    this.#onChange();
  }

  /** The messages, until the client has no more. Throws StatusError when the call ends before, or for a bad message. */
  async *messages(): AsyncGenerator<Uint8Array, void, void> {
    const reader = this.#reader;
    for (;;) {
      const message = reader.next();
      if (message !== undefined) {
        this.#giveBack(PREFIX_BYTES + message.length);
        yield message;
      } else if (this.#isAtEnd) break;
      else if (this.stream.isClosed) throw new StatusError(Code.Canceled, 'context canceled');
      else {
        // A message may be larger than the window: what is there of it counts as read.
        this.#giveBack(this.#owed);
        await this.#change();
      }
    }
    if (reader.cutText !== undefined) throw new StatusError(Code.Internal, reader.cutText);
  }

  #giveBack(bytes: number): void {
    const due = Math.min(bytes, this.#owed);
    this.#owed -= due;
    this.stream.giveWindow(due);
    this.stream.hold(this.#reader.length);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #onChange(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
