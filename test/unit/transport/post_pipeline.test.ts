// Requests to a peer in a pipeline: each gets its own answer, whatever the pieces in which they come, and a peer that misbehaves
// costs an error, not a wrong answer.

import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LEASE_CONNECTIONS, POSTS_PER_CONNECTION } from '../../../final/limits.ts';
import { PostPipelines } from '../../../final/transport/etcdhttp/post_pipeline.ts';

const LIMIT_MS = 5_000;

interface Peer {
  readonly url: string;
  readonly sockets: net.Socket[];
  readonly close: () => void;
}

/** A peer that is given the body of every request, and writes what it likes. */
async function peer(onRequest: (socket: net.Socket, body: string) => void): Promise<Peer> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (;;) {
        const head = /^POST \/leases HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nContent-Length: (\d+)\r\n\r\n/.exec(text);
        const end = (head?.[0].length ?? 0) + Number(head?.[1] ?? 0);
        if (head === null || text.length < end) return;
        const body = text.slice(head[0].length, end);
        text = text.slice(end);
        onRequest(socket, body);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, sockets, close };
}

function answer(body: string, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function post(posts: PostPipelines, url: string, body: string, timeoutMs = LIMIT_MS) {
  return posts.post({ url, path: '/leases', body: Buffer.from(body), timeoutMs });
}

test('every request gets its own answer, though answers come in pieces', async (t) => {
  const busy = new Set<net.Socket>();
  const { url, sockets, close } = await peer((socket, body) => {
    assert.ok(!busy.has(socket), 'a second request before the answer to the first');
    busy.add(socket);
    const bytes = answer(`<${body}>`, body === '3' ? '404 Not Found' : '200 OK');
    void (async () => {
      for (let at = 0; at < bytes.length; at += 17) {
        if (at + 17 >= bytes.length) busy.delete(socket);
        socket.write(bytes.slice(at, at + 17));
        await delay(1);
      }
    })();
  });
  t.after(close);
  const posts = new PostPipelines();
  const count = 3 * LEASE_CONNECTIONS;
  const answers = await Promise.all(Array.from({ length: count }, (_, i) => post(posts, url, String(i))));
  assert.deepEqual(
    answers.map(({ status, body }) => `${status} ${body.toString()}`),
    Array.from({ length: count }, (_, i) => `${i === 3 ? 404 : 200} <${i}>`),
  );
  assert.equal(sockets.length, LEASE_CONNECTIONS, 'they share the connections');
});

test('a peer that says so gets several at a time on one connection, and each answer goes where it belongs', async (t) => {
  const held: string[] = [];
  const { url, sockets, close } = await peer((socket, body) => {
    held.push(answer(`<${body}>`, '200 OK\r\nX-Etcd-Pipelined: true'));
    if (held.length === 1 || held.length > POSTS_PER_CONNECTION) socket.write(held.splice(1).join('') || held.join(''));
  });
  t.after(close);
  const posts = new PostPipelines();
  await post(posts, url, 'first');
  const bodies = Array.from({ length: POSTS_PER_CONNECTION }, (_, i) => String(i));
  const answers = await Promise.all(bodies.map((body) => post(posts, url, body)));
  assert.deepEqual(
    answers.map(({ body }) => body.toString()),
    bodies.map((body) => `<${body}>`),
  );
  assert.equal(sockets.length, 1);
});

test('there are more connections when there is more to do, and no more than so many', async (t) => {
  const { url, sockets, close } = await peer(() => {});
  t.after(close);
  const posts = new PostPipelines();
  const count = LEASE_CONNECTIONS * 2;
  const all = Array.from({ length: count }, (_, i) => post(posts, url, String(i)).catch((error: Error) => error));
  while (sockets.length < LEASE_CONNECTIONS) await delay(5);
  await delay(50);
  assert.equal(sockets.length, LEASE_CONNECTIONS);
  close();
  assert.ok((await Promise.all(all)).every((one) => one instanceof Error));
});

for (const [title, text] of [
  ['an answer without a length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['what is no HTTP', 'nonsense\r\n\r\n'],
  ['an answer that is too long', 'HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n'],
  ['a header that does not end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`],
  ['two answers to one request', answer('a') + answer('b')],
] as const) {
  test(`${title} ends the connection, and the next request has a new one`, async (t) => {
    const { url, sockets, close } = await peer(
      (socket) => void socket.write(sockets.length === 1 ? text : answer('ok')),
    );
    t.after(close);
    const posts = new PostPipelines();
    const first = await post(posts, url, '1').catch((error: Error) => error);
    // The one answer that was asked for is one.
    if (title.startsWith('two')) assert.equal(String((first as { body: Buffer }).body), 'a');
    else assert.ok(first instanceof Error);
    assert.equal(String((await post(posts, url, '2')).body), 'ok');
    assert.equal(sockets.length, 2);
  });
}

test('who waits too long gets an error, as do those behind, and so does who finds nobody', async (t) => {
  const { url, close } = await peer(() => {});
  t.after(close);
  const posts = new PostPipelines();
  const [first, second] = await Promise.allSettled([post(posts, url, '1', 50), post(posts, url, '2')]);
  assert.deepEqual([first.status, second.status], ['rejected', 'rejected']);
  close();
  await assert.rejects(post(new PostPipelines(), url, '3'), /ECONNREFUSED/);
  await assert.rejects(post(new PostPipelines(), 'https://127.0.0.1:1', '3'), /unsupported protocol scheme/);
});
