// A connection under frames made by hand: what is right is answered, what is wrong gets the code that RFC 9113 says.

import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeBlock } from '../../../final/transport/http2/hpack_encoder.ts';
import { MAX_EARLY_CLOSED } from '../../../final/transport/limits.ts';
import {
  all,
  data,
  frame,
  REQUEST,
  reply,
  request,
  settings,
  TestConnection,
  Type,
  uint32,
  windowUpdate,
} from './fixture.ts';

const ANSWER = (stream: number, bytes: number): string[] => [
  `HEADERS ${stream}`,
  ...(bytes === 0 ? [] : [`DATA ${stream} ${bytes} bytes`]),
  `HEADERS ${stream} END_STREAM`,
];

const [PROTOCOL, FLOW, CLOSED, SIZE, REFUSED, COMPRESSION] = [1, 3, 5, 6, 7, 9];
const goAway = (code: number) => new RegExp(`^GOAWAY last \\d+ code ${code}\\b`);
const reset = (stream: number, code: number) => `RST_STREAM ${stream} code ${code}`;

test('the server begins with its settings and window, and acknowledges those of the client', () => {
  const { socket } = new TestConnection({ begin: [settings([3, 100])] });
  assert.deepEqual(all(socket.take()), ['SETTINGS', 'WINDOW_UPDATE 0 16711681', 'SETTINGS ACK']);
  assert.equal(socket.isPaused, false);
});

test('a request and its answer', () => {
  const t = new TestConnection();
  assert.deepEqual(all(t.send(request(1), data(1, 'hello', true))), ANSWER(1, 5));
  assert.deepEqual(t.streams[0]?.events, ['end', 'close']);
  assert.equal(t.streams[0]?.headers.get(':path'), '/test/Echo');
  assert.equal(t.connection.openStreams, 0);
});

test('a request cut into single bytes is the same', () => {
  const t = new TestConnection();
  const sent = Array.from(Buffer.concat([request(1), data(1, 'hello', true)]), (byte) => t.send(Buffer.of(byte)));
  assert.deepEqual(all(sent.flat()), ANSWER(1, 5));
});

test('all answers to one read go out in one write', () => {
  const t = new TestConnection();
  const before = t.socket.writes;
  const frames = [1, 3, 5, 7].flatMap((id) => [request(id), data(id, `body ${id}`, true)]);
  assert.deepEqual(
    all(t.send(...frames)),
    [1, 3, 5, 7].flatMap((id) => ANSWER(id, 6)),
  );
  assert.equal(t.socket.writes, before + 1);
});

test('answers that come later in one turn go out in one write', async () => {
  const t = new TestConnection({
    onEnd: ({ stream }) => void Promise.resolve().then(() => reply(stream, Buffer.of(1))),
  });
  const before = t.socket.writes;
  assert.deepEqual(t.send(request(1, { end: true }), request(3, { end: true })), []);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(all(t.socket.take()), [...ANSWER(1, 1), ...ANSWER(3, 1)]);
  assert.equal(t.socket.writes, before + 1);
});

test('padding is taken off, in HEADERS and DATA', () => {
  const t = new TestConnection();
  const padded = (payload: Uint8Array, length: number): Buffer =>
    Buffer.concat([Buffer.of(length), payload, Buffer.alloc(length)]);
  const headers = frame(Type.HEADERS, { flags: 4 | 8, stream: 1, payload: padded(encodeBlock(REQUEST), 255) });
  const body = frame(Type.DATA, { flags: 1 | 8, stream: 1, payload: padded(Buffer.from('hello'), 100) });
  assert.deepEqual(all(t.send(headers, body)), ANSWER(1, 5));
  const none = frame(Type.HEADERS, { flags: 1 | 4 | 8, stream: 3, payload: padded(encodeBlock(REQUEST), 0) });
  assert.deepEqual(all(t.send(none)), ANSWER(3, 0));
});

test('priorities are taken off and ignored', () => {
  const t = new TestConnection();
  const priority = Buffer.from([0, 0, 0, 3, 200]);
  const payload = Buffer.concat([priority, encodeBlock(REQUEST)]);
  const headers = frame(Type.HEADERS, { flags: 0x25, stream: 1, payload });
  assert.deepEqual(all(t.send(frame(Type.PRIORITY, { stream: 9, payload: priority }), headers)), ANSWER(1, 0));
});

