// Answers to watchers as bytes. An event is encoded once, whoever many watchers get it; each of them needs only a head of its
// own, with the header and its ID. Big answers are cut for those who want it (spec/rpc.md 7.7). Mirrors sendFragments of
// etcd's api/v3rpc/watch.go.

import { codecs } from '../../../proto/load.ts';
import type { ResponseHeader } from '../../../proto/schema.ts';
import type { WatchEvent } from '../../core/mvcc/watch_event.ts';

// Tags of protobuf: number of the field × 8 + wire type.
const HEADER_TAG = (1 << 3) | 2;
const EVENTS_TAG = (11 << 3) | 2;
const EVENT_TYPE_TAG = 1 << 3;
const EVENT_KV_TAG = (2 << 3) | 2;
const EVENT_PREV_KV_TAG = (3 << 3) | 2;
const DELETE = 1;
const FRAGMENT = Uint8Array.of(7 << 3, 1);

/** What all answers to one watcher have in common. */
export interface WatchAddress {
  /** The encoded field watch_id. */
  readonly id: Uint8Array;
  /** Bytes from which on an answer is cut; undefined = never. */
  readonly fragmentBytes: number | undefined;
}

/** The field watch_id, encoded. */
export function encodeWatchId(watchId: bigint): Uint8Array {
  return codecs['etcdserverpb.WatchResponse'].encode({ watch_id: watchId });
}

/** The field header, encoded; the last one is kept, since many answers in a row have the same. */
export class HeaderEncoder {
  readonly #header: (revision: number) => ResponseHeader;
  readonly #term: () => number;
  #revision = -1;
  #lastTerm = -1;
  #bytes: Uint8Array = new Uint8Array(0);

  /** `header`: the header for a revision, of which only the revision and the term ever change. */
  constructor(header: (revision: number) => ResponseHeader, term: () => number) {
    this.#header = header;
    this.#term = term;
  }

  encode(revision: number): Uint8Array {
    const term = this.#term();
    if (revision === this.#revision && term === this.#lastTerm) return this.#bytes;
    this.#revision = revision;
    this.#lastTerm = term;
    const message = codecs['etcdserverpb.ResponseHeader'].encode(this.#header(revision));
    this.#bytes = new Uint8Array(fieldSize(message.length));
    putField(this.#bytes, 0, HEADER_TAG, message);
    return this.#bytes;
  }
}

/** The messages that carry `events`, each in parts: one, unless they are to be cut. */
export function encodeEvents(
  header: Uint8Array,
  { id, fragmentBytes }: WatchAddress,
  events: readonly WatchEvent[],
): Uint8Array[][] {
  const encoded = events.map(encodeEvent);
  const headSize = header.length + id.length;
  if (fragmentBytes === undefined || encoded.length < 2 || headSize + sizeOf(encoded) < fragmentBytes) {
    return [[header, id, ...encoded]];
  }
  const pieces = cut(encoded, fragmentBytes - headSize - FRAGMENT.length);
  return pieces.map((piece, i) => [header, id, ...(i < pieces.length - 1 ? [FRAGMENT] : []), ...piece]);
}

// Pieces of less than `limit` bytes; a larger event goes alone.
function cut(events: readonly Uint8Array[], limit: number): Uint8Array[][] {
  const pieces: Uint8Array[][] = [];
  let piece: Uint8Array[] = [];
  let size = 0;
  for (const event of events) {
    if (piece.length > 0 && size + event.length >= limit) {
      pieces.push(piece);
      piece = [];
      size = 0;
    }
    piece.push(event);
    size += event.length;
  }
  pieces.push(piece);
  return pieces;
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

/** The field events with one event; the event keeps it for all who get it. An answer with one event is never cut. */
export function encodeEvent(event: WatchEvent): Uint8Array {
  event.encoded ??= newEncoded(event);
  return event.encoded;
}

function newEncoded({ isDelete, kv, prevKv }: WatchEvent): Uint8Array {
  const size = (isDelete ? 2 : 0) + fieldSize(kv.length) + (prevKv === undefined ? 0 : fieldSize(prevKv.length));
  const bytes = Buffer.allocUnsafe(fieldSize(size));
  let at = putHead(bytes, 0, EVENTS_TAG, size);
  if (isDelete) {
    bytes[at++] = EVENT_TYPE_TAG;
    bytes[at++] = DELETE;
  }
  at = putField(bytes, at, EVENT_KV_TAG, kv);
  if (prevKv !== undefined) putField(bytes, at, EVENT_PREV_KV_TAG, prevKv);
  return bytes;
}

function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function putField(bytes: Uint8Array, start: number, tag: number, value: Uint8Array): number {
  const at = putHead(bytes, start, tag, value.length);
  bytes.set(value, at);
  return at + value.length;
}

function putHead(bytes: Uint8Array, start: number, tag: number, length: number): number {
  let at = start;
  bytes[at++] = tag;
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at;
}
