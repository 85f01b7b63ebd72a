// Windows in both directions: nothing is sent without one, nothing is lost, and what is not read gives none back.

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  CONNECTION_MEMORY_MIB,
  CONNECTION_WINDOW_BYTES,
  MAX_SOCKET_BACKLOG_BYTES,
  MAX_UNREAD_OUTPUT_BYTES,
  OPEN_STREAM_BYTES,
  OUTPUT_BUFFER_BYTES,
  STREAM_WINDOW_BYTES,
} from '../../../final/transport/limits.ts';
import {
  all,
  data,
  frame,
  HEADERS,
  type Recorder,
  request,
  reply,
  type Sent,
  settings,
  TestConnection,
  TRAILERS,
  Type,
  windowUpdate,
} from './fixture.ts';

/** The data of one stream. */
function bodyOf(frames: readonly Sent[], stream: number): Buffer {
  return Buffer.concat(frames.filter((f) => f.type === Type.DATA && f.stream === stream).map((f) => f.payload));
}

/** Bytes that differ from place to place. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
}

/** Open streams that wait for their handler. */
function open(count: number, ...begin: Buffer[]): { t: TestConnection; streams: Recorder[] } {
  const t = new TestConnection({ onEnd: () => undefined });
  t.send(...begin, ...Array.from({ length: count }, (_, i) => request(2 * i + 1, { end: true })));
  return { t, streams: t.streams };
}

function taken(t: TestConnection): Sent[] {
  t.connection.flushTurn();
  return t.socket.take();
}

test('a client with a window of one byte gets its answer byte by byte', () => {
  const { t, streams } = open(1, settings([4, 1]));
  const payload = pattern(300);
  reply((streams[0] as Recorder).stream, payload);
  const sent = taken(t);
  assert.deepEqual(all(sent), ['HEADERS 1', 'DATA 1 1 bytes']);
  for (let i = 1; i < payload.length; i += 1) {
    const more = t.send(windowUpdate(1, 1));
    assert.deepEqual(all(more), i < 299 ? ['DATA 1 1 bytes'] : ['DATA 1 1 bytes', 'HEADERS 1 END_STREAM']);
    sent.push(...more);
  }
  assert.deepEqual(bodyOf(sent, 1), payload);
});

test('without a window nothing but headers is sent', () => {
  const { t, streams } = open(1, settings([4, 0]));
  reply((streams[0] as Recorder).stream, pattern(10));
  assert.deepEqual(all(taken(t)), ['HEADERS 1']);
  assert.deepEqual(all(t.send(windowUpdate(1, 100))), ['DATA 1 10 bytes', 'HEADERS 1 END_STREAM']);
});

test('the window of the connection bounds all streams together, which take turns', () => {
  const { t, streams } = open(2, settings([4, 1_000_000]));
  const payload = pattern(100_000);
  for (const { stream } of streams) reply(stream, payload);
  const sent = taken(t);
  assert.equal(bodyOf(sent, 1).length, 65_535);
  assert.equal(bodyOf(sent, 3).length, 0);
  const turns = t.send(windowUpdate(0, 3 * 16_384));
  assert.deepEqual(all(turns), ['DATA 1 16384 bytes', 'DATA 3 16384 bytes', 'DATA 1 16384 bytes']);
  const rest = t.send(windowUpdate(0, 1_000_000));
  assert.deepEqual(bodyOf([...sent, ...turns, ...rest], 1), payload);
  assert.deepEqual(bodyOf([...sent, ...turns, ...rest], 3), payload);
  assert.equal(t.connection.openStreams, 0);
});

test('a smaller INITIAL_WINDOW_SIZE can make a window negative, a larger one goes on', () => {
  const { t, streams } = open(1, settings([4, 1000]));
  reply((streams[0] as Recorder).stream, pattern(1500));
  assert.deepEqual(all(taken(t)), ['HEADERS 1', 'DATA 1 1000 bytes']);
  assert.deepEqual(all(t.send(settings([4, 100]))), ['SETTINGS ACK']);
  assert.deepEqual(t.send(windowUpdate(1, 900)), [], 'the window is 0 now');
  assert.deepEqual(all(t.send(windowUpdate(1, 1))), ['DATA 1 1 bytes']);
  assert.deepEqual(all(t.send(settings([4, 600]))), ['DATA 1 499 bytes', 'HEADERS 1 END_STREAM', 'SETTINGS ACK']);
});

