// Listeners: what a server answers as soon as it has ports, how it says that it cannot have them, and how it ends
// (spec/cli.md A.1, A.3, A.4, A.7).

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type HttpAnswer, httpRequest } from '../harness/http.ts';
import { canListen, freePort } from '../harness/ports.ts';
import { rawExchange } from '../harness/raw_socket.ts';
import { type Case, type CaseContext, type CaseGroup } from './case.ts';
import { eventually, get, REFUSAL_LIMIT_MS, refusals, refusedStart, STOP_LIMIT_MS, twoUrls } from './starting.ts';

const since = '01-listeners';

const answers: Case[] = [
  {
    name: 'GET /version on the client port names the versions of server and cluster in JSON (row 190)',
    since,
    run: (t) => assertVersion(() => get(t.server, '/version')),
  },
  {
    name: 'GET /version on the peer port does the same',
    since,
    run: (t) => assertVersion(() => httpRequest(`${t.server.peerUrl}/version`)),
  },
  {
    name: 'GET /health says that the server is healthy (row 188)',
    since,
    run: async (t) => {
      const { status, headers, body } = await get(t.server, '/health');
      assert.deepEqual(
        [status, headers['content-type'], JSON.parse(body).health],
        [200, 'text/plain; charset=utf-8', 'true'],
      );
    },
  },
  {
    name: 'GET /health gives an empty reason as well, from 3.5 on (row 188)',
    since,
    only: '3.5',
    run: async (t) => assert.equal((await get(t.server, '/health')).body, '{"health":"true","reason":""}'),
  },
  {
    name: 'a query behind the path does not matter',
    since,
    run: async (t) => {
      assert.equal((await get(t.server, '/version?a=b')).status, 200);
      assert.equal((await get(t.server, '/health?serializable=true')).status, 200);
    },
  },
  {
    name: 'a path that is not there is 404 on both ports',
    since,
    run: async (t) => {
      for (const url of [t.server.clientUrl, t.server.peerUrl]) {
        for (const where of ['/', '/nope', '/versions', '/version/x', '/v2/keys']) {
          const { status, headers, body } = await httpRequest(url + where);
          assert.deepEqual(
            [status, headers['content-type'], headers['x-content-type-options'], body],
            [404, 'text/plain; charset=utf-8', 'nosniff', '404 page not found\n'],
            url + where,
          );
        }
      }
    },
  },
  {
    name: '/health is not on the peer port',
    since,
    run: async (t) => assert.equal((await httpRequest(`${t.server.peerUrl}/health`)).status, 404),
  },
  {
    name: 'only GET is allowed on /version and /health (rows 188, 190)',
    since,
    run: async (t) => {
      for (const where of ['/version', '/health']) {
        for (const method of ['POST', 'HEAD', 'PUT', 'DELETE']) {
          const { status, headers, body } = await get(t.server, where, { method });
          const text = method === 'HEAD' ? '' : 'Method Not Allowed\n';
          assert.deepEqual([status, headers.allow, body], [405, 'GET', text], `${method} ${where}`);
        }
      }
    },
  },
  {
    name: 'several requests come on one connection, also at once',
    since,
    run: async (t) => {
      const one = 'GET /version HTTP/1.1\r\nHost: x\r\n\r\n';
      const last = 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      const { bytes, closed } = await rawExchange({
        port: t.server.clientPort,
        pieces: [one + one + last],
        limitMs: 5000,
      });
      assert.equal(bytes.toString().match(/HTTP\/1\.1 200 OK/g)?.length, 3, bytes.toString());
      assert.equal(closed, true);
    },
  },
  {
    name: 'a request that comes in pieces is a request',
    since,
    run: async (t) => {
      const pieces = ['GET /ver', 'sion HTT', 'P/1.1\r\nHo', 'st: x\r\nConnection: close\r\n', '\r\n'];
      const { bytes } = await rawExchange({ port: t.server.clientPort, pieces, limitMs: 5000 });
      assert.match(bytes.toString(), /^HTTP\/1\.1 200 OK[^]*"etcdserver"/);
    },
  },
  {
    name: 'what is no HTTP is answered with 400 or closed, and the next request is served',
    since,
    run: async (t) => {
      for (const port of [t.server.clientPort, t.server.peerPort]) {
        const { bytes, closed } = await rawExchange({ port, pieces: ['hello\r\n\r\n'], limitMs: 5000 });
        assert.equal(closed, true);
        assert.match(bytes.toString(), /^(HTTP\/1\.[01] 400 |$)/);
        assert.equal((await httpRequest(`http://127.0.0.1:${port}/version`)).status, 200);
      }
    },
  },
];

