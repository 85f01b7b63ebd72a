// HTTP/1 on both ports: access control, health and what else a default server answers (spec/rpc.md 14, spec/cli.md A.7, rows
// of 17.8). What the first step answers already is in listeners.cases.ts.

import assert from 'node:assert/strict';
import { KV, Maintenance } from '../../proto/load.ts';
import { type HttpAnswer, httpRequest } from '../harness/http.ts';
import { rawExchange } from '../harness/raw_socket.ts';
import type { Case, CaseGroup } from './case.ts';
import { eventually, get } from './starting.ts';

const since = 'final';
const TEXT = 'text/plain; charset=utf-8';
const CORS = {
  'access-control-allow-headers': 'accept, content-type, authorization',
  'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE',
} as const;

/** The headers of web pages that an answer has. */
function corsOf({ headers }: HttpAnswer): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}

const origins: Case[] = [
  {
    name: 'by default any origin may call, and every answer says so (row 196)',
    since,
    run: async (t) => {
      for (const [path, method, status] of [
        ['/version', 'GET', 200],
        ['/version', 'POST', 405],
        ['/nope', 'GET', 404],
        ['/nope', 'OPTIONS', 200],
      ] as const) {
        const answer = await get(t.server, path, { method, headers: { origin: 'http://page.example:1' } });
        assert.deepEqual([answer.status, corsOf(answer)], [status, { ...CORS, 'access-control-allow-origin': '*' }]);
      }
      assert.equal(corsOf(await get(t.server, '/version'))['access-control-allow-origin'], '*');
    },
  },
  {
    name: '--cors names the origins that may call: those are echoed, others get no such headers (row 196)',
    since,
    server: 'fresh',
    flags: { cors: 'http://a.example:1,http://b.example:2' },
    run: async (t) => {
      const ask = (origin: string, method = 'GET') => get(t.server, '/version', { method, headers: { origin } });
      for (const origin of ['http://a.example:1', 'http://b.example:2']) {
        assert.deepEqual(corsOf(await ask(origin)), { ...CORS, 'access-control-allow-origin': origin });
      }
      for (const origin of ['http://c.example:3', 'http://a.example', '*', 'null']) {
        assert.deepEqual(corsOf(await ask(origin)), {}, origin);
      }
      const preflight = await ask('http://c.example:3', 'OPTIONS');
      assert.deepEqual([preflight.status, preflight.body, corsOf(preflight)], [200, '', {}]);
      assert.deepEqual(corsOf(await get(t.server, '/version')), {});
    },
  },
  {
    name: 'OPTIONS is 200 and empty on every path',
    since,
    run: async (t) => {
      for (const path of ['/', '/version', '/health', '/nope', '/v3/kv/range']) {
        const { status, body, headers } = await get(t.server, path, { method: 'OPTIONS' });
        assert.deepEqual([status, body, headers['content-length']], [200, '', '0'], path);
      }
    },
  },
];

const hosts: Case[] = [
  {
    name: '--host-whitelist refuses other host names with 421, on the client port only (row 193)',
    since,
    server: 'fresh',
    flags: { 'host-whitelist': 'good.example,127.0.0.1' },
    run: async (t) => {
      const ask = (host: string) => get(t.server, '/version', { headers: { host } });
      for (const host of ['good.example', 'good.example:99', '127.0.0.1', '127.0.0.1:2379']) {
        assert.equal((await ask(host)).status, 200, host);
      }
      for (const host of ['evil.example', 'evil.example:99', 'GOOD.example', 'good.example.evil', '[::1]']) {
        const { status, headers, body } = await ask(host);
        assert.deepEqual([status, headers['content-type'], headers['x-content-type-options']], [421, TEXT, 'nosniff']);
        assert.match(body, /^\n[^]*--host-whitelist "[^]*CVE-2018-5702|^\n[^]*CVE-2018-5702[^]*--host-whitelist "/);
      }
      const refused = await get(t.server, '/version', { method: 'OPTIONS', headers: { host: 'evil.example' } });
      assert.deepEqual([refused.status, corsOf(refused)], [421, {}]);
      const peer = await httpRequest(`${t.server.peerUrl}/version`, { headers: { host: 'evil.example' } });
      assert.equal(peer.status, 200);
    },
  },
  {
    name: 'the whitelist is not for gRPC',
    since,
    server: 'fresh',
    flags: { 'host-whitelist': 'good.example,127.0.0.1' },
    run: async (t) => {
      const client = t.server.grpc(`localhost:${t.server.clientPort}`);
      assert.equal((await client.unary(KV.methods.Range, { key: t.key('k') })).code, 0);
    },
  },
];

