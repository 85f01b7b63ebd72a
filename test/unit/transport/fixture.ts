// A connection without a network: a socket that keeps what is written, frames made by hand, and a server that records
// what it is told.

import { EventEmitter } from 'node:events';
import type net from 'node:net';
import { Connection } from '../../../final/transport/http2/connection.ts';
import { PREFACE } from '../../../final/transport/http2/frames.ts';
import { encodeBlock } from '../../../final/transport/http2/hpack_encoder.ts';
import type { RequestHeaders } from '../../../final/transport/http2/request_headers.ts';
import type { Http2Stream, StreamReceiver } from '../../../final/transport/http2/stream.ts';

export const Type = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** A frame that the server has sent. */
export interface Sent {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const NAMES = Object.fromEntries(Object.entries(Type).map(([name, type]) => [type, name]));

/** One frame. */
export function frame(type: number, options: { flags?: number; stream?: number; payload?: Uint8Array } = {}): Buffer {
  const { flags = 0, stream = 0, payload = Buffer.alloc(0) } = options;
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A SETTINGS frame. */
export function settings(...entries: (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * entries.length);
  entries.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  });
  return frame(Type.SETTINGS, { payload });
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(Type.WINDOW_UPDATE, { stream, payload: uint32(increment) });
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const REQUEST: readonly (readonly [string, string])[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test/Echo'],
  ['content-type', 'application/grpc'],
];

/** HEADERS in one frame. */
export function request(
  stream: number,
  options: { end?: boolean; fields?: readonly (readonly [string, string])[] } = {},
): Buffer {
  const flags = 4 | (options.end === true ? 1 : 0);
  return frame(Type.HEADERS, { flags, stream, payload: encodeBlock(options.fields ?? REQUEST) });
}

export function data(stream: number, payload: Uint8Array | string, end = false): Buffer {
  return frame(Type.DATA, { flags: end ? 1 : 0, stream, payload: Buffer.from(payload) });
}

/** A socket that takes everything at once, or nothing while it is stuck. */
export class FakeSocket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 4000;
  writableLength = 0;
  isStuck = false;
  isPaused = true;
  isEnded = false;
  isDestroyed = false;
  writes = 0;
  /** Memory that what waits keeps alive. */
  readonly kept = new Set<ArrayBufferLike>();
  #bytes: Buffer[] = [];

  write(bytes: Uint8Array): boolean {
    this.writes += 1;
    this.#bytes.push(Buffer.from(bytes));
    if (this.isStuck) {
      this.writableLength += bytes.length;
      this.kept.add(bytes.buffer);
    }
    return !this.isStuck;
  }

  /** Takes all that waits. */
  drain(): void {
    this.isStuck = false;
    this.writableLength = 0;
    this.emit('drain');
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.emit('close');
  }

  /** The frames written since the last call. */
  take(): Sent[] {
    const bytes = Buffer.concat(this.#bytes);
    this.#bytes = [];
    const frames: Sent[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      const [type, flags] = [bytes.readUInt8(at + 3), bytes.readUInt8(at + 4)];
      frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
      at = end;
    }
    return frames;
  }
}

/** What a server was told of one stream. */
export class Recorder implements StreamReceiver {
  readonly stream: Http2Stream;
  readonly headers: RequestHeaders;
  readonly chunks: Buffer[] = [];
  readonly events: string[] = [];
  #onEnd: (recorder: Recorder) => void;

  constructor(stream: Http2Stream, headers: RequestHeaders, onEnd: (recorder: Recorder) => void) {
    this.stream = stream;
    this.headers = headers;
    this.#onEnd = onEnd;
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.chunks.push(Buffer.from(bytes.subarray(start, end)));
  }

  onEnd(): void {
    this.events.push('end');
    this.#onEnd(this);
  }

  onDrain(): void {
    this.events.push('drain');
  }

  onClose(): void {
    this.events.push('close');
  }
}

export const HEADERS = encodeBlock([[':status', '200']]);
export const TRAILERS = encodeBlock([['grpc-status', '0']]);

/** Answers with what it got. */
export function echo(recorder: Recorder): void {
  reply(recorder.stream, recorder.body);
}

export function reply(stream: Http2Stream, payload: Uint8Array): void {
  stream.reply({ headers: HEADERS, prefix: Buffer.alloc(0), payload, trailers: TRAILERS });
}

/** A connection under test, past its preface unless `begin` says otherwise. */
export class TestConnection {
  readonly socket = new FakeSocket();
  readonly streams: Recorder[] = [];
  readonly connection: Connection;
  pings = 0;
  closed: string | undefined;

  constructor(
    options: { maxConcurrentStreams?: number; onEnd?: (recorder: Recorder) => void; begin?: readonly Buffer[] } = {},
  ) {
    this.connection = new Connection(this.socket as unknown as net.Socket, {
      maxConcurrentStreams: options.maxConcurrentStreams ?? 100,
      events: {
        onStream: (stream, headers) => {
          const recorder = new Recorder(stream, headers, options.onEnd ?? echo);
          this.streams.push(recorder);
          return recorder;
        },
        onPing: () => {
          this.pings += 1;
        },
        onClose: (reason) => {
          this.closed = reason ?? 'without a reason';
        },
      },
    });
    this.connection.start(Buffer.concat([PREFACE, ...(options.begin ?? [settings()])]));
    if (options.begin === undefined) this.socket.take();
  }

  /** Lets the server read these frames in one piece. Returns what it sent. */
  send(...frames: readonly Buffer[]): Sent[] {
    this.socket.emit('data', Buffer.concat(frames));
    return this.socket.take();
  }
}

/** `HEADERS 1 END_STREAM`, `RST_STREAM 3 code 8`, `GOAWAY last 1 code 11 too_many_pings`, `DATA 1 5 bytes`, … */
export function describe({ type, flags, stream, payload }: Sent): string {
  const name = NAMES[type] ?? `type ${type}`;
  switch (type) {
    case Type.DATA:
      return `${name} ${stream} ${payload.length} bytes`;
    case Type.HEADERS:
      return `${name} ${stream}${(flags & 1) === 0 ? '' : ' END_STREAM'}`;
    case Type.RST_STREAM:
      return `${name} ${stream} code ${payload.readUInt32BE()}`;
    case Type.GOAWAY: {
      const text = payload.toString('latin1', 8);
      return `${name} last ${payload.readUInt32BE()} code ${payload.readUInt32BE(4)}${text === '' ? '' : ` ${text}`}`;
    }
    case Type.WINDOW_UPDATE:
      return `${name} ${stream} ${payload.readUInt32BE()}`;
    case Type.SETTINGS:
    case Type.PING:
      return `${name}${(flags & 1) === 0 ? '' : ' ACK'}`;
    default:
      return `${name} ${stream}`;
  }
}

export function all(frames: readonly Sent[]): string[] {
  return frames.map(describe);
}