test('a stream that is written piece by piece says when it has caught up', () => {
  const { t, streams } = open(1, settings([4, 10]));
  const { stream, events } = streams[0] as Recorder;
  stream.respond(HEADERS);
  stream.send([pattern(8)]);
  stream.send([pattern(8), pattern(8)]);
  assert.equal(stream.pendingBytes, 14);
  stream.finish(TRAILERS);
  assert.equal(stream.isOver, true);
  assert.deepEqual(all(taken(t)), ['HEADERS 1', 'DATA 1 8 bytes', 'DATA 1 2 bytes']);
  assert.deepEqual(all(t.send(windowUpdate(1, 14))), ['DATA 1 14 bytes', 'HEADERS 1 END_STREAM']);
  assert.deepEqual(events, ['end', 'drain', 'close']);
});

test('a reset in the middle of an answer drops what is left, and the others go on', () => {
  const { t, streams } = open(2, settings([4, 10]));
  for (const { stream } of streams) reply(stream, pattern(20));
  taken(t);
  const cancel = frame(Type.RST_STREAM, { stream: 1, payload: Buffer.from([0, 0, 0, 8]) });
  assert.deepEqual(t.send(cancel, windowUpdate(1, 100)), []);
  assert.deepEqual(all(t.send(windowUpdate(3, 100))), ['DATA 3 10 bytes', 'HEADERS 3 END_STREAM']);
  assert.deepEqual(streams[0]?.events, ['end', 'close']);
});

test('a client that reads slowly: answers wait with their streams, and then nothing more is read from it', () => {
  const { t, streams } = open(3, settings([4, 2 ** 30]), windowUpdate(0, 2 ** 30));
  t.socket.isStuck = true;
  const payload = pattern(2_000_000);
  reply((streams[0] as Recorder).stream, payload);
  t.connection.flushTurn();
  assert.ok(t.socket.writableLength <= MAX_SOCKET_BACKLOG_BYTES + 100_000, `${t.socket.writableLength}`);
  assert.equal(t.socket.isPaused, false);
  const sent: Sent[] = t.socket.take();
  let id = 7;
  for (; id < 200_000 && !t.socket.isPaused; id += 2) {
    sent.push(...t.send(request(id, { end: true })));
    reply((t.streams.at(-1) as Recorder).stream, Buffer.alloc(0));
    t.connection.flushTurn();
  }
  assert.equal(t.socket.isPaused, true);
  assert.ok(t.socket.writableLength < MAX_UNREAD_OUTPUT_BYTES + 1000, `${t.socket.writableLength}`);
  for (let i = 0; i < 100 && bodyOf(sent, 1).length < payload.length; i += 1) {
    t.socket.drain();
    t.socket.isStuck = true;
    sent.push(...t.socket.take());
  }
  assert.equal(t.socket.isPaused, false);
  assert.deepEqual(bodyOf(sent, 1), payload);
});