/** A case that the answers to GET on the client port, or the peer port, are these. */
function pages(
  name: string,
  rows: readonly (readonly [path: string, status: number, body: string | RegExp])[],
  extra: Partial<Case> = {},
): Case {
  return {
    name,
    since,
    ...extra,
    run: async (t) => {
      for (const [path, status, body] of rows) {
        const answer = await get(t.server, path);
        assert.equal(answer.status, status, path);
        if (typeof body === 'string') assert.equal(answer.body, body, path);
        else assert.match(answer.body, body, path);
      }
    },
  };
}

const checks: Case[] = [
  pages(
    '/livez and /readyz answer ok, and so do the checks behind them (row 191)',
    [
      ['/livez', 200, 'ok\n'],
      ['/livez/serializable_read', 200, 'ok\n'],
      ['/livez/nope', 404, '404 page not found\n'],
      ['/livez/linearizable_read', 404, '404 page not found\n'],
      ['/readyz', 200, 'ok\n'],
      ['/readyz/data_corruption', 200, 'ok\n'],
      ['/readyz/serializable_read', 200, 'ok\n'],
      ['/readyz/linearizable_read', 200, 'ok\n'],
      ['/readyz/non_learner', 200, 'ok\n'],
      ['/readyz/nope', 404, '404 page not found\n'],
      ['/livez?verbose', 200, '[+]serializable_read ok\nok\n'],
      ['/livez?verbose&exclude=serializable_read', 200, 'ok\n'],
      ['/livez?exclude=nope', 200, 'ok\n'],
    ],
    { only: '3.5' },
  ),
  {
    name: '/readyz?verbose names each check, but those that are excluded',
    since,
    only: '3.5',
    run: async (t) => {
      const lines = async (path: string): Promise<string[]> => (await get(t.server, path)).body.split('\n').sort();
      const all = ['data_corruption', 'linearizable_read', 'non_learner', 'serializable_read'].map(
        (one) => `[+]${one} ok`,
      );
      assert.deepEqual(await lines('/readyz?verbose'), ['', ...all, 'ok']);
      assert.deepEqual(await lines('/readyz?verbose&exclude=data_corruption&exclude=non_learner'), [
        '',
        `[+]linearizable_read ok`,
        `[+]serializable_read ok`,
        'ok',
      ]);
      const { headers } = await get(t.server, '/readyz');
      assert.deepEqual([headers['content-type'], headers['x-content-type-options']], [TEXT, 'nosniff']);
    },
  },
  {
    name: 'only GET is allowed on /livez and /readyz',
    since,
    only: '3.5',
    run: async (t) => {
      for (const path of ['/livez', '/readyz', '/readyz/non_learner']) {
        const { status, headers } = await get(t.server, path, { method: 'POST' });
        assert.deepEqual([status, headers.allow], [405, 'GET'], path);
      }
    },
  },
  pages(
    '/config/local/log is gone (row 192)',
    [
      ['/config/local/log', 404, '404 page not found\n'],
      ['/debug/pprof/', 404, '404 page not found\n'],
    ],
    { only: '3.5', since: '01-listeners' },
  ),
];