async function assertVersion(ask: () => Promise<HttpAnswer>): Promise<void> {
  // The version of the cluster is agreed on a moment after the first answer.
  const { status, headers, body } = await eventually(5000, async () => {
    const answer = await ask();
    return answer.body.includes('not_decided') ? undefined : answer;
  });
  assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
  const versions = JSON.parse(body) as Record<string, string>;
  assert.deepEqual(Object.keys(versions), ['etcdserver', 'etcdcluster']);
  const server = /^(3\.\d+)\.\d+$/.exec(versions['etcdserver'] ?? '');
  assert.ok(server, body);
  assert.equal(versions['etcdcluster'], `${server[1]}.0`);
}

const places: Case[] = [
  {
    name: 'every client URL of a list is served',
    since,
    server: 'none',
    run: async (t) => {
      const [second, third] = await twoUrls();
      const first = `http://127.0.0.1:${await freePort()}`;
      const all = [first, second, third].join(',');
      const server = await t.start(await withOwnPort({ 'listen-client-urls': all, 'advertise-client-urls': all }));
      for (const url of [first, second, third, server.clientUrl]) {
        assert.equal((await httpRequest(`${url}/version`)).status, 200, url);
      }
    },
  },
  {
    name: 'a URL that is given twice is one listener',
    since,
    server: 'none',
    run: async (t) => {
      const url = `http://127.0.0.1:${await freePort()}`;
      await t.start(await withOwnPort({ 'listen-client-urls': `${url},${url}`, 'advertise-client-urls': url }));
      assert.equal((await httpRequest(`${url}/version`)).status, 200);
    },
  },
  {
    name: 'every peer URL of a list is served',
    since,
    server: 'none',
    run: async (t) => {
      const urls = await twoUrls();
      const members = urls.map((url) => `n1=${url}`).join(',');
      await t.start({
        flags: {
          'listen-peer-urls': urls.join(),
          ...ifKnown(t, { 'initial-advertise-peer-urls': urls.join(), 'initial-cluster': members }),
        },
      });
      for (const url of urls) assert.equal((await httpRequest(`${url}/version`)).status, 200, url);
    },
  },
  {
    name: 'localhost in a URL is the loopback address',
    since,
    server: 'none',
    run: async (t) => {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      await t.start(await withOwnPort({ 'listen-client-urls': url, 'advertise-client-urls': url }));
      assert.equal((await httpRequest(`http://127.0.0.1:${port}/version`)).status, 200);
    },
  },
  {
    name: '0.0.0.0 in a URL is every address of the machine',
    since,
    server: 'none',
    run: async (t) => {
      const port = await freePort();
      const flags = {
        'listen-client-urls': `http://0.0.0.0:${port}`,
        'advertise-client-urls': `http://127.0.0.1:${port}`,
      };
      await t.start(await withOwnPort(flags));
      assert.equal((await httpRequest(`http://127.0.0.1:${port}/version`)).status, 200);
      assert.equal((await httpRequest(`http://127.0.0.2:${port}/version`)).status, 200);
    },
  },
  {
    name: 'a unix URL of the form host:port is a socket of that name in the working folder, gone after a stop',
    since,
    server: 'none',
    run: async (t) => {
      const name = `localhost:${await freePort()}`;
      const folder = t.folder();
      const url = `unix://${name}`;
      const server = await t.start({
        folder,
        ...(await withOwnPort({ 'listen-client-urls': url, 'advertise-client-urls': url })),
      });
      const socketPath = path.join(folder, name);
      assert.equal((await httpRequest('http://localhost/version', { socketPath })).status, 200);
      server.signal('SIGTERM');
      await server.ended(STOP_LIMIT_MS);
      assert.equal(fs.existsSync(socketPath), false);
    },
  },
  {
    name: 'a unix URL may be any path from 3.5 on, and a socket that a killed server left is replaced',
    since,
    only: '3.5',
    server: 'none',
    run: async (t) => {
      const socketPath = path.join(t.folder(), 'client.sock');
      const url = `unix://${socketPath}`;
      for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
        const server = await t.start(await withOwnPort({ 'listen-client-urls': url }));
        assert.equal((await httpRequest('http://localhost/version', { socketPath })).status, 200);
        server.signal(signal);
        await server.ended(STOP_LIMIT_MS);
      }
      assert.equal(fs.existsSync(socketPath), false);
    },
  },
];