test('small frames that wait for a slow client keep little memory', () => {
  const { t } = open(0);
  t.socket.isStuck = true;
  for (let i = 0; i < 200; i += 1) t.send(frame(Type.PING, { payload: Buffer.alloc(8) }));
  const kept = [...t.socket.kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.ok(kept <= 2 * OUTPUT_BUFFER_BYTES, `${kept} bytes for ${t.socket.writableLength}`);
});

test('window is given back as data is worked off, half a window at a time', () => {
  const t = new TestConnection({ onEnd: () => undefined });
  t.send(request(1));
  const { stream } = t.streams[0] as Recorder;
  const piece = Buffer.alloc(16_384);
  const half = STREAM_WINDOW_BYTES / 2;
  for (let sent = 0; sent < STREAM_WINDOW_BYTES; sent += piece.length) assert.deepEqual(t.send(data(1, piece)), []);
  stream.giveWindow(half - 1);
  assert.deepEqual(taken(t), []);
  stream.giveWindow(1);
  assert.deepEqual(all(taken(t)), [`WINDOW_UPDATE 1 ${half}`]);
  for (let sent = 0; sent < half; sent += piece.length) assert.deepEqual(t.send(data(1, piece)), []);
  assert.deepEqual(all(t.send(data(1, 'x'))), ['RST_STREAM 1 code 3'], 'more than the window');
});

test('the window of the connection comes back whoever reads', () => {
  const t = new TestConnection({ onEnd: () => undefined });
  const piece = Buffer.alloc(16_384);
  let sent: string[] = [];
  for (let id = 1; id <= 17; id += 2) {
    t.send(request(id));
    for (let bytes = 0; bytes < STREAM_WINDOW_BYTES; bytes += piece.length)
      sent = sent.concat(all(t.send(data(id, piece))));
  }
  assert.deepEqual(sent, [`WINDOW_UPDATE 0 ${CONNECTION_WINDOW_BYTES / 2}`]);
});

test('padding counts for the windows and is given back at once', () => {
  const t = new TestConnection({ onEnd: () => undefined });
  t.send(request(1));
  const padded = frame(Type.DATA, { flags: 8, stream: 1, payload: Buffer.concat([Buffer.of(255), Buffer.alloc(256)]) });
  let sent: string[] = [];
  for (let i = 0; i < 3000; i += 1) sent = sent.concat(all(t.send(padded)));
  assert.equal(t.streams[0]?.body.length, 3000);
  assert.equal(sent.filter((text) => text.startsWith('WINDOW_UPDATE 1 ')).length, 1);
});

test('a connection that holds too much gets no new call until it holds less', () => {
  const t = new TestConnection({ maxConcurrentStreams: 2 ** 32 - 1, onEnd: () => undefined });
  t.send(request(1));
  const { stream } = t.streams[0] as Recorder;
  stream.hold(CONNECTION_MEMORY_MIB * 1024 * 1024 - 2 * OPEN_STREAM_BYTES);
  assert.deepEqual(t.send(request(3), request(5)), []);
  assert.deepEqual(all(t.send(request(7))), ['RST_STREAM 7 code 11']);
  stream.hold(0);
  assert.deepEqual(t.send(request(9)), []);
});

test('what a stream holds is free when the stream is closed', () => {
  const t = new TestConnection({ maxConcurrentStreams: 2 ** 32 - 1, onEnd: () => undefined });
  t.send(request(1));
  t.streams[0]?.stream.hold(CONNECTION_MEMORY_MIB * 1024 * 1024 + 1);
  assert.deepEqual(all(t.send(request(3))), ['RST_STREAM 3 code 11']);
  t.send(frame(Type.RST_STREAM, { stream: 1, payload: Buffer.from([0, 0, 0, 8]) }));
  assert.deepEqual(t.send(request(5)), []);
});

test('output that waits counts as held, and no longer once its stream is closed', () => {
  const { t, streams } = open(1, settings([4, 0]));
  reply((streams[0] as Recorder).stream, Buffer.alloc(CONNECTION_MEMORY_MIB * 1024 * 1024));
  taken(t);
  assert.deepEqual(all(t.send(request(3))), ['RST_STREAM 3 code 11']);
  t.send(frame(Type.RST_STREAM, { stream: 1, payload: Buffer.from([0, 0, 0, 8]) }));
  assert.deepEqual(t.send(request(5)), []);
});

test('an answer of several MiB comes whole through windows of any size', () => {
  for (const window of [1000, 16_384, 65_535, 300_000]) {
    const { t, streams } = open(1, settings([4, window]));
    const payload = pattern(3_000_000);
    reply((streams[0] as Recorder).stream, payload);
    const sent = taken(t);
    for (let round = 0; round < 4000 && t.connection.openStreams > 0; round += 1) {
      const got = sent.length === 0 ? 0 : window;
      sent.push(...t.send(windowUpdate(0, got), windowUpdate(1, got)));
    }
    assert.deepEqual(bodyOf(sent, 1), payload, `window ${window}`);
    assert.equal(all(sent).at(-1), 'HEADERS 1 END_STREAM');
  }
});