const rest: Case[] = [
  {
    name: '/members on the peer port lists the member, with the ID of the cluster in a header',
    since,
    run: async (t) => {
      const { header } = await t.ok(KV.methods.Range, { key: t.key('k') });
      // The client URLs are known a moment after the start.
      const answer = await eventually(5000, async () => {
        const one = await httpRequest(`${t.server.peerUrl}/members`);
        return one.body.includes('"clientURLs":["http') ? one : undefined;
      });
      const { peerUrl, clientUrl } = t.server;
      assert.deepEqual(
        [answer.status, answer.headers['content-type'], answer.headers['x-etcd-cluster-id'], answer.body],
        [
          200,
          'application/json',
          header?.cluster_id.toString(16),
          `[{"id":${header?.member_id},"peerURLs":["${peerUrl}"],"name":"n1","clientURLs":["${clientUrl}"]}]\n`,
        ],
      );
      assert.equal((await httpRequest(`${peerUrl}/members`, { method: 'POST' })).status, 405);
    },
  },
  {
    name: 'an upgrade to HTTP/2 is ignored and answered over HTTP/1.1',
    since: '01-listeners',
    run: async (t) => {
      const request =
        'GET /version HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n';
      const { bytes } = await rawExchange({ port: t.server.clientPort, pieces: [request], limitMs: 500 });
      assert.match(bytes.toString(), /^HTTP\/1\.1 200 OK\r\n[^]*"etcdserver"/);
    },
  },
  {
    name: 'HTTP/1.0 is answered and closed',
    since: '01-listeners',
    run: async (t) => {
      const { bytes, closed } = await rawExchange({
        port: t.server.clientPort,
        pieces: ['GET /version HTTP/1.0\r\n\r\n'],
        limitMs: 5000,
      });
      assert.match(bytes.toString(), /^HTTP\/1\.[01] 200 OK\r\n/);
      assert.equal(closed, true);
    },
  },
  {
    name: 'headers of 8 KiB are accepted',
    since: '01-listeners',
    run: async (t) => {
      assert.equal((await get(t.server, '/version', { headers: { 'x-big': 'a'.repeat(8192) } })).status, 200);
    },
  },
  {
    name: 'the peer port serves gRPC as well',
    since,
    run: async (t) => {
      const peer = t.server.grpc(`127.0.0.1:${t.server.peerPort}`);
      const { response } = await peer.unary(Maintenance.methods.Status, {});
      assert.equal(response?.leader, response?.header?.member_id);
      assert.equal((await peer.unary(KV.methods.Put, { key: t.key('peer'), value: t.key('v') })).code, 0);
      const { kvs } = await t.ok(KV.methods.Range, { key: t.key('peer') });
      assert.equal(kvs.length, 1);
    },
  },
  {
    name: 'headers beyond 16 KiB are 431',
    since: '01-listeners',
    notOnReal: 'its limit is 1 MiB; ours is named in limits.ts',
    run: async (t) => {
      assert.equal((await get(t.server, '/version', { headers: { 'x-big': 'a'.repeat(20_000) } })).status, 431);
    },
  },
  {
    name: 'the JSON gateway says that it is not yet implemented',
    since,
    notOnReal: 'it has one',
    run: async (t) => {
      for (const path of ['/v3/kv/range', '/v3beta/kv/put', '/v3/watch']) {
        const { status, headers, body } = await get(t.server, path, { method: 'POST', body: '{}' });
        assert.deepEqual([status, headers['content-type'], JSON.parse(body).code], [501, 'application/json', 12]);
        assert.match(body, /not yet implemented/);
      }
      assert.equal((await get(t.server, '/v3alpha/kv/range', { method: 'POST' })).status, 404);
    },
  },
];

/** The cases of HTTP that are no matter of a step of its own. */
export const httpCases: CaseGroup = { name: 'http', cases: [...origins, ...hosts, ...checks, ...rest] };
