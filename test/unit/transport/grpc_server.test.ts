// The gRPC server over real connections: what handlers can do, and what their clients see of it.

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { codecs, Greeter } from '../../../proto/load.ts';
import type { CallContext } from '../../../final/transport/grpc/call.ts';
import { GrpcServer, type Handlers } from '../../../final/transport/grpc/server.ts';
import { Code, StatusError } from '../../../final/transport/grpc/status.ts';
import { PREFACE } from '../../../final/transport/http2/frames.ts';
import { STREAM_WINDOW_BYTES, WRITE_BUFFER_BYTES } from '../../../final/transport/limits.ts';
import { GrpcClient } from '../../harness/grpc_client.ts';
import { grpcFrame, grpcHeaders } from '../../harness/http2_client.ts';
import { freePort } from '../../harness/ports.ts';
import { within } from '../../harness/process.ts';

const { SayHello, SayHelloInLanguages, SayHelloToEach } = Greeter.methods;
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, at: () => SILENT };
const STOPPED = new StatusError(Code.Unavailable, 'stopped');
const MAX_RECEIVE = 2 * 1024 * 1024;

interface Running {
  readonly grpc: GrpcServer;
  readonly port: number;
  readonly connections: () => number;
  readonly stop: () => void;
}

async function start(
  handlers: Partial<Handlers<typeof Greeter>>,
  keepalive = { minTimeMs: 5000, intervalMs: 0, timeoutMs: 0 },
): Promise<Running> {
  const grpc = new GrpcServer({
    maxReceiveBytes: MAX_RECEIVE,
    maxConcurrentStreams: 1000,
    keepalive,
    toStatus: (error) => ({ code: Code.Unknown, message: `mapped: ${(error as Error).message}` }),
    log: SILENT,
  });
  const refuse = () => Promise.reject(new StatusError(Code.Unimplemented, 'not in this test'));
  grpc.addService(Greeter, {
    SayHello: refuse,
    SayHelloInLanguages: refuse,
    SayHelloToEach: refuse,
    ...handlers,
  });
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (head: Buffer) => {
      socket.pause();
      grpc.accept(socket, head);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const stop = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { grpc, port, connections: () => sockets.size, stop };
}

const hello = (name: string): Buffer => grpcFrame(codecs['helloworld.HelloRequest'].encode({ name }));
const never = new Promise<never>(() => undefined);

/** A promise with its resolver. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function call(port: number, path: string, headers: Record<string, string> = {}) {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const stream = session.request({ ...grpcHeaders(path), ...headers });
  stream.on('error', () => undefined);
  stream.resume();
  const result = new Promise<http2.IncomingHttpHeaders>((resolve) => {
    let last: http2.IncomingHttpHeaders = {};
    stream.on('response', (response) => (last = response));
    stream.on('trailers', (trailers) => (last = trailers));
    stream.on('close', () => resolve(last));
  });
  return { session, stream, result };
}

test('handlers may answer at once, later, and in another order than they were asked', async () => {
  const server = await start({
    SayHello: ({ name }) => (name === 'late' ? delay(30, { message: 'late' }) : { message: name }),
  });
  const client = new GrpcClient(`127.0.0.1:${server.port}`);
  const order: string[] = [];
  const ask = async (name: string): Promise<void> => {
    const { response } = await client.unary(SayHello, { name });
    order.push(response?.message ?? 'none');
  };
  await Promise.all([ask('late'), ask('a'), ask('b')]);
  assert.deepEqual(order.slice(2), ['late']);
  assert.deepEqual(order.toSorted(), ['a', 'b', 'late']);
  client.close();
  server.stop();
});

test('what a handler throws, now or later, becomes the status', async () => {
  const server = await start({
    SayHello: ({ name }) => {
      const error = name.endsWith('status') ? new StatusError(Code.NotFound, 'no «one» 100 %') : new Error('why');
      if (name.startsWith('late')) return Promise.reject(error);
      throw error;
    },
  });
  const client = new GrpcClient(`127.0.0.1:${server.port}`);
  for (const name of ['status', 'late status']) {
    const { code, message } = await client.unary(SayHello, { name });
    assert.deepEqual([code, message], [Code.NotFound, 'no «one» 100 %']);
  }
  for (const name of ['error', 'late error']) {
    const { code, message } = await client.unary(SayHello, { name });
    assert.deepEqual([code, message], [Code.Unknown, 'mapped: why']);
  }
  client.close();
  server.stop();
});

test('a call whose time is over is answered, and its handler is told', async () => {
  let context: CallContext | undefined;
  const server = await start({
    SayHello: (_, ctx) => {
      context = ctx;
      ctx.signal.addEventListener('abort', () => undefined);
      return never;
    },
  });
  const { stream, result, session } = call(server.port, SayHello.path, { 'grpc-timeout': '50m', token: 't' });
  const began = performance.now();
  stream.end(hello('x'));
  const status = await result;
  assert.deepEqual([status['grpc-status'], status['grpc-message']], ['4', 'context deadline exceeded']);
  assert.ok(performance.now() - began >= 45);
  assert.equal(context?.signal.aborted, true);
  assert.equal(context?.metadata('token'), 't');
  assert.match(context?.peer ?? '', /^127\.0\.0\.1:\d+$/);
  session.destroy();
  server.stop();
});

test('the handler of a call that its client gives up is told, also when it asks later', async () => {
  const seen: CallContext[] = [];
  const aborted = gate();
  const server = await start({
    SayHello: (_, ctx) => {
      seen.push(ctx);
      if (seen.length === 1) ctx.signal.addEventListener('abort', aborted.open);
      return never;
    },
  });
  const calls = [call(server.port, SayHello.path), call(server.port, SayHello.path)];
  for (const { stream } of calls) stream.end(hello('x'));
  while (seen.length < 2) await delay(1);
  for (const { stream } of calls) stream.close(http2.constants.NGHTTP2_CANCEL);
  await aborted.opened;
  await delay(20);
  assert.equal(seen[1]?.signal.aborted, true);
  for (const { session } of calls) session.destroy();
  server.stop();
});

test('a stream answers message by message, to its end', async () => {
  const server = await start({
    SayHelloToEach: async (stream) => {
      for await (const { name } of stream.requests()) stream.write({ message: `hello ${name}` });
    },
    SayHelloInLanguages: async (stream) => {
      for await (const { name } of stream.requests()) stream.write({ message: name });
      throw new StatusError(Code.DataLoss, 'no more languages');
    },
  });
  const client = new GrpcClient(`127.0.0.1:${server.port}`);
  const names = Array.from({ length: 200 }, (_, i) => ({ name: `n${i}` }));
  const answer = await client.bidi(SayHelloToEach, names);
  assert.deepEqual([answer.code, answer.responses.length, answer.responses[199]?.message], [0, 200, 'hello n199']);
  const other = await client.serverStream(SayHelloInLanguages, { name: 'once' });
  assert.deepEqual([other.code, other.message, other.responses.length], [Code.DataLoss, 'no more languages', 1]);
  client.close();
  server.stop();
});

test('a client that sends faster than it is read has to wait, and loses nothing', async () => {
  const { opened, open } = gate();
  const lengths: number[] = [];
  const server = await start({
    SayHelloToEach: async (stream) => {
      for await (const { name } of stream.requests()) {
        lengths.push(name.length);
        if (lengths.length === 1) await opened;
      }
    },
  });
  const { stream, result, session } = call(server.port, SayHelloToEach.path);
  const messages = Array.from({ length: 60 }, (_, i) => hello('x'.repeat(50_000 + i)));
  for (const message of messages) stream.write(message);
  stream.end();
  await delay(150);
  const unsent = stream.writableLength;
  assert.ok(unsent > 1_000_000, `${unsent} bytes wait at the client`);
  open();
  assert.equal((await result)['grpc-status'], '0');
  assert.deepEqual(
    lengths,
    messages.map((_, i) => 50_000 + i),
  );
  session.destroy();
  server.stop();
});

test('a message larger than the window of its stream gets through, unary or not', async () => {
  const server = await start({
    SayHello: ({ name }) => ({ message: String(name.length) }),
    SayHelloToEach: async (stream) => {
      for await (const { name } of stream.requests()) stream.write({ message: String(name.length) });
    },
  });
  const client = new GrpcClient(`127.0.0.1:${server.port}`);
  const name = 'x'.repeat(STREAM_WINDOW_BYTES + 900_000);
  assert.equal((await client.unary(SayHello, { name })).response?.message, String(name.length));
  assert.equal((await client.bidi(SayHelloToEach, [{ name }])).responses[0]?.message, String(name.length));
  client.close();
  server.stop();
});

test('write says when the client reads slowly, and drained waits until it has caught up', async () => {
  let writes = 0;
  const waiting = gate();
  let isDrained = false;
  const server = await start({
    SayHelloInLanguages: async (stream) => {
      const message = 'y'.repeat(10_000);
      do writes += 1;
      while (stream.write({ message }));
      waiting.open();
      await stream.drained();
      isDrained = true;
    },
  });
  const { stream, result, session } = call(server.port, SayHelloInLanguages.path);
  stream.end(hello('x'));
  stream.pause();
  await waiting.opened;
  assert.ok(writes * 10_000 > WRITE_BUFFER_BYTES && writes < 60, `${writes} writes`);
  await delay(30);
  assert.equal(isDrained, false);
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
  stream.resume();
  assert.equal((await result)['grpc-status'], '0');
  assert.equal(isDrained, true);
  assert.ok(bytes > writes * 10_000);
  session.destroy();
  server.stop();
});

test('a handler that waits for a slow client, or for messages, is freed when the client goes away', async () => {
  const freed: string[] = [];
  const server = await start({
    SayHelloInLanguages: async (stream) => {
      while (stream.write({ message: 'y'.repeat(10_000) }));
      await stream.drained();
      freed.push('drained');
    },
    SayHelloToEach: async (stream) => {
      try {
        for await (const { name } of stream.requests()) freed.push(name);
      } catch (error) {
        freed.push(`${(error as StatusError).code}`);
      }
    },
  });
  const slow = call(server.port, SayHelloInLanguages.path);
  slow.stream.end(hello('x'));
  slow.stream.pause();
  const silent = call(server.port, SayHelloToEach.path);
  silent.stream.write(hello('one'));
  await delay(50);
  assert.deepEqual(freed, ['one']);
  slow.session.destroy();
  silent.session.destroy();
  while (freed.length < 3) await delay(1);
  assert.deepEqual(freed.toSorted(), [String(Code.Canceled), 'drained', 'one']);
  server.stop();
});

test('a stop lets running calls end, takes no new ones, and cuts what takes too long', async () => {
  const { opened, open } = gate();
  const server = await start({
    SayHello: async ({ name }) => {
      await (name === 'endless' ? never : opened);
      return { message: name };
    },
  });
  const running = call(server.port, SayHello.path);
  running.stream.end(hello('running'));
  const endless = call(server.port, SayHello.path);
  endless.stream.end(hello('endless'));
  await delay(50);
  const began = performance.now();
  const closed = server.grpc.close({ graceMs: 300, reason: STOPPED });
  await delay(20);
  open();
  assert.equal((await running.result)['grpc-status'], '0');
  await closed;
  const took = performance.now() - began;
  assert.ok(took >= 290 && took < 2000, `${took} ms`);
  assert.equal((await endless.result)['grpc-status'], undefined);
  while (server.connections() > 0) await delay(1);
  server.stop();
});

test('a stop without calls does not wait', async () => {
  const server = await start({ SayHello: () => ({ message: '' }) });
  const client = new GrpcClient(`127.0.0.1:${server.port}`);
  await client.unary(SayHello, { name: 'x' });
  const began = performance.now();
  await server.grpc.close({ graceMs: 10_000, reason: STOPPED });
  assert.ok(performance.now() - began < 5000);
  client.close();
  server.stop();
});

test('a stop ends the calls that would go on for ever, with what was written in them, and does not wait', async () => {
  const server = await start({
    SayHelloToEach: async (stream) => {
      for await (const { name } of stream.requests()) stream.writeEncoded([hello(name)]);
    },
  });
  const client = new GrpcClient(`127.0.0.1:${server.port}`);
  const stream = client.openBidi(SayHelloToEach);
  stream.write({ name: 'one' });
  assert.equal((await stream.next()).message, 'one');
  const began = performance.now();
  await server.grpc.close({ graceMs: 10_000, reason: STOPPED });
  assert.ok(performance.now() - began < 5000);
  assert.deepEqual(await stream.ended, { code: Code.Unavailable, message: 'stopped' });
  client.close();
  server.stop();
});

test('a client that is silent and does not answer pings is given up, one that answers is kept', async () => {
  const server = await start({}, { minTimeMs: 5000, intervalMs: 40, timeoutMs: 40 });
  const session = http2.connect(`http://127.0.0.1:${server.port}`);
  session.on('error', () => undefined);
  const dead = net.connect(server.port, '127.0.0.1');
  dead.write(Buffer.concat([PREFACE, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]));
  dead.resume();
  const gone = new Promise<true>((resolve) => {
    dead.on('close', () => resolve(true));
  });
  assert.equal(await within(5000, gone), true);
  await delay(150);
  assert.equal(session.closed, false);
  assert.equal(server.connections(), 1);
  session.destroy();
  server.stop();
});