/** `flags` with one more client URL, which the harness can ask; it is the one that {@link CaseContext.start} waits for. */
async function withOwnPort(
  flags: Record<string, string>,
): Promise<{ flags: Record<string, string>; clientPort: number }> {
  const clientPort = await freePort();
  const listen = `${flags['listen-client-urls'] ?? ''},http://127.0.0.1:${clientPort}`;
  return { flags: { ...flags, 'listen-client-urls': listen }, clientPort };
}

/** Those of `flags` that the target knows. */
function ifKnown(t: CaseContext, flags: Record<string, string>): Record<string, string> {
  const { flags: known } = t.target;
  return Object.fromEntries(Object.entries(flags).filter(([name]) => known === 'all' || known.has(name)));
}

const busy: Case[] = [
  {
    name: 'a client port in use is told, and the peer listener that was opened before it is closed',
    since,
    server: 'none',
    run: async (t) => {
      const { port, close } = await occupy();
      try {
        const server = await t.launch({ flags: { 'listen-client-urls': `http://127.0.0.1:${port}` } });
        // A listener that stayed open would keep the process alive.
        assert.deepEqual(await server.ended(REFUSAL_LIMIT_MS), { code: 1, signal: undefined });
        assert.match(server.stderr, new RegExp(`listen tcp 127\\.0\\.0\\.1:${port}: bind: address already in use`));
        assert.equal(await canListen(server.peerPort), true);
      } finally {
        close();
      }
    },
  },
  {
    name: 'a peer port in use is told',
    since,
    server: 'none',
    run: async (t) => {
      const { port, close } = await occupy();
      try {
        const url = `http://127.0.0.1:${port}`;
        const rest = ifKnown(t, { 'initial-advertise-peer-urls': url, 'initial-cluster': `n1=${url}` });
        await refusedStart(
          t,
          { flags: { 'listen-peer-urls': url, ...rest } },
          { status: 1, text: `listen tcp 127.0.0.1:${port}: bind: address already in use` },
        );
      } finally {
        close();
      }
    },
  },
  {
    name: 'the second of two client ports in use is told, and the first is free again',
    since,
    server: 'none',
    run: async (t) => {
      const { port, close } = await occupy();
      try {
        const first = await freePort();
        const urls = `http://127.0.0.1:${first},http://127.0.0.1:${port}`;
        await refusedStart(
          t,
          { flags: { 'listen-client-urls': urls } },
          { status: 1, text: `listen tcp 127.0.0.1:${port}: bind: address already in use` },
        );
        assert.equal(await canListen(first), true);
      } finally {
        close();
      }
    },
  },
  {
    name: 'a server that was killed leaves no port behind: the next one can have it at once',
    since,
    server: 'none',
    run: async (t) => {
      const first = await t.start();
      assert.equal((await get(first, '/version', { headers: { connection: 'keep-alive' } })).status, 200);
      first.signal('SIGKILL');
      await first.ended(STOP_LIMIT_MS);
      const flags = { 'listen-client-urls': first.clientUrl, 'advertise-client-urls': first.clientUrl };
      await t.start({ flags, clientPort: first.clientPort });
    },
  },
];

/** A port of 127.0.0.1 that is taken until `close`. */
async function occupy(): Promise<{ port: number; close: () => void }> {
  const port = await freePort();
  const holder = net.createServer();
  await new Promise<void>((resolve) => {
    holder.listen(port, '127.0.0.1', resolve);
  });
  return { port, close: () => void holder.close() };
}

const ends: Case[] = (['SIGTERM', 'SIGINT'] as const).flatMap((signal): Case[] => [
  {
    name: `${signal} ends the server within a second, by that signal`,
    since,
    server: 'none',
    run: async (t) => {
      const server = await t.start();
      server.signal(signal);
      assert.deepEqual(await server.ended(STOP_LIMIT_MS), { code: undefined, signal });
    },
  },
  {
    name: `${signal} ends it also while connections are open that say nothing, or half of a request`,
    since,
    notOnReal: '3.5 waits some seconds for the rest of a request',
    server: 'none',
    run: async (t) => {
      const server = await t.start();
      const sockets = ['', 'GET /version HTT', 'GET /version HTTP/1.1\r\nHost: x\r\n\r\n'].map((bytes) => {
        const socket = net.connect(server.clientPort, '127.0.0.1');
        socket.on('error', () => undefined);
        if (bytes !== '') socket.write(bytes);
        return socket;
      });
      const peer = net.connect(server.peerPort, '127.0.0.1').on('error', () => undefined);
      await eventually(5000, async () => (peer.connecting || sockets.some((one) => one.connecting) ? undefined : true));
      server.signal(signal);
      assert.deepEqual(await server.ended(STOP_LIMIT_MS), { code: undefined, signal });
      for (const socket of [...sockets, peer]) socket.destroy();
    },
  },
]);

