// Frames come out of a socket as they went in, however they are cut.

import assert from 'node:assert/strict';
import test from 'node:test';
import { FrameReader } from '../../../final/transport/http2/frame_reader.ts';
import { frame } from './fixture.ts';

const FRAMES = [
  frame(0, { flags: 1, stream: 1, payload: Buffer.from('hello') }),
  frame(4),
  frame(0x77, { flags: 0xff, stream: 0x7fffffff, payload: Buffer.alloc(300, 7) }),
  frame(8, { stream: 3, payload: Buffer.from([0, 0, 1, 0]) }),
];
const WIRE = Buffer.concat(FRAMES);

function read(chunks: readonly Buffer[]): Buffer[] {
  const seen: Buffer[] = [];
  const reader = new FrameReader(({ type, flags, stream, bytes, start, end }) => {
    seen.push(frame(type, { flags, stream, payload: bytes.subarray(start, end) }));
  });
  for (const chunk of chunks) reader.push(chunk);
  return seen;
}

test('frames in one piece', () => assert.deepEqual(read([WIRE]), FRAMES));

test('frames byte by byte', () => {
  assert.deepEqual(read(Array.from(WIRE, (byte) => Buffer.of(byte))), FRAMES);
});

test('frames cut at any two places', () => {
  for (let first = 0; first <= WIRE.length; first += 1) {
    for (let second = first; second <= WIRE.length; second += 13) {
      const pieces = [WIRE.subarray(0, first), WIRE.subarray(first, second), WIRE.subarray(second)];
      assert.deepEqual(read(pieces), FRAMES, `cut at ${first} and ${second}`);
    }
  }
});

test('the reserved bit of a stream ID is ignored', () => {
  const wire = frame(6, { payload: Buffer.alloc(8) });
  wire[5] = 0x80;
  assert.deepEqual(read([wire]), [frame(6, { payload: Buffer.alloc(8) })]);
});

test('a frame of 16 KiB is read, one byte more is an error before its payload comes', () => {
  const largest = frame(0, { stream: 1, payload: Buffer.alloc(16_384) });
  assert.deepEqual(read([largest]), [largest]);
  const head = frame(0, { stream: 1, payload: Buffer.alloc(16_385) }).subarray(0, 9);
  assert.throws(() => read([head]), { code: 6 });
  assert.throws(() => read([head.subarray(0, 4), head.subarray(4)]), { code: 6 });
});

test('a reader that was stopped gives no frame more, not even of the same chunk', () => {
  let count = 0;
  const reader = new FrameReader(() => {
    count += 1;
    reader.stop();
  });
  reader.push(WIRE);
  reader.push(WIRE);
  assert.equal(count, 1);
});
