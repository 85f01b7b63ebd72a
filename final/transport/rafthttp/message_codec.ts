// The `message` stream: every message with its length in eight bytes before it. Mirrors etcd's rafthttp/message_codec.go.

import { codecs } from '../../../proto/load.ts';
import { type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import { PEER_MESSAGE_BYTES } from '../limits.ts';
import { ByteQueue } from './byte_queue.ts';
import type { ByteWriter } from './byte_writer.ts';
import {
  emptyMessage,
  isLinkHeartbeat,
  LIMIT_EXCEEDED,
  type StreamDecoder,
  type StreamEncoder,
} from './stream_codec.ts';

const messageCodec = codecs['raftpb.Message'];
const LENGTH_BYTES = 8;

export class MessageEncoder implements StreamEncoder {
  encode(message: RaftMessage, writer: ByteWriter): void {
    const body = messageCodec.encode(message);
    writer.uint64(body.length);
    writer.bytes(body);
  }

  encodeHeartbeat(writer: ByteWriter): void {
    this.encode(emptyMessage(RaftMessageType.MsgHeartbeat), writer);
  }
}

export class MessageDecoder implements StreamDecoder {
  readonly #bytes = new ByteQueue();
  readonly #limit: number;
  // Length of the message that is coming.
  #length: number | undefined;

  /** A message of more than `limit` bytes is an error. */
  constructor(limit = PEER_MESSAGE_BYTES) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): RaftMessage[] {
    this.#bytes.push(chunk);
    const messages: RaftMessage[] = [];
    for (let message = this.next(); message !== undefined; message = this.next()) {
      if (!isLinkHeartbeat(message)) messages.push(message);
    }
    return messages;
  }

  /** Takes `chunk`, but reads nothing yet. */
  add(chunk: Uint8Array): void {
    this.#bytes.push(chunk);
  }

  /** One message, signs of life included; undefined when it is not complete. */
  next(): RaftMessage | undefined {
    if (this.#length === undefined) {
      if (this.#bytes.length < LENGTH_BYTES) return undefined;
      this.#length = this.#bytes.takeUint64();
      if (this.#length > this.#limit) throw new Error(LIMIT_EXCEEDED);
    }
    if (this.#bytes.length < this.#length) return undefined;
    const message = this.#bytes.decode(this.#length, messageCodec);
    this.#length = undefined;
    return message;
  }

  /** Bytes that no message has taken. */
  rest(): Uint8Array {
    return this.#bytes.take(this.#bytes.length);
  }

  /** Whether some bytes of a message that is not complete are here. */
  get isInside(): boolean {
    return this.#length !== undefined || this.#bytes.length > 0;
  }
}
