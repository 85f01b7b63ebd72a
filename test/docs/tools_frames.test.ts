// `read frames`: what is shown of a call is what was on the wire.

import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { knownCall, recordFrames } from '../../docs/tools/frames.ts';
import { FrameTeller, type ToldFrame } from '../../docs/tools/frames_text.ts';
import { wireFields } from '../../docs/tools/protobuf_text.ts';
import { freePorts, inScratch, startServer, type StepServer } from '../../docs/tools/servers.ts';
import { codecs } from '../../proto/load.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { read } from './tools_code.ts';

describe('read frames', () => {
  const scratch = makeScratch();
  let server: StepServer | undefined;
  let port = 0;

  before(async () => {
    const [client = 0, peer = 0] = await freePorts(2);
    port = client;
    server = await startServer({
      folder: path.join(REPOSITORY, 'steps/03-kv'),
      name: 'n1',
      clientPort: client,
      flags: ['--listen-peer-urls', `http://127.0.0.1:${peer}`],
      preload: [],
      env: {},
      cwd: scratch,
      onLine: () => undefined,
    });
  });
  after(async () => {
    await server?.stop();
    removeScratch(scratch);
  });

  const textOf = (frames: readonly ToldFrame[]): string[] => frames.map(({ side, lines }) => `${side} ${lines[0]}`);

  it('shows a unary call: preface, settings, and five frames of its stream', async () => {
    const frames = await recordFrames({ host: '127.0.0.1', port }, knownCall('hello'));
    assert.equal(frames[0]?.lines[0], 'the preface, 24 bytes');
    assert.ok(textOf(frames).some((text) => text.startsWith('server SETTINGS of stream 0, ACK')));
    const stream = frames.filter((frame) => frame.stream === 1);
    assert.deepEqual(
      textOf(stream).map((text) => text.replace(/, \d+ bytes$/, '')),
      [
        'client HEADERS of stream 1, END_HEADERS',
        'client DATA of stream 1, END_STREAM',
        'server HEADERS of stream 1, END_HEADERS',
        'server DATA of stream 1',
        'server HEADERS of stream 1, END_STREAM END_HEADERS',
      ],
    );
    const all = stream.flatMap(({ lines }) => lines);
    for (const line of [
      '  :path: /helloworld.Greeter/SayHello',
      `  :authority: 127.0.0.1:${port}`,
      '00 00 00 05  a message of 5 bytes',
      '0a 03 41 64 61  field 1, name: "Ada"',
      '  :status: 200',
      '0a 0b 48 65 6c 6c 6f 2c 20 41 64 61 21  field 1, message: "Hello, Ada!"',
      '  grpc-status: 0',
    ]) {
      assert.ok(all.includes(line), `${line} is not in\n${all.join('\n')}`);
    }
  });

  it('shows each message of a stream in a frame of its own', async () => {
    const frames = await recordFrames({ host: '127.0.0.1', port }, knownCall('languages'));
    const messages = frames.filter(({ side, lines }) => side === 'server' && lines[0]?.startsWith('DATA') === true);
    assert.equal(messages.length, 4);
  });

  it('takes a message within a message apart', async () => {
    const { code, text } = await read('frames', '--target', `127.0.0.1:${port}`, '--call', 'put', '--stream', '1');
    assert.equal(code, 0);
    assert.match(text, /0a 08 67 72 65 65 74 69 6e 67 {2}field 1, key: "greeting"\n/);
    assert.match(text, /field 1, header: etcdserverpb\.ResponseHeader, \d+ bytes\n/);
    assert.match(text, /\n {4}18 02 {4}field 3, revision: 2\n/);
    assert.doesNotMatch(text, /stream 0/);
  });

  it('shows the frames of an error, which are trailers alone', async () => {
    // Step 03 has no Txn; an unknown service is refused in the same way.
    const hello = knownCall('hello');
    const unknown = { ...hello, method: { ...hello.method, path: '/no.Service/Call' } };
    const frames = await recordFrames({ host: '127.0.0.1', port }, unknown);
    const lines = frames
      .filter(({ side, stream }) => side === 'server' && stream === 1)
      .flatMap((frame) => frame.lines);
    assert.ok(lines.includes('  grpc-status: 12'), lines.join('\n'));
    assert.ok(lines.some((line) => line.startsWith('HEADERS of stream 1, END_STREAM')));
  });

  it('says when nobody answers, or not in HTTP/2', async () => {
    const [free = 0] = await freePorts(1);
    const nobody = await read('frames', '--target', `127.0.0.1:${free}`);
    assert.equal(nobody.code, 1);
    assert.match(nobody.text, new RegExp(`no answer from 127\\.0\\.0\\.1:${free}`));
    const other = net.createServer((socket) => socket.end('HTTP/1.0 400 no\r\n\r\n').on('error', () => undefined));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const answer = await read('frames', '--target', `127.0.0.1:${(other.address() as net.AddressInfo).port}`);
    other.close();
    assert.equal(answer.code, 1);
    assert.match(answer.text, /^what the server sends is no HTTP\/2/);
  });

  it('starts the server of a step by itself', async () => {
    const { code, text } = await inScratch(() => read('frames', '--stream', '1'));
    assert.equal(code, 0);
    assert.match(text, /^client → HEADERS of stream 1/);
    assert.match(text, /server → HEADERS of stream 1, END_STREAM END_HEADERS/);
  });

  it('refuses command lines that make no sense', async () => {
    const unknown = await read('frames', '--call', 'helo');
    assert.equal(unknown.code, 2);
    assert.match(unknown.text, /no call "helo"; did you mean "hello"\?; there are: hello, languages, range, put/);
    assert.equal((await read('frames', '--target', 'nowhere')).code, 2);
    assert.equal((await read('frames', '--in', '02', '--target', '127.0.0.1:1')).code, 2);
    assert.equal((await read('frames', '--stream', 'x')).code, 2);
  });
});