test('a header block may be cut anywhere, also into nothing', () => {
  const block = encodeBlock(REQUEST);
  for (let first = 0; first <= block.length; first += 5) {
    for (let second = first; second <= block.length; second += 7) {
      const t = new TestConnection();
      const parts = [block.subarray(0, first), block.subarray(first, second), block.subarray(second)];
      const [head, middle, last] = parts.map((payload, i) =>
        frame(i === 0 ? Type.HEADERS : Type.CONTINUATION, { flags: i === 0 ? 1 : i === 2 ? 4 : 0, stream: 1, payload }),
      ) as [Buffer, Buffer, Buffer];
      assert.deepEqual(all(t.send(head, middle, last)), ANSWER(1, 0));
      assert.equal(t.streams[0]?.headers.get(':path'), '/test/Echo');
    }
  }
});

test('trailers of a client end its request', () => {
  const t = new TestConnection();
  const trailers = request(1, { end: true, fields: [['x-checksum', '1']] });
  assert.deepEqual(all(t.send(request(1), data(1, 'hello'), trailers)), ANSWER(1, 5));
});

test('pings are answered with their bytes, settings are acknowledged, unknown frames and settings are ignored', () => {
  const t = new TestConnection();
  const payload = Buffer.from('12345678');
  const sent = t.send(
    frame(0x42, { flags: 0xff, stream: 5, payload: Buffer.alloc(40) }),
    frame(Type.PING, { payload }),
    settings([0x99, 1], [1, 65_536], [2, 0], [3, 7], [4, 1000], [5, 20_000], [6, 5000]),
    frame(Type.GOAWAY, { payload: Buffer.alloc(8) }),
  );
  assert.deepEqual(all(sent), ['PING ACK', 'SETTINGS ACK']);
  assert.deepEqual(sent[0]?.payload, payload);
  assert.equal(t.pings, 1);
  assert.deepEqual(all(t.send(request(1, { end: true }))), ANSWER(1, 0));
});

test('a client that lowers the table of headers is told once that ours is empty', () => {
  const t = new TestConnection();
  t.send(settings([1, 0]));
  const first = t.send(request(1, { end: true }));
  assert.equal(first[0]?.payload[0], 0x20);
  assert.notEqual(first[1]?.payload[0], 0x20);
  assert.notEqual(t.send(request(3, { end: true }))[0]?.payload[0], 0x20);
});

