// The HTTP/2 layer and gRPC without sockets and without a kernel: microseconds of CPU per unary call from the bytes of a
// read to the bytes of a write. `node --import tsx test/bench/transport.ts` prints a line for each number of calls that
// come in one read; a handler that answers later is measured too.

import { EventEmitter } from 'node:events';
import type net from 'node:net';
import { codecs, Greeter } from '../../proto/load.ts';
import { GrpcServer, type UnaryHandler } from '../../final/transport/grpc/server.ts';
import { PREFACE } from '../../final/transport/http2/frames.ts';
import { encodeBlock } from '../../final/transport/http2/hpack_encoder.ts';

/** Each measurement runs this long, in ms, after half of it to warm up. */
const MEASURE_MS = 1000;
const CALLS_PER_READ = [1, 16, 100] as const;
/** The client gives window back when it has got so much. */
const WINDOW_STEP_BYTES = 16 * 1024;
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A socket without an other end, that takes everything at once. */
class Sink extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  readonly writableLength = 0;
  bytes = 0;

  write(bytes: Uint8Array): boolean {
    this.bytes += bytes.length;
    return true;
  }

  resume(): void {}

  pause(): void {}
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, at: () => SILENT };

function connect(handler: UnaryHandler<{ readonly name: string }, { message: string }>): Sink {
  const grpc = new GrpcServer({
    maxReceiveBytes: 1 << 21,
    maxConcurrentStreams: 1000,
    keepalive: { minTimeMs: 0, intervalMs: 0, timeoutMs: 0 },
    toStatus: (error) => {
      throw error;
    },
    log: SILENT,
  });
  const refuse = (): never => {
    throw new Error('not measured');
  };
  grpc.addService(Greeter, { SayHello: handler, SayHelloInLanguages: refuse, SayHelloToEach: refuse });
  const socket = new Sink();
  grpc.accept(socket as unknown as net.Socket, Buffer.concat([PREFACE, SETTINGS]));
  return socket;
}

/** What a client with a warm table of headers sends for one call; the ID of the stream is put in later. */
function requestBytes(): Buffer {
  const block = encodeBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', Greeter.methods.SayHello.path],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ]);
  const message = codecs['helloworld.HelloRequest'].encode({ name: 'x'.repeat(100) });
  const prefix = Buffer.from([0, 0, 0, 0, message.length]);
  return Buffer.concat([frame(1, 4, block), frame(0, 1, Buffer.concat([prefix, message]))]);
}

function frame(type: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  return Buffer.concat([head, payload]);
}

/** WINDOW_UPDATE of the connection. */
function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(8, 0, payload);
}

/** Sends calls for `ms` milliseconds, from stream `first` on. Returns the next stream and microseconds per call. */
async function measure(
  socket: Sink,
  load: { readonly callsPerRead: number; readonly answerBytes: number; readonly first: number; readonly ms: number },
): Promise<{ readonly next: number; readonly us: number }> {
  const one = requestBytes();
  const dataAt = 9 + one.readUIntBE(0, 3);
  const begin = performance.now();
  let stream = load.first;
  let owed = 0;
  while (performance.now() - begin < load.ms) {
    const chunk = Buffer.concat(Array.from({ length: load.callsPerRead }, () => one));
    for (let at = 0; at < chunk.length; at += one.length, stream += 2) {
      chunk.writeUInt32BE(stream, at + 5);
      chunk.writeUInt32BE(stream, at + dataAt + 5);
    }
    socket.emit('data', chunk);
    // Handlers that answer later do so before this goes on, and their answers are written behind it.
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    owed += load.callsPerRead * load.answerBytes;
    if (owed < WINDOW_STEP_BYTES) continue;
    socket.emit('data', windowUpdate(owed));
    owed = 0;
  }
  return { next: stream, us: ((performance.now() - begin) * 1000) / ((stream - load.first) / 2) };
}

async function main(): Promise<void> {
  const answer = { message: 'y'.repeat(100) };
  const answerBytes = 5 + codecs['helloworld.HelloReply'].encode(answer).length;
  for (const [name, handler] of [
    ['answered at once', () => answer],
    ['answered by a promise', () => Promise.resolve(answer)],
  ] as const) {
    for (const callsPerRead of CALLS_PER_READ) {
      const socket = connect(handler);
      const load = { callsPerRead, answerBytes };
      const { next } = await measure(socket, { ...load, first: 1, ms: MEASURE_MS / 2 });
      const before = socket.bytes;
      const { next: end, us } = await measure(socket, { ...load, first: next, ms: MEASURE_MS });
      const answers = (socket.bytes - before) / answerBytes;
      if (answers < (end - next) / 2) throw new Error('not every call was answered');
      console.log(`${us.toFixed(2)} µs per call, ${String(callsPerRead).padStart(3)} calls in one read, ${name}`);
    }
  }
}

await main();
