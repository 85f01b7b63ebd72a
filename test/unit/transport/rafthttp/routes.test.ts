// Every path of the peer port, with what is checked of a request and in which order (spec/raft.md C2, C4). The same table is
// run against real members, where they are there: ETCD_BIN (or etcd on the PATH) and ETCD35_BIN.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Cluster as ClusterService, Lease } from '../../../../proto/load.ts';
import { Server } from '../../../harness/server.ts';
import { findReal } from '../../../harness/target.ts';
import { CLUSTER_ID, TestMember, until } from './fixture.ts';
import { type Ask, ERROR_TYPE, type Judged, learner, ROWS, type Row, stream } from './routes_table.ts';

describe('the peer port of this member', () => judge(startOurs));
for (const [variable, name] of [
  ['ETCD_BIN', 'etcd'],
  ['ETCD35_BIN', 'etcd 3.5'],
] as const) {
  const target = findReal(variable);
  describe(
    `the peer port of the real ${target?.label ?? name}`,
    { skip: target === undefined && `set ${variable}` },
    () => judge(() => startReal(variable)),
  );
}

function judge(start: () => Promise<Judged>): void {
  let member: Judged;
  before(async () => {
    member = await start();
  });
  after(async () => member.stop());

  for (const row of ROWS) {
    it(row.title, async (t) => {
      if (row.since === '3.5' && member.line === '3.4') return t.skip('not in 3.4');
      const answer = await ask(member.url, row.ask(member));
      const clientUrl = /"clientURLs":\["([^"]*)"\]/.exec(answer.body)?.[1] ?? '';
      const body = clientUrl === '' ? answer.body : answer.body.replace(clientUrl, 'CLIENT');
      if (row.body instanceof RegExp) assert.match(body, row.body);
      else if (typeof row.body === 'function') assert.equal(body, row.body(member));
      else assert.equal(body, answer.status >= 400 ? `${row.body}\n` : row.body);
      assert.deepEqual(relevant(answer), expected(row, member));
    });
  }

  for (const [kind, heartbeat] of [
    ['msgapp', '00'],
    ['message', '000000000000001e08081000180020002800300040004a0a12080a0228001000180050005800'],
  ] as const) {
    it(`a ${kind} stream begins, shows that it lives, and gives way to the next one`, async () => {
      const [first, next] = [await openStream(member, kind), await openStream(member, kind)];
      assert.equal(await first.ended, true, 'the first one');
      assert.equal(next.response.statusCode, 200);
      assert.equal(next.response.headers['x-etcd-cluster-id'], member.clusterId.toString(16));
      assert.match(String(next.response.headers['x-server-version']), /^3\.\d+\.\d+$/);
      assert.equal(next.response.headers['transfer-encoding'], 'chunked');
      await next.shows(heartbeat);
      next.request.destroy();
    });
  }
}

function expected(row: Row, member: Judged): Record<string, unknown> {
  const isError = row.status >= 400;
  return {
    status: row.status,
    type: isError ? ERROR_TYPE : row.type,
    options: isError ? 'nosniff' : undefined,
    clusterId: row.clusterId === true ? member.clusterId.toString(16) : undefined,
    allow: row.allow,
    hasVersion: row.version === true,
  };
}

function relevant({ status, headers }: Answer): Record<string, unknown> {
  return {
    status,
    type: headers['content-type'],
    options: headers['x-content-type-options'],
    clusterId: headers['x-etcd-cluster-id'],
    allow: headers.allow,
    hasVersion: headers['x-server-version'] !== undefined,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

// An answer that is cut off counts as far as it came: a Go member drops the connection behind some errors.
function ask(url: string, { method, path, headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const given = Object.entries({ ...length, ...headers }).filter(([, value]) => value !== undefined);
    const request = http.request(url + path, { method, headers: Object.fromEntries(given) as never, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', () => {});
      response.on('close', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.end(body);
  });
}

interface Opened {
  readonly request: http.ClientRequest;
  readonly response: http.IncomingMessage;
  /** Resolves when these bytes, in hexadecimal, have come; what else comes is up to raft. */
  readonly shows: (bytes: string) => Promise<void>;
  /** Resolves to whether the body ended in order. */
  readonly ended: Promise<boolean>;
}

function openStream(member: Judged, kind: string): Promise<Opened> {
  const { path, headers = {} } = stream(kind, learner)(member);
  return new Promise((resolve, reject) => {
    const request = http.request(member.url + path, { headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString('hex');
      });
      const shows = (bytes: string): Promise<void> => until(`${bytes} on the stream`, () => text.includes(bytes));
      const ended = new Promise<boolean>((got) => {
        response.on('end', () => got(true)).on('error', () => got(false));
      });
      resolve({ request, response, shows, ended });
    });
    request.end();
  });
}

async function startOurs(): Promise<Judged> {
  const own = await TestMember.start(0x8e9e05c52164694dn);
  const [other, removed] = [5n, 6n];
  own.cluster.put({ id: other, name: '', peerUrls: ['http://127.0.0.1:1'], clientUrls: [], isLearner: true });
  own.transport.addPeer(other, ['http://127.0.0.1:1']);
  own.handler.removed.add(removed);
  const { url, id } = own;
  return { url, line: '3.5', id, clusterId: CLUSTER_ID, learner: other, removed, isOurs: true, stop: () => own.stop() };
}

async function startReal(variable: 'ETCD_BIN' | 'ETCD35_BIN'): Promise<Judged> {
  const target = findReal(variable);
  assert.ok(target?.line !== undefined);
  // The default logger of 3.4 ends the connection where it should log.
  const server = await Server.start(target, { flags: target.line === '3.4' ? { logger: 'zap' } : {} });
  const client = server.grpc();
  const change = async (port: number): Promise<bigint> => {
    const request = { peerURLs: [`http://127.0.0.1:${port}`], isLearner: true };
    const { response, message: problem } = await client.unary(ClusterService.methods.MemberAdd, request);
    assert.ok(response?.member !== undefined, problem);
    return response.member.ID;
  };
  const removed = await change(2);
  await client.unary(ClusterService.methods.MemberRemove, { ID: removed });
  const other = await change(1);
  await client.unary(Lease.methods.LeaseGrant, { ID: 7n, TTL: 100 });
  const { response } = await client.unary(ClusterService.methods.MemberList, {});
  assert.ok(response?.header !== undefined);
  return {
    url: server.peerUrl,
    line: target.line,
    id: response.header.member_id,
    clusterId: response.header.cluster_id,
    learner: other,
    removed,
    isOurs: false,
    stop: () => server.stop(),
  };
}
