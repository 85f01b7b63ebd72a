// The frames of one HTTP/2 connection as text: what each is, its bytes, and what they mean. Both directions have a state of
// their own: the reader of frames, and the table of header fields that HPACK refers to.

import type { MethodDefinition } from '../../proto/load.ts';
import type { Messages } from '../../proto/schema.ts';
import { FrameReader } from '../../final/transport/http2/frame_reader.ts';
import {
  ErrorCode,
  Flag,
  type Frame,
  FrameType,
  PREFACE,
  Setting,
  uint31,
  uint32,
} from '../../final/transport/http2/frames.ts';
import { HpackDecoder } from '../../final/transport/http2/hpack_decoder.ts';
import { count, wireFields } from './protobuf_text.ts';

/** Who sends. */
export type Side = 'client' | 'server';

/** A frame of one side, told. */
export interface ToldFrame {
  readonly side: Side;
  /** 0 = the connection itself. */
  readonly stream: number;
  readonly lines: readonly string[];
}

// The prefix of a message of gRPC: a flag and a length.
const GRPC_PREFIX_BYTES = 5;
const BYTES_PER_LINE = 16;
const MOST_HEX_LINES = 4;

export class FrameTeller {
  readonly #side: Side;
  readonly #methodOf: (path: string) => MethodDefinition<unknown, unknown> | undefined;
  readonly #paths: Map<number, string>;
  readonly #onFrame: (frame: ToldFrame) => void;
  readonly #reader = new FrameReader((frame) => this.#tell(frame));
  readonly #headers = new HpackDecoder();
  // Header blocks that go on in another frame.
  #block: Buffer = Buffer.alloc(0);
  #preface: Buffer = Buffer.alloc(0);
  #hasBegun: boolean;

  /** `paths`: the path of each stream, shared by both sides: the client names it, the server's messages depend on it. */
  constructor(
    side: Side,
    options: {
      readonly paths: Map<number, string>;
      readonly methodOf: (path: string) => MethodDefinition<unknown, unknown> | undefined;
      readonly onFrame: (frame: ToldFrame) => void;
    },
  ) {
    this.#side = side;
    this.#paths = options.paths;
    this.#methodOf = options.methodOf;
    this.#onFrame = options.onFrame;
    this.#hasBegun = side === 'server';
  }

