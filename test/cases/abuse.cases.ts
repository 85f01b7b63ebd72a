// What nobody should send: garbage, halves, and clients that go away. The server answers or closes, lives on, and nobody
// else notices.

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codecs, KV } from '../../proto/load.ts';
import { grpcFrame, grpcHeaders } from '../harness/http2_client.ts';
import { httpRequest } from '../harness/http.ts';
import { rawExchange } from '../harness/raw_socket.ts';
import { bytes, type Case, type CaseContext, type CaseGroup } from './case.ts';

const since = '03-kv';
const NOTHING = new Uint8Array(0);
const { Put, Range } = KV.methods;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A case that does harm, between two calls of others: on a connection that was open before, and on a new one. */
function harmless(name: string, harm: (t: CaseContext) => Promise<unknown>): Case {
  return {
    name,
    since,
    run: async (t) => {
      await t.ok(Put, { key: t.key('k'), value: bytes('before') });
      await harm(t);
      assert.deepEqual(t.pairs((await t.ok(Range, { key: t.key('k') })).kvs), ['k=before']);
      const { code } = await t.server.grpc().unary(Range, { key: t.key('k') });
      assert.equal(code, 0);
      for (const url of [t.server.clientUrl, t.server.peerUrl]) {
        assert.equal((await httpRequest(`${url}/version`)).status, 200);
      }
    },
  };
}

/** Sends the pieces on a connection to each port; the answers do not matter. */
async function onBothPorts(t: CaseContext, pieces: readonly (string | Uint8Array)[]): Promise<void> {
  const ports = [t.server.clientPort, t.server.peerPort];
  await Promise.all(ports.map((port) => rawExchange({ port, pieces, limitMs: 300 })));
}

/** Bytes that look random and are the same in every run. */
function noise(length: number): Buffer {
  const result = Buffer.alloc(length);
  let state = 0x2545f491;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    result[index] = state >>> 24;
  }
  return result;
}

// The beginning of a TLS handshake, as a client sends it that takes the port for https.
const CLIENT_HELLO = Buffer.from('16030100c8010000c40303' + '00'.repeat(32), 'hex');

