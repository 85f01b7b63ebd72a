// The `msgapp` stream. Both ends follow term and index, so an append that goes on where the last one ended needs no head of
// its own. Mirrors etcd's rafthttp/msgappv2_codec.go.
//
// Example, a leader of term 2 (each line is one frame; numbers take eight bytes):
//   02 LENGTH MESSAGE          entry 4 of term 2 behind entry 3 of term 1: sent whole. Both ends are at (2, 4) now.
//   01 1 LENGTH ENTRY 4        entry 5 behind (2, 4), commit 4. Both ends are at (2, 5).
//   01 0 5                     nothing behind (2, 5) but the news that 5 is committed.
//   00                         a sign of life.

import { codecs } from '../../../proto/load.ts';
import { type RaftEntry, type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import { PEER_MESSAGE_BYTES } from '../limits.ts';
import { ByteQueue } from './byte_queue.ts';
import type { ByteWriter } from './byte_writer.ts';
import { emptyMessage, LIMIT_EXCEEDED, type StreamDecoder, type StreamEncoder } from './stream_codec.ts';

const HEARTBEAT = 0;
const ENTRIES = 1;
const MESSAGE = 2;

const NUMBER_BYTES = 8;

const messageCodec = codecs['raftpb.Message'];
const entryCodec = codecs['raftpb.Entry'];

/** Where the appends of a connection are: behind the last one. */
interface Position {
  term: number;
  index: number;
}

export class MsgAppV2Encoder implements StreamEncoder {
  readonly #position: Position = { term: 0, index: 0 };

  encode(message: RaftMessage, writer: ByteWriter): void {
    const { term, index } = this.#position;
    const goesOn = message.index === index && message.logTerm === term && message.term === term;
    if (goesOn) this.#encodeEntries(message, writer);
    else this.#encodeMessage(message, writer);
  }

  encodeHeartbeat(writer: ByteWriter): void {
    writer.byte(HEARTBEAT);
  }

  #encodeEntries(message: RaftMessage, writer: ByteWriter): void {
    writer.byte(ENTRIES);
    writer.uint64(message.entries.length);
    for (const entry of message.entries) {
      const bytes = entryCodec.encode(entry);
      writer.uint64(bytes.length);
      writer.bytes(bytes);
    }
    writer.uint64(message.commit);
    this.#position.index += message.entries.length;
  }

  #encodeMessage(message: RaftMessage, writer: ByteWriter): void {
    const bytes = messageCodec.encode(message);
    writer.byte(MESSAGE);
    writer.uint64(bytes.length);
    writer.bytes(bytes);
    moveBehind(this.#position, message);
  }
}

/** What of a frame has been read. */
type Partial =
  | { readonly kind: 'message'; readonly length: number }
  | { readonly kind: 'entries'; readonly count: number; readonly entries: RaftEntry[]; bytes: number; length: number };

export class MsgAppV2Decoder implements StreamDecoder {
  readonly #from: bigint;
  readonly #to: bigint;
  readonly #position: Position = { term: 0, index: 0 };
  readonly #bytes = new ByteQueue();
  // First byte of the frame whose head is coming, then what that head said.
  #kind: number | undefined;
  #frame: Partial | undefined;

  /** Reads what `from` sends to `to`: a frame of entries does not say. */
  constructor(ids: { readonly from: bigint; readonly to: bigint }) {
    this.#from = ids.from;
    this.#to = ids.to;
  }

  push(chunk: Uint8Array): RaftMessage[] {
    this.#bytes.push(chunk);
    const messages: RaftMessage[] = [];
    while (this.#begin()) {
      const message = this.#finish();
      if (message === undefined) break;
      messages.push(message);
      this.#frame = undefined;
    }
    return messages;
  }

  // Passes signs of life and reads the head of the next frame; false when it is not complete.
  #begin(): boolean {
    while (this.#frame === undefined) {
      if (this.#kind === undefined) {
        if (this.#bytes.length === 0) return false;
        this.#kind = this.#bytes.takeByte();
      }
      if (this.#kind === HEARTBEAT) {
        this.#kind = undefined;
        continue;
      }
      if (this.#kind !== ENTRIES && this.#kind !== MESSAGE) {
        throw new Error(`failed to parse type ${this.#kind} in msgappv2 stream`);
      }
      if (this.#bytes.length < NUMBER_BYTES) return false;
      const number = this.#bytes.takeUint64();
      this.#frame =
        this.#kind === MESSAGE
          ? { kind: 'message', length: withinLimit(number) }
          : { kind: 'entries', count: number, entries: [], bytes: 0, length: UNKNOWN };
      this.#kind = undefined;
    }
    return true;
  }

  #finish(): RaftMessage | undefined {
    const frame = this.#frame as Partial;
    if (frame.kind === 'entries') return this.#finishEntries(frame);
    if (this.#bytes.length < frame.length) return undefined;
    const message = this.#bytes.decode(frame.length, messageCodec);
    moveBehind(this.#position, message);
    return message;
  }

  #finishEntries(frame: Partial & { readonly kind: 'entries' }): RaftMessage | undefined {
    while (frame.entries.length < frame.count) {
      if (frame.length === UNKNOWN) {
        if (this.#bytes.length < NUMBER_BYTES) return undefined;
        frame.length = this.#bytes.takeUint64();
        frame.bytes = withinLimit(frame.bytes + NUMBER_BYTES + frame.length);
      }
      if (this.#bytes.length < frame.length) return undefined;
      frame.entries.push(this.#bytes.decode(frame.length, entryCodec));
      frame.length = UNKNOWN;
    }
    if (this.#bytes.length < NUMBER_BYTES) return undefined;
    const { term, index } = this.#position;
    this.#position.index += frame.entries.length;
    return {
      ...emptyMessage(RaftMessageType.MsgApp),
      from: this.#from,
      to: this.#to,
      term,
      logTerm: term,
      index,
      entries: frame.entries,
      commit: this.#bytes.takeUint64(),
    };
  }
}

// Length of an entry whose head has not come.
const UNKNOWN = -1;

function withinLimit(bytes: number): number {
  if (bytes > PEER_MESSAGE_BYTES) throw new Error(LIMIT_EXCEEDED);
  return bytes;
}

function moveBehind(position: Position, message: RaftMessage): void {
  position.term = message.term;
  position.index = message.entries.at(-1)?.Index ?? message.index;
}