const CONNECTION_ERRORS: readonly (readonly [what: string, code: number, frames: readonly Buffer[]])[] = [
  ['DATA on stream 0', PROTOCOL, [data(0, 'x')]],
  ['DATA on a stream that has not begun', PROTOCOL, [data(1, 'x')]],
  ['HEADERS on stream 0', PROTOCOL, [request(0)]],
  ['HEADERS on an even stream', PROTOCOL, [request(2)]],
  ['HEADERS on a lower stream', PROTOCOL, [request(5, { end: true }), request(3)]],
  ['RST_STREAM on stream 0', PROTOCOL, [frame(Type.RST_STREAM, { payload: uint32(8) })]],
  ['RST_STREAM before a stream begins', PROTOCOL, [frame(Type.RST_STREAM, { stream: 1, payload: uint32(8) })]],
  ['RST_STREAM of five bytes', SIZE, [request(1), frame(Type.RST_STREAM, { stream: 1, payload: Buffer.alloc(5) })]],
  ['SETTINGS on a stream', PROTOCOL, [frame(Type.SETTINGS, { stream: 1 })]],
  ['SETTINGS of five bytes', SIZE, [frame(Type.SETTINGS, { payload: Buffer.alloc(5) })]],
  ['SETTINGS ACK with bytes', SIZE, [frame(Type.SETTINGS, { flags: 1, payload: Buffer.alloc(6) })]],
  ['ENABLE_PUSH 2', PROTOCOL, [settings([2, 2])]],
  ['INITIAL_WINDOW_SIZE 2^31', FLOW, [settings([4, 2 ** 31])]],
  ['MAX_FRAME_SIZE too small', PROTOCOL, [settings([5, 16_383])]],
  ['MAX_FRAME_SIZE too large', PROTOCOL, [settings([5, 2 ** 24])]],
  ['PING on a stream', PROTOCOL, [frame(Type.PING, { stream: 1, payload: Buffer.alloc(8) })]],
  ['PING of seven bytes', SIZE, [frame(Type.PING, { payload: Buffer.alloc(7) })]],
  ['GOAWAY on a stream', PROTOCOL, [frame(Type.GOAWAY, { stream: 1, payload: Buffer.alloc(8) })]],
  ['GOAWAY of seven bytes', SIZE, [frame(Type.GOAWAY, { payload: Buffer.alloc(7) })]],
  ['PUSH_PROMISE', PROTOCOL, [frame(Type.PUSH_PROMISE, { stream: 1, payload: uint32(2) })]],
  ['PRIORITY on stream 0', PROTOCOL, [frame(Type.PRIORITY, { payload: Buffer.alloc(5) })]],
  ['WINDOW_UPDATE of three bytes', SIZE, [frame(Type.WINDOW_UPDATE, { payload: Buffer.alloc(3) })]],
  ['WINDOW_UPDATE of nothing', PROTOCOL, [windowUpdate(0, 0)]],
  ['WINDOW_UPDATE beyond all bounds', FLOW, [windowUpdate(0, 2 ** 31 - 1)]],
  ['WINDOW_UPDATE before a stream begins', PROTOCOL, [windowUpdate(1, 1)]],
  ['CONTINUATION without HEADERS', PROTOCOL, [frame(Type.CONTINUATION, { flags: 4, stream: 1 })]],
  ['PING inside a header block', PROTOCOL, [frame(Type.HEADERS, { stream: 1 }), frame(Type.PING)]],
  [
    'CONTINUATION of another stream',
    PROTOCOL,
    [frame(Type.HEADERS, { stream: 1 }), frame(Type.CONTINUATION, { flags: 4, stream: 3 })],
  ],
  [
    'a header block that is none',
    COMPRESSION,
    [frame(Type.HEADERS, { flags: 5, stream: 1, payload: Buffer.of(0x80) })],
  ],
  ['padding as long as HEADERS', PROTOCOL, [frame(Type.HEADERS, { flags: 13, stream: 1, payload: Buffer.of(1) })]],
  ['HEADERS without the byte of its padding', PROTOCOL, [frame(Type.HEADERS, { flags: 13, stream: 1 })]],
  ['padding as long as DATA', PROTOCOL, [request(1), frame(Type.DATA, { flags: 8, stream: 1, payload: Buffer.of(9) })]],
  ['HEADERS without its priority', SIZE, [frame(Type.HEADERS, { flags: 0x25, stream: 1, payload: Buffer.alloc(4) })]],
  ['INITIAL_WINDOW_SIZE that overflows', FLOW, [request(1), windowUpdate(1, 2 ** 31 - 65_536), settings([4, 70_000])]],
];

for (const [what, code, frames] of CONNECTION_ERRORS) {
  test(`${what} ends the connection with code ${code}`, () => {
    const t = new TestConnection({ onEnd: () => undefined });
    const sent = all(t.send(...frames));
    assert.match(sent.at(-1) ?? '', goAway(code));
    assert.equal(t.socket.isEnded, true);
    assert.deepEqual(t.send(request(21, { end: true })), [], 'nothing more is answered');
    t.socket.destroy();
    assert.ok(t.streams.every(({ events }) => events.at(-1) === 'close'));
    assert.notEqual(t.closed, undefined);
  });
}

test('a connection that does not begin with SETTINGS ends before anything is done', () => {
  for (const first of [
    frame(Type.PING, { payload: Buffer.alloc(8) }),
    request(1),
    frame(Type.SETTINGS, { flags: 1 }),
  ]) {
    const t = new TestConnection({ begin: [first] });
    assert.match(all(t.socket.take()).at(-1) ?? '', goAway(PROTOCOL));
    assert.equal(t.streams.length, 0);
    t.socket.destroy();
  }
});

const MALFORMED: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'no path': REQUEST.filter(([name]) => name !== ':path'),
  'an empty path': REQUEST.map(([name, value]) => [name, name === ':path' ? '' : value]),
  'no method': REQUEST.filter(([name]) => name !== ':method'),
  'no scheme': REQUEST.filter(([name]) => name !== ':scheme'),
  'two paths': [[':path', '/'], ...REQUEST],
  'an unknown pseudo-header': [[':what', 'x'], ...REQUEST],
  ':status': [[':status', '200'], ...REQUEST],
  'a pseudo-header behind others': [...REQUEST, [':authority', 'x']],
  'an upper-case name': [...REQUEST, ['X-a', 'x']],
  'a line break': [...REQUEST, ['x-a', 'x\r\ny']],
  'connection: close': [...REQUEST, ['connection', 'close']],
  'te: gzip': [...REQUEST, ['te', 'gzip']],
};