  /** Takes bytes of this side. Throws an Error for what is no HTTP/2. */
  push(chunk: Buffer): void {
    if (this.#hasBegun) return this.#reader.push(chunk);
    this.#preface = Buffer.concat([this.#preface, chunk]);
    if (this.#preface.length < PREFACE.length) return;
    if (!this.#preface.subarray(0, PREFACE.length).equals(PREFACE)) throw new Error('the client does not speak HTTP/2');
    this.#hasBegun = true;
    const lines = [
      `the preface, ${PREFACE.length} bytes`,
      ...hexLines(PREFACE),
      JSON.stringify(PREFACE.toString('latin1')),
    ];
    this.#onFrame({ side: this.#side, stream: 0, lines });
    this.#reader.push(this.#preface.subarray(PREFACE.length));
  }

  #tell(frame: Frame): void {
    const payload = frame.bytes.subarray(frame.start, frame.end);
    const head = `${nameOf(FrameType, frame.type)} of stream ${frame.stream}${flagsText(frame)}, ${count(payload.length, 'byte')}`;
    const header = frame.bytes.subarray(frame.start - 9, frame.start);
    const lines = [head, `${hex(header)}  length, type, flags, stream`, ...this.#meaning(frame, payload)];
    this.#onFrame({ side: this.#side, stream: frame.stream, lines });
  }

  #meaning(frame: Frame, payload: Buffer): string[] {
    switch (frame.type) {
      case FrameType.SETTINGS:
        return settings(payload);
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        return [...hexLines(payload), ...this.#headerFields(frame, payload)];
      case FrameType.DATA:
        return this.#message(frame.stream, payload);
      case FrameType.WINDOW_UPDATE:
        return [`${hex(payload)}  the sender may be sent ${uint31(payload, 0)} bytes more`];
      case FrameType.GOAWAY:
        return [
          `${hex(payload.subarray(0, 8))}  last stream ${uint31(payload, 0)}, ${nameOf(ErrorCode, uint32(payload, 4))}`,
        ];
      case FrameType.RST_STREAM:
        return [`${hex(payload)}  ${nameOf(ErrorCode, uint32(payload, 0))}`];
      default:
        return hexLines(payload);
    }
  }

  #headerFields({ stream, flags, type }: Frame, payload: Buffer): string[] {
    const [from, to] = type === FrameType.HEADERS ? blockBounds(flags, payload) : [0, payload.length];
    this.#block = Buffer.concat([this.#block, payload.subarray(from, to)]);
    if ((flags & Flag.END_HEADERS) === 0) return ['(goes on in the next frame)'];
    const { fields } = this.#headers.decode(this.#block, 0, this.#block.length);
    this.#block = Buffer.alloc(0);
    const path = fields.find(({ name }) => name === ':path')?.value;
    if (path !== undefined) this.#paths.set(stream, path);
    return fields.map(({ name, value }) => `  ${name}: ${value}`);
  }

  // One message, which came whole: what a tool asks for is small.
  #message(stream: number, payload: Buffer): string[] {
    if (payload.length < GRPC_PREFIX_BYTES) return hexLines(payload);
    const method = this.#methodOf(this.#paths.get(stream) ?? '');
    const length = uint32(payload, 1);
    const message = payload.subarray(GRPC_PREFIX_BYTES, GRPC_PREFIX_BYTES + length);
    const lines = [
      `${hex(payload.subarray(0, 1))}  ${payload[0] === 0 ? 'not compressed' : 'compressed'}`,
      `${hex(payload.subarray(1, GRPC_PREFIX_BYTES))}  a message of ${count(length, 'byte')}`,
    ];
    const codec = this.#side === 'client' ? method?.request : method?.response;
    if (codec === undefined || message.length < length) return [...lines, ...hexLines(message)];
    const fields = wireFields(codec.name as keyof Messages, message);
    const told = fields.flatMap(({ bytes, depth, text }) => besideHex(bytes, `${'  '.repeat(depth)}${text}`));
    return [...lines, `  ${codec.name}`, ...told];
  }
}

// Flags in HEADERS can put padding and a priority around the block.
function blockBounds(flags: number, payload: Buffer): [number, number] {
  const padding = (flags & Flag.PADDED) === 0 ? 0 : (payload[0] ?? 0);
  const from = ((flags & Flag.PADDED) === 0 ? 0 : 1) + ((flags & Flag.PRIORITY) === 0 ? 0 : 5);
  return [from, payload.length - padding];
}

function settings(payload: Buffer): string[] {
  return Array.from({ length: payload.length / 6 }, (_, i) => {
    const entry = payload.subarray(i * 6, i * 6 + 6);
    return `${hex(entry)}  ${nameOf(Setting, entry.readUInt16BE(0))} = ${uint32(entry, 2)}`;
  });
}

function flagsText({ type, flags }: Frame): string {
  const names: string[] = [];
  if (type === FrameType.SETTINGS || type === FrameType.PING) {
    if ((flags & Flag.ACK) !== 0) names.push('ACK');
  } else if (type === FrameType.DATA || type === FrameType.HEADERS) {
    if ((flags & Flag.END_STREAM) !== 0) names.push('END_STREAM');
  }
  if (type === FrameType.HEADERS && (flags & Flag.END_HEADERS) !== 0) names.push('END_HEADERS');
  return names.length === 0 ? '' : `, ${names.join(' ')}`;
}

function nameOf(names: Readonly<Record<string, number>>, number: number): string {
  return Object.keys(names).find((name) => names[name] === number) ?? `type ${number}`;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function hexLines(bytes: Uint8Array): string[] {
  const rows = Math.ceil(bytes.length / BYTES_PER_LINE);
  const lines = Array.from({ length: Math.min(rows, MOST_HEX_LINES) }, (_, i) =>
    hex(bytes.subarray(i * BYTES_PER_LINE, (i + 1) * BYTES_PER_LINE)),
  );
  return rows > MOST_HEX_LINES
    ? [...lines, `… ${count(bytes.length - MOST_HEX_LINES * BYTES_PER_LINE, 'byte')} more`]
    : lines;
}

// The bytes, and behind the last of them what they mean.
function besideHex(bytes: Uint8Array, text: string): string[] {
  const lines = hexLines(bytes);
  const last = lines.pop() ?? '';
  return [...lines, `${last}  ${text}`];
}