describe('frames that come in pieces', () => {
  it('are told as those that come whole', () => {
    const tell = (chunks: readonly Buffer[]): ToldFrame[] => {
      const told: ToldFrame[] = [];
      const teller = new FrameTeller('client', {
        paths: new Map(),
        methodOf: () => undefined,
        onFrame: (frame) => void told.push(frame),
      });
      for (const chunk of chunks) teller.push(chunk);
      return told;
    };
    const settings = Buffer.from('000006040000000000000400010000', 'hex');
    const bytes = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]);
    const whole = tell([bytes]);
    assert.equal(whole.length, 2);
    assert.ok(whole[1]?.lines.includes('00 04 00 01 00 00  INITIAL_WINDOW_SIZE = 65536'));
    assert.deepEqual(tell([...bytes].map((byte) => Buffer.from([byte]))), whole);
  });

  it('are refused when they do not begin as HTTP/2', () => {
    const teller = new FrameTeller('client', { paths: new Map(), methodOf: () => undefined, onFrame: () => undefined });
    assert.throws(
      () => teller.push(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
      /does not speak HTTP\/2/,
    );
  });
});

describe('a protobuf message, taken apart', () => {
  it('gives all bytes back, in order', () => {
    const bytes = codecs['etcdserverpb.RangeResponse'].encode({
      header: { cluster_id: 2n ** 64n - 1n, member_id: 1n, revision: 7, raft_term: 2 },
      kvs: [{ key: new Uint8Array([97]), value: new Uint8Array([0, 255]), mod_revision: 7, version: 1 }],
      count: 1,
      more: true,
    });
    const fields = wireFields('etcdserverpb.RangeResponse', bytes);
    assert.deepEqual(Buffer.concat(fields.map((field) => field.bytes)), Buffer.from(bytes));
    const texts = fields.map(({ depth, text }) => `${depth} ${text}`);
    assert.ok(texts.includes('1 field 1, cluster_id: 18446744073709551615'));
    assert.ok(texts.includes('1 field 1, key: "a"'));
    assert.ok(texts.includes('1 field 5, value: 2 bytes'));
    assert.ok(texts.includes('0 field 3, more: true'));
  });

  it('names a negative number and a field that is not known', () => {
    const negative = codecs['etcdserverpb.LeaseGrantRequest'].encode({ TTL: -1 });
    assert.equal(wireFields('etcdserverpb.LeaseGrantRequest', negative)[0]?.text, 'field 1, TTL: -1');
    assert.equal(
      wireFields('helloworld.HelloRequest', new Uint8Array([0x7a, 1, 65]))[0]?.text,
      'field 15, unknown: "A"',
    );
  });

  it('refuses what is cut off', () => {
    assert.throws(() => wireFields('helloworld.HelloRequest', new Uint8Array([0x0a, 5, 65])), /cut off/);
    assert.throws(() => wireFields('helloworld.HelloRequest', new Uint8Array([0x0a, 0x80])), /cut off/);
    assert.throws(() => wireFields('helloworld.HelloRequest', new Uint8Array([0x0b])), /wire type 3/);
  });
});