const COMMON = { since } as const;
const listen = (url: string) => ({ flags: { 'listen-client-urls': url } });
const badUrl = (url: string, text: string) =>
  [
    `the URL ${url} is refused`,
    listen(url),
    { status: 2, text: `invalid value "${url}" for flag -listen-client-urls: ${text}` },
  ] as const;

const wrong: Case[] = [
  ...refusals(COMMON, [
    [
      'an unknown flag is refused',
      { arguments: ['--nosuch'] },
      { status: 2, text: 'flag provided but not defined: -nosuch' },
    ],
    [
      'an unknown flag with a value is named without it',
      { arguments: ['--nosuch=1'] },
      { status: 2, text: /flag provided but not defined: -nosuch\n/ },
    ],
    [
      'a flag without its value is refused',
      { arguments: ['-name'] },
      { status: 2, text: 'flag needs an argument: -name' },
    ],
    ['three dashes are no flag', { arguments: ['---name=x'] }, { status: 2, text: 'bad flag syntax: ---name=x' }],
    [
      'a word that is no flag is refused',
      { arguments: ['positional'] },
      { status: 1, text: "'positional' is not a valid flag" },
    ],
    [
      'listening on an address without advertising one is refused',
      { flags: { 'advertise-client-urls': undefined } },
      { status: 1, text: '--advertise-client-urls is required when --listen-client-urls is set explicitly' },
    ],
    badUrl('127.0.0.1:2379', 'parse "127.0.0.1:2379": first path segment in URL cannot contain colon'),
    badUrl('http://127.0.0.1', 'URL address does not have the form "host:port": http://127.0.0.1'),
    badUrl('http://', 'URL address does not have the form "host:port": http://'),
    badUrl('ftp://127.0.0.1:1', 'URL scheme must be http, https, unix, or unixs: ftp://127.0.0.1:1'),
    badUrl('http://127.0.0.1:1/path', 'URL must not contain a path: http://127.0.0.1:1/path'),
    badUrl('foo', 'URL scheme must be http, https, unix, or unixs: foo'),
    badUrl('http://127.0.0.1:abc', 'parse "http://127.0.0.1:abc": invalid port ":abc" after host'),
    [
      'one bad URL in a list spoils it',
      listen('http://127.0.0.1:22379,bar'),
      { status: 2, text: 'URL scheme must be http, https, unix, or unixs: bar' },
    ],
    [
      'a host name is nothing to listen on',
      listen('http://example.com:2379'),
      { status: 1, text: 'expected IP in URL for binding (http://example.com:2379)' },
    ],
    [
      'an empty host is nothing to listen on',
      listen('http://:2379'),
      { status: 1, text: 'expected IP in URL for binding (http://:2379)' },
    ],
    [
      'a host name is nothing to listen on for peers either',
      { flags: { 'listen-peer-urls': 'http://example.com:2380' } },
      { status: 1, text: 'expected IP in URL for binding (http://example.com:2380)' },
    ],
    [
      'a port beyond 65535 is refused',
      listen('http://127.0.0.1:99999'),
      { status: 1, text: 'listen tcp: address 99999: invalid port' },
    ],
    [
      'an address that is not of this machine is refused',
      listen('http://192.0.2.1:2379'),
      { status: 1, text: 'listen tcp 192.0.2.1:2379: bind: cannot assign requested address' },
    ],
  ]),
  {
    name: 'the last of two equal flags wins',
    since,
    server: 'none',
    run: async (t) => {
      const [first, last] = await twoUrls();
      const port = Number(new URL(last).port);
      await t.start({
        flags: { 'listen-client-urls': first },
        arguments: [`--listen-client-urls=${last}`],
        clientPort: port,
      });
      await assert.rejects(httpRequest(`${first}/version`));
    },
  },
  {
    name: 'one dash, and a blank before the value, are as good as two and an equals sign',
    since,
    server: 'none',
    run: async (t) => {
      const [url] = await twoUrls();
      await t.start({
        flags: { 'listen-client-urls': undefined },
        arguments: ['-listen-client-urls', url],
        clientPort: Number(new URL(url).port),
      });
    },
  },
];

/** The cases of 01-listeners. */
export const listenersCases: CaseGroup = {
  name: 'listeners',
  cases: [...answers, ...places, ...busy, ...ends, ...wrong],
};
