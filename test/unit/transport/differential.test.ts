// The client of node:http2, which shares no code with our server, against it: random headers and sizes, many at once, on
// a real connection.

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import test from 'node:test';
import { Connection } from '../../../final/transport/http2/connection.ts';
import { PREFACE } from '../../../final/transport/http2/frames.ts';
import { freePort } from '../../harness/ports.ts';
import { echo, Recorder } from './fixture.ts';

interface Echo {
  readonly port: number;
  /** Every request so far, with its headers, by path. */
  readonly seen: Map<string, Recorder>;
  readonly close: () => void;
}

/** A server that sends back what it gets, and gives window back as it comes. */
async function startEcho(maxConcurrentStreams = 1000): Promise<Echo> {
  const seen = new Map<string, Recorder>();
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const connection = new Connection(socket, {
      maxConcurrentStreams,
      events: {
        onStream: (stream, headers) => {
          const recorder = new Recorder(stream, headers, echo);
          const onData = recorder.onData.bind(recorder);
          recorder.onData = (bytes, start, end) => {
            onData(bytes, start, end);
            stream.giveWindow(end - start);
          };
          seen.set(headers.get(':path') ?? '', recorder);
          return recorder;
        },
        onPing: () => undefined,
        onClose: () => sockets.delete(socket),
      },
    });
    let head = Buffer.alloc(0);
    socket.on('data', function collect(chunk: Buffer) {
      head = Buffer.concat([head, chunk]);
      if (head.length < PREFACE.length) return;
      socket.off('data', collect);
      socket.pause();
      connection.start(head);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, seen, close };
}

interface Exchange {
  readonly status: unknown;
  readonly trailer: unknown;
  readonly body: Buffer;
}

function exchange(
  session: http2.ClientHttp2Session,
  path: string,
  options: { headers?: Record<string, string>; pieces?: readonly Buffer[] },
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const pieces = options.pieces ?? [];
    const headers = { ':method': 'POST', ':path': path, ...options.headers };
    const stream = session.request(headers, { endStream: pieces.length === 0 });
    const chunks: Buffer[] = [];
    let status: unknown;
    let trailer: unknown;
    stream.on('response', (response) => {
      status = response[':status'];
    });
    stream.on('trailers', (trailers) => {
      trailer = trailers['grpc-status'];
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => resolve({ status, trailer, body: Buffer.concat(chunks) }));
    for (const [i, piece] of pieces.entries()) {
      if (i === pieces.length - 1) stream.end(piece);
      else stream.write(piece);
    }
  });
}

/** Numbers from 0 to below `limit`, the same in every run. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function connect(server: Echo, options: http2.ClientSessionOptions = {}): http2.ClientHttp2Session {
  return http2.connect(`http://127.0.0.1:${server.port}`, options);
}

test('random bodies, in random pieces, many at once, come back as they were', async () => {
  const server = await startEcho();
  const random = generator(1);
  const limits = [0, 1, 100, 20_000, 300_000];
  for (const settings of [{}, { initialWindowSize: 1 << 20 }, { initialWindowSize: 5000 }, { headerTableSize: 0 }]) {
    const session = connect(server, { settings });
    const sent = Array.from({ length: 60 }, () => {
      const pieces = Array.from({ length: random(4) }, () => {
        const size = random(limits[random(limits.length)] ?? 0) + 1;
        return Buffer.alloc(size, `${random(1e9)} `);
      });
      return { pieces, body: Buffer.concat(pieces) };
    });
    const answers = await Promise.all(sent.map(({ pieces }, i) => exchange(session, `/body/${i}`, { pieces })));
    answers.forEach(({ status, trailer, body }, i) => {
      assert.deepEqual([status, trailer, body.length], [200, '0', sent[i]?.body.length]);
      assert.ok(body.equals(sent[i]?.body ?? Buffer.alloc(0)), `body ${i}`);
    });
    session.destroy();
  }
  server.close();
});

test('every byte that a header may have, and thousands of fields, are read as they were sent', async () => {
  const server = await startEcho();
  const session = connect(server);
  const bytes = Array.from({ length: 256 }, (_, i) => i).filter((i) => i >= 0x20 && i !== 0x7f);
  // The letters around it make the Huffman code the shorter one.
  const everyByte = bytes.map((byte) => ({ 'x-byte': `${'e'.repeat(8)}${String.fromCharCode(byte)}a` }));
  const many = Array.from({ length: 1000 }, (_, i) => ({
    [`x-name-${(i * 7919) % 150}`]: `value ${(i * 104_729) % 97} ${'0'.repeat(i % 60)}`.trim(),
    'grpc-timeout': `${i}S`,
  }));
  const requests: Record<string, string>[] = [...everyByte, ...many];
  for (let first = 0; first < requests.length; first += 50) {
    const batch = requests.slice(first, first + 50);
    await Promise.all(batch.map((headers, i) => exchange(session, `/headers/${first + i}`, { headers })));
  }
  requests.forEach((headers, i) => {
    const fields = server.seen.get(`/headers/${i}`)?.headers.fields ?? [];
    const own = fields.filter(({ name }) => !name.startsWith(':')).map(({ name, value }) => [name, value]);
    assert.deepEqual(Object.fromEntries(own), headers, `request ${i}`);
  });
  session.destroy();
  server.close();
});

test('headers of several frames are read', async () => {
  const server = await startEcho();
  const session = connect(server);
  // A list may have 16 KiB, and that of a frame is 16 KiB too: only bytes with long Huffman codes need a second frame.
  const headers = { 'x-long': '~'.repeat(8000), 'x-longer': '|'.repeat(7800) };
  const answer = await exchange(session, '/long', { headers, pieces: [Buffer.from('body')] });
  assert.deepEqual([answer.status, answer.body.toString()], [200, 'body']);
  assert.equal(server.seen.get('/long')?.headers.get('x-longer'), headers['x-longer']);
  session.destroy();
  server.close();
});

test('the client of node:http2 keeps to the bound on calls at once', async () => {
  const server = await startEcho(3);
  const session = connect(server);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => exchange(session, `/few/${i}`, {})));
  // The first ones may have been sent before the bound was known; they were refused and are not among the answers.
  assert.ok(answers.every(({ status }) => status === 200));
  session.destroy();
  server.close();
});
