// Clients that cost much and pay little are sent away; the same frames in sensible numbers do no harm.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Allowance } from '../../../final/transport/http2/flood_guard.ts';
import {
  CONTROLS_PER_MESSAGE,
  MAX_CONTINUATIONS,
  MAX_CONTROL_BURST,
  MAX_EMPTY_BURST,
  MAX_HEADER_BLOCK_BYTES,
  MAX_RESET_BURST,
} from '../../../final/transport/limits.ts';
import { data, frame, type Recorder, request, reply, settings, TestConnection, Type, windowUpdate } from './fixture.ts';

const PING = frame(Type.PING, { payload: Buffer.alloc(8) });
const reset = (stream: number) => frame(Type.RST_STREAM, { stream, payload: Buffer.from([0, 0, 0, 8]) });

/** Sends what `step` gives until the server sends the client away. Returns how often, and the words it was sent away with. */
function flood(
  t: TestConnection,
  step: (i: number) => readonly Buffer[],
  limit: number,
): [steps: number, text: string] {
  for (let i = 0; i < limit; i += 1) {
    const sent = t.send(...step(i));
    const end = sent.find(({ type }) => type === Type.GOAWAY);
    if (end === undefined) continue;
    assert.equal(end.payload.readUInt32BE(4), 11);
    t.socket.destroy();
    return [i, end.payload.toString('latin1', 8)];
  }
  return [limit, 'not sent away'];
}

// While a test runs, time fills an allowance a little.
function assertAbout(actual: number, expected: number): void {
  assert.ok(actual >= expected && actual < expected * 1.5 + 5000, `${actual}, expected about ${expected}`);
}

const idle = () => new TestConnection({ onEnd: () => undefined });

test('rapid reset: calls that are begun and reset at once (CVE-2023-44487)', () => {
  const t = idle();
  const [steps, text] = flood(t, (i) => [request(2 * i + 1, { end: true }), reset(2 * i + 1)], 100_000);
  assert.equal(text, 'too_many_resets');
  assertAbout(steps, MAX_RESET_BURST);
});

test('made-you-reset: mistakes that make the server reset its streams (CVE-2025-8671)', () => {
  const short = (stream: number) => frame(Type.PRIORITY, { stream, payload: Buffer.alloc(4) });
  const [steps, text] = flood(idle(), (i) => [request(2 * i + 1), short(2 * i + 1)], 100_000);
  assert.equal(text, 'too_many_resets');
  assertAbout(steps, MAX_RESET_BURST);
});

test('resets of calls that were answered do not count: grpc-js sends one behind every call', () => {
  const t = new TestConnection();
  const step = (i: number) => [request(2 * i + 1, { end: true }), reset(2 * i + 1)];
  assert.deepEqual(flood(t, step, 3 * MAX_RESET_BURST), [3 * MAX_RESET_BURST, 'not sent away']);
});

test('PING, SETTINGS and WINDOW_UPDATE that nothing gives reason for (CVE-2019-9512, 9515)', () => {
  for (const one of [PING, settings([4, 1000]), windowUpdate(0, 1)]) {
    const [steps, text] = flood(idle(), () => [one], 100_000);
    assert.equal(text, 'too_many_control_frames');
    assertAbout(steps, MAX_CONTROL_BURST - 1);
  }
});

test('a PING and a WINDOW_UPDATE for every answer do not count: grpc-go measures the connection so', () => {
  const t = new TestConnection();
  const step = (i: number) => [request(2 * i + 1, { end: true }), windowUpdate(0, 30), PING];
  assert.deepEqual(flood(t, step, 3 * MAX_CONTROL_BURST), [3 * MAX_CONTROL_BURST, 'not sent away']);
});

test('the same for every message of a stream', () => {
  const t = idle();
  t.send(request(1, { end: true }));
  const { stream } = t.streams[0] as Recorder;
  const step = () => {
    stream.send([Buffer.alloc(20)]);
    return [windowUpdate(1, 20), windowUpdate(0, 20), PING];
  };
  assert.deepEqual(flood(t, step, 3 * MAX_CONTROL_BURST), [3 * MAX_CONTROL_BURST, 'not sent away']);
});

test('a large answer fetched through a window of one byte (CVE-2019-9511)', () => {
  const t = idle();
  t.send(settings([4, 1]), request(1, { end: true }));
  reply((t.streams[0] as Recorder).stream, Buffer.alloc(1_000_000));
  const [steps, text] = flood(t, () => [windowUpdate(1, 1)], 100_000);
  assert.equal(text, 'too_many_control_frames');
  assertAbout(steps, MAX_CONTROL_BURST - CONTROLS_PER_MESSAGE);
});

test('DATA without data (CVE-2019-9518)', () => {
  const t = idle();
  t.send(request(1));
  const [steps, text] = flood(t, () => [data(1, '')], 100_000);
  assert.equal(text, 'too_many_empty_frames');
  assertAbout(steps, MAX_EMPTY_BURST);
  const padded = frame(Type.DATA, { flags: 8, stream: 1, payload: Buffer.from([10, ...Buffer.alloc(10)]) });
  const other = idle();
  other.send(request(1));
  assert.equal(flood(other, () => [padded], 100_000)[1], 'too_many_empty_frames');
});

test('a header block without an end, in many frames or in large ones (CVE-2024-27316)', () => {
  const piece = (length: number) => frame(Type.CONTINUATION, { stream: 1, payload: Buffer.alloc(length, 0x82) });
  for (const [length, most] of [
    [0, MAX_CONTINUATIONS],
    [16_384, MAX_HEADER_BLOCK_BYTES / 16_384],
  ] as const) {
    const t = idle();
    t.send(frame(Type.HEADERS, { stream: 1 }));
    assert.deepEqual(
      flood(t, () => [piece(length)], 1000),
      [most, 'too_large_headers'],
    );
  }
});

test('an allowance fills up with time, not beyond its burst', () => {
  let now = 0;
  const allowance = new Allowance(3, 1000, () => now);
  const takeAll = (): number => {
    for (let count = 0; ; count += 1) if (!allowance.take()) return count;
  };
  assert.equal(takeAll(), 3);
  now += 2;
  assert.equal(takeAll(), 2);
  now += 1_000_000;
  assert.equal(takeAll(), 3);
  allowance.earn(2);
  assert.equal(takeAll(), 2);
  allowance.earn(100);
  assert.equal(takeAll(), 3);
});
