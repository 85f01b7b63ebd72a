// What the two kinds of streams have in common: how messages become bytes of an endless body, and back. Pure; the codecs are
// in message_codec.ts and msgappv2_codec.ts.

import { type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import type { ByteWriter } from './byte_writer.ts';

/** The kinds of streams, by the word in their path: `msgapp` carries MsgApp only, `message` all the rest. */
export type StreamKind = 'msgapp' | 'message';

/** Turns the messages of one connection into bytes. A new connection needs a new one. */
export interface StreamEncoder {
  /** Appends the bytes of `message` to `writer`. */
  encode(message: RaftMessage, writer: ByteWriter): void;
  /** Appends a sign of life. */
  encodeHeartbeat(writer: ByteWriter): void;
}

/** Turns the bytes of one connection, cut anywhere, into messages. A new connection needs a new one. */
export interface StreamDecoder {
  /** The messages that are complete with `chunk`, without signs of life. Throws an Error when the bytes make no sense. */
  push(chunk: Uint8Array): RaftMessage[];
}

/** What is said when a length is beyond its limit. */
export const LIMIT_EXCEEDED = 'rafthttp: error limit exceeded';

/** A message with nothing but its type: `MsgHeartbeat` from and to nobody is the sign of life of a stream. */
export function emptyMessage(type: number): RaftMessage {
  return {
    type,
    to: 0n,
    from: 0n,
    term: 0,
    logTerm: 0,
    index: 0,
    entries: [],
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: undefined,
  };
}

export function isLinkHeartbeat(message: RaftMessage): boolean {
  return message.type === RaftMessageType.MsgHeartbeat && message.from === 0n && message.to === 0n;
}
