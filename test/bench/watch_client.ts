// The client of the watch benchmark: plain HTTP/2 frames over a socket, so that one process can take far more events than a
// server sends. It knows just enough to open gRPC calls and to cut what comes back into messages; headers are not decoded.

import net from 'node:net';
import { MessageReader } from '../../final/transport/grpc/messages.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType, PREFACE, Setting } from '../../final/transport/http2/frames.ts';
import { encodeBlock } from '../../final/transport/http2/hpack_encoder.ts';
import { grpcBody } from './workloads.ts';

const BIG_WINDOW = 2 ** 30;
// A window is filled again when this much of it is used up.
const REFILL = 2 ** 28;
const NOTHING = Buffer.alloc(0);

/** Takes the messages of one call; they are read at once, their bytes are used again. */
export type OnMessage = (bytes: Buffer, start: number, end: number) => void;

interface Call {
  readonly onMessage: OnMessage;
  /** The beginning of a message whose end has not come. */
  readonly reader: MessageReader;
  used: number;
}

export class WatchClient {
  readonly #socket: net.Socket;
  readonly #onFailure: (error: Error) => void;
  readonly #calls = new Map<number, Call>();
  #rest: Buffer = NOTHING;
  #nextStream = 1;
  #used = 0;
  #isClosed = false;

  private constructor(socket: net.Socket, onFailure: (error: Error) => void) {
    this.#socket = socket;
    this.#onFailure = onFailure;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the server has closed the connection'));
  }

  /** Connects to a port of this machine. `onFailure` is told when anything ends that should not. */
  static async connect(port: number, onFailure: (error: Error) => void): Promise<WatchClient> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new WatchClient(socket, onFailure);
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(Setting.INITIAL_WINDOW_SIZE, 0);
    settings.writeUInt32BE(BIG_WINDOW, 2);
    socket.write(Buffer.concat([PREFACE, frame(FrameType.SETTINGS, 0, 0, settings), windowUpdate(0, BIG_WINDOW)]));
    return client;
  }

  /** Begins a call. Returns its stream. */
  open(path: string, onMessage: OnMessage): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#calls.set(stream, { onMessage, reader: new MessageReader(BIG_WINDOW), used: 0 });
    const block = encodeBlock([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', path],
      [':authority', 'bench'],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ]);
    this.#socket.write(frame(FrameType.HEADERS, Flag.END_HEADERS, stream, block));
    return stream;
  }

  /** Sends a message of a call. `isLast`: there are no more. */
  send(stream: number, message: Uint8Array, isLast = false): void {
    this.#socket.write(frame(FrameType.DATA, isLast ? Flag.END_STREAM : 0, stream, grpcBody(message)));
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #fail(text: string): void {
    if (!this.#isClosed) this.#onFailure(new Error(text));
    this.close();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      this.#onFrame(bytes, at, end);
      at = end;
    }
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at);
  }

  #onFrame(bytes: Buffer, at: number, end: number): void {
    const [type, flags] = [bytes[at + 3], bytes[at + 4] as number];
    const stream = bytes.readUInt32BE(at + 5);
    const start = at + FRAME_HEADER_BYTES;
    if (type === FrameType.DATA) this.#onData(stream, bytes, [start, end]);
    else if (type === FrameType.SETTINGS && (flags & Flag.ACK) === 0) {
      this.#socket.write(frame(FrameType.SETTINGS, Flag.ACK, 0, NOTHING));
    } else if (type === FrameType.PING && (flags & Flag.ACK) === 0) {
      this.#socket.write(frame(FrameType.PING, Flag.ACK, 0, bytes.subarray(start, end)));
    } else if (type === FrameType.GOAWAY || type === FrameType.RST_STREAM) this.#fail(`a frame of type ${type}`);
    else if (type === FrameType.HEADERS && (flags & Flag.END_STREAM) !== 0) this.#calls.delete(stream);
  }

  #onData(stream: number, bytes: Buffer, [start, end]: readonly [start: number, end: number]): void {
    this.#used += end - start;
    if (this.#used >= REFILL) {
      this.#socket.write(windowUpdate(0, this.#used));
      this.#used = 0;
    }
    const call = this.#calls.get(stream);
    if (call === undefined) return;
    call.used += end - start;
    if (call.used >= REFILL) {
      this.#socket.write(windowUpdate(stream, call.used));
      call.used = 0;
    }
    readMessages(call, bytes, [start, end]);
  }
}

// Nearly all messages lie whole in one frame, and are not copied.
function readMessages({ reader, onMessage }: Call, bytes: Buffer, [start, end]: readonly [number, number]): void {
  let at = start;
  while (reader.length === 0 && end - at >= 5) {
    const next = at + 5 + bytes.readUInt32BE(at + 1);
    if (next > end) break;
    onMessage(bytes, at + 5, next);
    at = next;
  }
  if (at === end) return;
  reader.push(bytes.subarray(at, end));
  for (let message = reader.next(); message !== undefined; message = reader.next())
    onMessage(message, 0, message.length);
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(FrameType.WINDOW_UPDATE, 0, stream, payload);
}