function frame(type: number, flags: number, stream: number, payload: Uint8Array, length = payload.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const garbage: Case[] = [
  harmless('garbage on both ports harms nobody', (t) => onBothPorts(t, [noise(4096)])),
  harmless('zero bytes, and one byte, harm nobody', async (t) => {
    await onBothPorts(t, [Buffer.alloc(1000)]);
    await onBothPorts(t, [Uint8Array.of(0x50)]);
    await onBothPorts(t, []);
  }),
  harmless('a TLS handshake on a plain port harms nobody', (t) => onBothPorts(t, [CLIENT_HELLO])),
  harmless('HTTP/1 that is cut off, endless or nonsense harms nobody', async (t) => {
    await onBothPorts(t, ['GET /version HTTP/1.1\r\nHost: x\r\n']);
    await onBothPorts(t, ['POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nabc']);
    await onBothPorts(t, ['GET /version HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']);
    await onBothPorts(t, ['GET /version HTTP/9.9\r\n\r\n', 'GET\r\n\r\n']);
    await onBothPorts(t, [`GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`]);
    await onBothPorts(t, [`GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(2_000_000)}\r\n\r\n`]);
  }),
  harmless('half a preface of HTTP/2 harms nobody', (t) => onBothPorts(t, [PREFACE.slice(0, 10)])),
  harmless('a preface of HTTP/2 with garbage behind it harms nobody', async (t) => {
    await onBothPorts(t, [PREFACE, noise(2000)]);
    await onBothPorts(t, [PREFACE, SETTINGS, noise(2000)]);
    await onBothPorts(t, [PREFACE, 'GET / HTTP/1.1\r\n\r\n']);
  }),
  harmless('frames of HTTP/2 that break its rules harm nobody', async (t) => {
    const begin = [PREFACE, SETTINGS];
    await onBothPorts(t, [...begin, frame(0, 0, 1, bytes('data for no stream'))]);
    await onBothPorts(t, [...begin, frame(1, 4, 2, Uint8Array.of(0x82))]);
    await onBothPorts(t, [...begin, frame(1, 4, 1, Buffer.alloc(100, 0xff))]);
    await onBothPorts(t, [...begin, frame(9, 0, 1, NOTHING)]);
    await onBothPorts(t, [...begin, frame(8, 0, 0, Buffer.alloc(4))]);
    await onBothPorts(t, [...begin, frame(4, 0, 0, Buffer.alloc(5))]);
    await onBothPorts(t, [...begin, frame(0, 0, 1, NOTHING, 0xff_ff_ff)]);
    await onBothPorts(t, [...begin, ...Array.from({ length: 20 }, () => frame(200, 255, 77, noise(30)))]);
  }),
];

const leavers: Case[] = [
  harmless('clients that connect and go away harm nobody', async (t) => {
    for (let round = 0; round < 200; round += 1) {
      const socket = net.connect(round % 2 === 0 ? t.server.clientPort : t.server.peerPort, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        socket.once('connect', resolve).once('error', () => resolve());
      });
      socket.resetAndDestroy();
    }
  }),
  harmless('a client that goes away in the middle of a request harms nobody', async (t) => {
    const put = grpcFrame(
      codecs['etcdserverpb.PutRequest'].encode({ key: t.key('gone'), value: Buffer.alloc(500_000) }),
    );
    for (const part of [put.subarray(0, 3), put.subarray(0, 1000), put.subarray(0, put.length - 1)]) {
      const session = http2.connect(t.server.clientUrl);
      session.on('error', () => undefined);
      const stream = session.request(grpcHeaders(Put.path));
      stream.on('error', () => undefined);
      stream.write(part);
      await delay(30);
      session.destroy();
    }
    assert.equal((await t.ok(Range, { key: t.key('gone') })).count, 0);
  }),
  harmless('a client that goes away before its answer harms nobody', async (t) => {
    const put = grpcFrame(codecs['etcdserverpb.PutRequest'].encode({ key: t.key('gone'), value: Buffer.alloc(1000) }));
    for (let round = 0; round < 20; round += 1) {
      const session = http2.connect(t.server.clientUrl);
      session.on('error', () => undefined);
      const streams = Array.from({ length: 10 }, () => session.request(grpcHeaders(Put.path)));
      for (const stream of streams) {
        stream.on('error', () => undefined);
        stream.end(put);
      }
      await delay(round);
      session.destroy();
    }
  }),
  harmless('a client that cancels its calls keeps its connection', async (t) => {
    const session = http2.connect(t.server.clientUrl);
    session.on('error', () => undefined);
    for (let round = 0; round < 50; round += 1) {
      const stream = session.request(grpcHeaders('/etcdserverpb.KV/Put'));
      stream.on('error', () => undefined);
      await delay(1);
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    const stream = session.request(grpcHeaders(Range.path));
    const status = new Promise<unknown>((resolve) => {
      stream.once('trailers', (trailers) => resolve(trailers['grpc-status']));
      stream.once('close', () => resolve('closed'));
    });
    stream.resume();
    stream.end(grpcFrame(codecs['etcdserverpb.RangeRequest'].encode({ key: t.key('k') })));
    assert.equal(await status, '0');
    session.destroy();
  }),
  harmless('a client that reads nothing of a large answer harms nobody', async (t) => {
    const value = Buffer.alloc(1_000_000, 'v');
    for (const name of ['la', 'lb', 'lc', 'ld']) await t.ok(Put, { key: t.key(name), value });
    const session = http2.connect(t.server.clientUrl);
    session.on('error', () => undefined);
    const range = codecs['etcdserverpb.RangeRequest'].encode({ key: t.key('l'), range_end: t.key('m') });
    const streams = Array.from({ length: 5 }, () => session.request(grpcHeaders(Range.path)));
    for (const stream of streams) {
      stream.on('error', () => undefined);
      stream.pause();
      stream.end(grpcFrame(range));
    }
    await delay(200);
    session.destroy();
  }),
  harmless('hundreds of connections at once are served', async (t) => {
    const clients = Array.from({ length: 200 }, () => t.server.grpc());
    const codes = await Promise.all(
      clients.map(async (client) => (await client.unary(Range, { key: t.key('k') })).code),
    );
    assert.deepEqual(new Set(codes), new Set([0]));
    for (const client of clients) client.close();
  }),
];

/** The cases of clients that misbehave. */
export const abuseCases: CaseGroup = { name: 'abuse', cases: [...garbage, ...leavers] };