for (const [what, fields] of Object.entries(MALFORMED)) {
  test(`a request with ${what} is reset`, () => {
    const t = new TestConnection();
    assert.deepEqual(all(t.send(request(1, { fields, end: true }))), [reset(1, PROTOCOL)]);
    assert.equal(t.streams.length, 0);
    assert.deepEqual(all(t.send(request(3, { end: true }))), ANSWER(3, 0));
  });
}

test('mistakes in a stream reset the stream', () => {
  const cases: readonly (readonly [string, number, readonly Buffer[]])[] = [
    ['DATA behind the end', CLOSED, [request(1, { end: true }), data(1, 'x')]],
    ['HEADERS behind the end', CLOSED, [request(1, { end: true }), request(1)]],
    ['HEADERS in the middle', PROTOCOL, [request(1), request(1)]],
    ['WINDOW_UPDATE of nothing', PROTOCOL, [request(1), windowUpdate(1, 0)]],
    ['WINDOW_UPDATE beyond all bounds', FLOW, [request(1), windowUpdate(1, 2 ** 31 - 1)]],
    ['PRIORITY of four bytes', SIZE, [request(1), frame(Type.PRIORITY, { stream: 1, payload: uint32(0) })]],
  ];
  for (const [what, code, frames] of cases) {
    const t = new TestConnection({ onEnd: () => undefined });
    assert.deepEqual(all(t.send(...frames)), [reset(1, code)], what);
    assert.equal(t.streams[0]?.events.at(-1), 'close', what);
    assert.deepEqual(t.send(data(1, 'late'), windowUpdate(1, 5), request(1)), [], `${what}: what is late is ignored`);
  }
});

test('DATA on a stream that ended well long ago is a mistake of that stream', () => {
  const t = new TestConnection();
  t.send(request(1, { end: true }));
  assert.deepEqual(all(t.send(data(1, 'x'))), [reset(1, CLOSED)]);
});

test('a client that got its answer before it has sent all is told to stop', () => {
  const t = new TestConnection();
  t.send(request(1));
  const stream = t.streams[0]?.stream;
  assert.ok(stream !== undefined);
  reply(stream, Buffer.of(1));
  t.connection.flushTurn();
  assert.deepEqual(all(t.socket.take()), [...ANSWER(1, 1), reset(1, 0)]);
  assert.deepEqual(t.send(data(1, 'late', true)), []);
});

test('a client that ends its side in the same read as it gets its answer is not reset', () => {
  const t = new TestConnection();
  t.send(request(1));
  const recorder = t.streams[0];
  assert.ok(recorder !== undefined);
  recorder.onData = () => reply(recorder.stream, Buffer.of(1));
  assert.deepEqual(all(t.send(data(1, 'x'), data(1, '', true))), ANSWER(1, 1));
});

test('calls beyond the bound are refused, and their headers are decoded all the same', () => {
  const t = new TestConnection({ maxConcurrentStreams: 1, onEnd: () => undefined });
  const grows = Buffer.concat([encodeBlock(REQUEST), Buffer.from('4001610162', 'hex')]);
  const refused = frame(Type.HEADERS, { flags: 4, stream: 3, payload: grows });
  assert.deepEqual(all(t.send(request(1, { end: true }), refused)), [reset(3, REFUSED)]);
  assert.deepEqual(t.send(data(3, 'on its way')), []);
  const first = t.streams[0]?.stream;
  assert.ok(first !== undefined);
  reply(first, Buffer.of(1));
  const indexed = Buffer.concat([encodeBlock(REQUEST), Buffer.of(0xbe)]);
  t.send(frame(Type.HEADERS, { flags: 5, stream: 5, payload: indexed }));
  assert.equal(t.streams[1]?.headers.get('a'), 'b');
});

test('headers that are too large reset their stream only', () => {
  const t = new TestConnection();
  const fields = [...REQUEST, ['x-big', 'b'.repeat(16_000)]] as const;
  const block = encodeBlock(fields);
  const [head, rest] = [block.subarray(0, 16_000), block.subarray(16_000)];
  const sent = t.send(
    frame(Type.HEADERS, { flags: 1, stream: 1, payload: head }),
    frame(Type.CONTINUATION, { flags: 4, stream: 1, payload: rest }),
  );
  assert.deepEqual(all(sent), ANSWER(1, 0), 'below the bound');
  const large = encodeBlock([
    ...REQUEST,
    ['x-a', 'a'.repeat(8000)],
    ['x-b', 'b'.repeat(8000)],
    ['x-c', 'c'.repeat(300)],
  ]);
  const tooLarge = t.send(
    frame(Type.HEADERS, { flags: 1, stream: 3, payload: large.subarray(0, 16_000) }),
    frame(Type.CONTINUATION, { flags: 4, stream: 3, payload: large.subarray(16_000) }),
  );
  assert.deepEqual(all(tooLarge), [reset(3, 11)]);
  assert.deepEqual(all(t.send(request(5, { end: true }))), ANSWER(5, 0));
});

test('long trailers are cut into frames that the client takes', () => {
  const t = new TestConnection({
    onEnd: ({ stream }) =>
      stream.finish(
        encodeBlock([
          [':status', '200'],
          ['grpc-message', 'm'.repeat(40_000)],
        ]),
      ),
  });
  const sent = t.send(request(1, { end: true }));
  assert.deepEqual(all(sent), ['HEADERS 1 END_STREAM', 'CONTINUATION 1', 'CONTINUATION 1']);
  assert.deepEqual(
    sent.map(({ flags, payload }) => [flags & 4, payload.length <= 16_384]),
    [
      [0, true],
      [0, true],
      [4, true],
    ],
  );
});

test('a graceful stop serves what is on its way, then ends', () => {
  const t = new TestConnection({ onEnd: () => undefined });
  t.send(request(1, { end: true }));
  t.connection.stop();
  t.connection.flushTurn();
  const stop = t.socket.take();
  assert.deepEqual(all(stop), ['GOAWAY last 2147483647 code 0', 'PING']);
  t.send(request(3, { end: true }));
  assert.equal(t.streams.length, 2);
  assert.deepEqual(all(t.send(frame(Type.PING, { flags: 1, payload: stop[1]?.payload ?? Buffer.alloc(0) }))), [
    'GOAWAY last 3 code 0',
  ]);
  assert.deepEqual(t.send(request(5, { end: true })), [], 'a call behind the last one is ignored');
  assert.equal(t.streams.length, 2);
  for (const { stream } of t.streams) reply(stream, Buffer.of(1));
  assert.deepEqual(all(t.socket.take()), [...ANSWER(1, 1), ...ANSWER(3, 1)]);
  assert.equal(t.socket.isEnded, true);
  t.socket.destroy();
});

test('a stop of a connection without calls ends when the client answers', () => {
  const t = new TestConnection();
  t.connection.stop();
  t.connection.flushTurn();
  const [, ping] = t.socket.take();
  t.send(frame(Type.PING, { flags: 1, payload: ping?.payload ?? Buffer.alloc(0) }));
  assert.equal(t.socket.isEnded, true);
  t.socket.destroy();
  assert.equal(t.closed, 'without a reason');
});

test('a client that goes away closes its streams', () => {
  for (const go of ['end', 'close', 'error'] as const) {
    const t = new TestConnection({ onEnd: () => undefined });
    t.send(request(1, { end: true }), request(3));
    if (go === 'error') t.socket.emit('error', new Error('read ECONNRESET'));
    t.socket.emit(go === 'error' ? 'close' : go);
    assert.deepEqual(
      t.streams.map(({ events }) => events.at(-1)),
      ['close', 'close'],
    );
    assert.equal(t.closed, go === 'error' ? 'read ECONNRESET' : 'without a reason');
  }
});

test('a client that goes away while the server stops is not waited for', () => {
  const t = new TestConnection({ onEnd: () => undefined });
  t.send(request(1, { end: true }));
  t.connection.stop();
  t.connection.flushTurn();
  const ping = t.socket.take()[1]?.payload ?? Buffer.alloc(0);
  t.send(frame(Type.PING, { flags: 1, payload: ping }));
  t.socket.emit('close');
  assert.equal(t.socket.isEnded, false);
  assert.equal(t.closed, 'without a reason');
});

test('streams that were closed early are remembered up to a bound', () => {
  const t = new TestConnection({ maxConcurrentStreams: 0 });
  for (let i = 0; i <= MAX_EARLY_CLOSED; i += 1) t.send(request(2 * i + 1));
  assert.deepEqual(t.send(data(3, 'late')), []);
  assert.deepEqual(all(t.send(data(1, 'too late'))), [reset(1, CLOSED)]);
});
