// Every path of the peer port, with what is checked of a request and in which order (spec/raft.md C2, C4). The same table is
// run against real members, where they are there: ETCD_BIN (or etcd on the PATH) and ETCD35_BIN.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Cluster as ClusterService, codecs, Lease } from '../../../../proto/load.ts';
import { RaftMessageType as Type } from '../../../../proto/schema.ts';
import { Server } from '../../../harness/server.ts';
import { findReal } from '../../../harness/target.ts';
import { CLUSTER_ID, message, TestMember, until } from './fixture.ts';

/** A member to ask. */
interface Judged {
  readonly url: string;
  readonly line: '3.4' | '3.5';
  readonly id: bigint;
  readonly clusterId: bigint;
  /** A learner that has not started. */
  readonly learner: bigint;
  /** A member that was removed. */
  readonly removed: bigint;
  /** Whether what depends on its data is known. */
  readonly isOurs: boolean;
  readonly stop: () => Promise<unknown>;
}

interface Row {
  readonly title: string;
  /** Method and path, and what else goes into the request. */
  readonly ask: (member: Judged) => Ask;
  readonly status: number;
  /** A text without its line end, or a pattern. */
  readonly body: string | RegExp | ((member: Judged) => string);
  /** Whether the cluster ID is in the answer. */
  readonly clusterId?: boolean;
  readonly allow?: string;
  readonly type?: string;
  readonly version?: boolean;
  /** The line from which on it holds. */
  readonly since?: '3.5';
}

interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string | Uint8Array;
}

const ERROR_TYPE = 'text/plain; charset=utf-8';

// Headers of a request of the learner.
function peerHeaders(
  member: Judged,
  changed: Record<string, string | undefined> = {},
): Record<string, string | undefined> {
  return {
    'X-Etcd-Cluster-ID': member.clusterId.toString(16),
    'X-Server-From': member.learner.toString(16),
    'X-Server-Version': '3.5.30',
    'X-Min-Cluster-Version': '3.0.0',
    'X-PeerURLs': 'http://127.0.0.1:1',
    ...changed,
  };
}

const raft =
  (path: string, changed: Record<string, string | undefined> = {}, body: Uint8Array = new Uint8Array(0)) =>
  (member: Judged): Ask => ({ method: 'POST', path, headers: peerHeaders(member, changed), body });

const stream =
  (kind: string, from: (member: Judged) => string, changed: Record<string, string | undefined> = {}) =>
  (member: Judged): Ask => ({
    method: 'GET',
    path: `/raft/stream/${kind}/${from(member)}`,
    headers: peerHeaders(member, { 'X-Raft-To': member.id.toString(16), ...changed }),
  });

const learner = (member: Judged): string => member.learner.toString(16);
const encode = codecs['raftpb.Message'].encode;
const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
const UNKNOWN = 'abcdef';
const OTHER_CLUSTER = { 'X-Etcd-Cluster-ID': 'abc' };
const OLD = { 'X-Server-Version': '2.3.8' };

const CHECKED = ['/raft', '/raft/snapshot'].flatMap((path): Row[] => [
  {
    title: `GET ${path}`,
    ask: () => ({ method: 'GET', path }),
    status: 405,
    body: 'Method Not Allowed',
    allow: 'POST',
  },
  {
    title: `POST ${path} without headers`,
    ask: () => ({ method: 'POST', path, body: 'x' }),
    status: 412,
    body: 'incompatible version',
    clusterId: true,
  },
  {
    title: `POST ${path} of an old member of another cluster`,
    ask: raft(path, { ...OLD, ...OTHER_CLUSTER }),
    status: 412,
    body: 'incompatible version',
    clusterId: true,
  },
  {
    title: `POST ${path} of a member that needs a newer cluster`,
    ask: raft(path, { 'X-Min-Cluster-Version': '3.99.0' }),
    status: 412,
    body: 'incompatible version',
    clusterId: true,
  },
  {
    title: `POST ${path} of a newer member`,
    ask: raft(path, { ...OTHER_CLUSTER, 'X-Server-Version': '9.9.9' }),
    status: 412,
    body: 'cluster ID mismatch',
    clusterId: true,
  },
  {
    title: `POST ${path} of another cluster`,
    ask: raft(path, OTHER_CLUSTER),
    status: 412,
    body: 'cluster ID mismatch',
    clusterId: true,
  },
  {
    title: `POST ${path} of no cluster`,
    ask: raft(path, { 'X-Etcd-Cluster-ID': undefined }),
    status: 412,
    body: 'cluster ID mismatch',
    clusterId: true,
  },
]);

const MESSAGES: readonly Row[] = [
  {
    title: 'POST /raft with no message',
    ask: raft('/raft', {}, Buffer.from('\x12\xff')),
    status: 400,
    body: 'error unmarshalling raft message',
    clusterId: true,
  },
  {
    title: 'POST /raft with a message',
    ask: (member) =>
      raft(
        '/raft',
        {},
        encode(message(Type.MsgHeartbeatResp, { to: member.id, from: member.learner, term: 1 })),
      )(member),
    status: 204,
    body: '',
    clusterId: true,
  },
  {
    title: 'POST /raft with a message of a removed member',
    ask: (member) =>
      raft('/raft', {}, encode(message(Type.MsgHeartbeatResp, { to: member.id, from: member.removed })))(member),
    status: 500,
    body: 'error processing raft message',
    clusterId: true,
  },
  {
    title: 'POST /raft with a message for another member',
    ask: (member) =>
      raft('/raft', {}, encode(message(Type.MsgHeartbeatResp, { to: 1n, from: member.learner })))(member),
    status: 500,
    body: 'error processing raft message',
    clusterId: true,
    since: '3.5',
  },
  {
    title: 'POST /raft/snapshot with nothing',
    ask: raft('/raft/snapshot'),
    status: 400,
    body: 'failed to decode raft message (EOF)',
    clusterId: true,
  },
  {
    title: 'POST /raft/snapshot with half a length',
    ask: raft('/raft/snapshot', {}, Buffer.alloc(5)),
    status: 400,
    body: 'failed to decode raft message (unexpected EOF)',
    clusterId: true,
  },
  {
    title: 'POST /raft/snapshot with half a message',
    ask: raft('/raft/snapshot', {}, Buffer.concat([u64(9n), Buffer.from([8, 7])])),
    status: 400,
    body: 'failed to decode raft message (unexpected EOF)',
    clusterId: true,
  },
  {
    title: 'POST /raft/snapshot with too long a message',
    ask: raft('/raft/snapshot', {}, u64(2n ** 62n)),
    status: 400,
    body: 'failed to decode raft message (rafthttp: error limit exceeded)',
    clusterId: true,
    since: '3.5',
  },
  {
    title: 'POST /raft/snapshot with another message',
    ask: (member) => {
      const body = encode(message(Type.MsgHeartbeatResp, { to: member.id, from: member.learner }));
      return raft('/raft/snapshot', {}, Buffer.concat([u64(BigInt(body.length)), body]))(member);
    },
    status: 400,
    body: 'wrong raft message type',
    clusterId: true,
  },
];

const STREAMS: readonly Row[] = [
  {
    title: 'POST a stream',
    ask: (member) => ({ ...stream('message', learner)(member), method: 'POST' }),
    status: 405,
    body: 'Method Not Allowed',
    allow: 'GET',
  },
  {
    title: 'a stream of an old member',
    ask: stream('message', learner, OLD),
    status: 412,
    body: 'incompatible version',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream of another cluster, of an unknown kind',
    ask: stream('x', learner, OTHER_CLUSTER),
    status: 412,
    body: 'cluster ID mismatch',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream of an unknown kind',
    ask: stream('msgappv2', () => 'zz'),
    status: 404,
    body: 'invalid path',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream of no ID',
    ask: stream('msgapp', () => 'zz'),
    status: 404,
    body: 'invalid from',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream of an ID of more than 64 bits',
    ask: stream('msgapp', () => '10000000000000000'),
    status: 404,
    body: 'invalid from',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream of a removed member, for another one',
    ask: stream('msgapp', (member) => member.removed.toString(16), { 'X-Raft-To': '1' }),
    status: 410,
    body: 'removed member',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream of an unknown member, for another one',
    ask: stream('message', () => UNKNOWN, { 'X-Raft-To': '1' }),
    status: 404,
    body: 'error sender not found',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream for another member',
    ask: stream('message', learner, { 'X-Raft-To': '1' }),
    status: 412,
    body: 'to field mismatch',
    clusterId: true,
    version: true,
  },
  {
    title: 'a stream for nobody',
    ask: stream('message', learner, { 'X-Raft-To': undefined }),
    status: 412,
    body: 'to field mismatch',
    clusterId: true,
    version: true,
  },
];

const leaseBody = (id: bigint): Uint8Array => codecs['etcdserverpb.LeaseKeepAliveRequest'].encode({ ID: id });
const timesBody = (id: bigint): Uint8Array =>
  codecs['leasepb.LeaseInternalRequest'].encode({ LeaseTimeToLiveRequest: { ID: id, keys: true } });
const hashkv =
  (body: string, headers: Record<string, string> = {}) =>
  (): Ask => ({ method: 'GET', path: '/members/hashkv', headers, body });

const OTHERS: readonly Row[] = [
  {
    title: 'GET /raft/probing',
    ask: () => ({ method: 'GET', path: '/raft/probing' }),
    status: 200,
    body: /^\{"OK":true,"Now":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"]*"\}\n$/,
    type: ERROR_TYPE,
  },
  {
    title: 'GET /raft/other',
    ask: () => ({ method: 'GET', path: '/raft/other' }),
    status: 404,
    body: '404 page not found',
  },
  {
    title: 'GET /members/',
    ask: () => ({ method: 'GET', path: '/members/' }),
    status: 404,
    body: '404 page not found',
  },
  {
    title: 'GET /members',
    ask: () => ({ method: 'GET', path: '/members' }),
    status: 200,
    body: ({ id, learner: other, url, isOurs }) => {
      const own = `{"id":${id},"peerURLs":["${url}"],"name":"n1"${isOurs ? '' : ',"clientURLs":["CLIENT"]'}}`;
      const second = `{"id":${other},"peerURLs":["http://127.0.0.1:1"],"isLearner":true}`;
      return `[${(id < other ? [own, second] : [second, own]).join(',')}]\n`;
    },
    clusterId: true,
    type: 'application/json',
  },
  {
    title: 'POST /members',
    ask: () => ({ method: 'POST', path: '/members' }),
    status: 405,
    body: 'Method Not Allowed',
    allow: 'GET',
  },
  {
    title: 'POST /version',
    ask: () => ({ method: 'POST', path: '/version' }),
    status: 405,
    body: 'Method Not Allowed',
    allow: 'GET',
  },
  {
    title: 'GET promote',
    ask: () => ({ method: 'GET', path: '/members/promote/1' }),
    status: 405,
    body: 'Method Not Allowed',
    allow: 'POST',
  },
  {
    title: 'promote no ID',
    ask: () => ({ method: 'POST', path: '/members/promote/zz' }),
    status: 404,
    body: 'member zz not found in cluster',
    clusterId: true,
  },
  {
    title: 'promote an unknown member',
    ask: () => ({ method: 'POST', path: '/members/promote/77' }),
    status: 404,
    body: 'membership: ID not found',
    clusterId: true,
  },
  {
    title: 'promote a voter',
    ask: ({ id }) => ({ method: 'POST', path: `/members/promote/${id}` }),
    status: 412,
    body: 'membership: can only promote a learner member',
    clusterId: true,
  },
  {
    title: 'promote a learner that lags',
    ask: (member) => ({ method: 'POST', path: `/members/promote/${member.learner}` }),
    status: 412,
    body: 'etcdserver: can only promote a learner member which is in sync with leader',
    clusterId: true,
  },
  {
    title: 'GET /members/hashkv',
    ask: hashkv('{"revision":1}'),
    status: 200,
    body: '{"header":{"revision":1},"hash":1084519789,"compact_revision":-1}',
    clusterId: true,
    type: 'application/json',
  },
  {
    title: 'GET /members/hashkv at the newest',
    ask: hashkv('{}'),
    status: 200,
    body: '{"header":{"revision":1},"hash":1084519789,"compact_revision":-1}',
    clusterId: true,
    type: 'application/json',
  },
  {
    title: 'GET /members/hashkv without a body',
    ask: hashkv(''),
    status: 400,
    body: 'error unmarshalling request',
  },
  {
    title: 'GET /members/hashkv of no number',
    ask: hashkv('{"revision":"1"}'),
    status: 400,
    body: 'error unmarshalling request',
  },
  {
    title: 'GET /members/hashkv of the future',
    ask: hashkv('{"revision":99}'),
    status: 400,
    body: 'mvcc: required revision is a future revision',
  },
  {
    title: 'GET /members/hashkv of another cluster',
    ask: hashkv('{}', OTHER_CLUSTER),
    status: 412,
    body: 'cluster ID mismatch',
    since: '3.5',
  },
  { title: 'GET /leases', ask: () => ({ method: 'GET', path: '/leases' }), status: 405, body: 'Method Not Allowed' },
  {
    title: 'POST /leases with no request',
    ask: () => ({ method: 'POST', path: '/leases', body: '\x08' }),
    status: 400,
    body: 'error unmarshalling request',
  },
  {
    title: 'POST /leases of an unknown lease',
    ask: () => ({ method: 'POST', path: '/leases', body: leaseBody(99n) }),
    status: 404,
    body: 'lease not found',
  },
  {
    title: 'POST /leases',
    ask: () => ({ method: 'POST', path: '/leases', body: leaseBody(7n) }),
    status: 200,
    body: '\x10\x07\x18\x64',
    type: 'application/protobuf',
  },
  {
    title: 'POST /leases/internal with no request',
    ask: () => ({ method: 'POST', path: '/leases/internal', body: '\x08' }),
    status: 400,
    body: 'error unmarshalling request',
  },
  {
    title: 'POST /leases/internal of an unknown lease',
    ask: () => ({ method: 'POST', path: '/leases/internal', body: timesBody(99n) }),
    status: 404,
    body: 'lease not found',
  },
  {
    title: 'POST /leases/internal',
    ask: () => ({ method: 'POST', path: '/leases/internal', body: timesBody(7n) }),
    status: 200,
    body: /^\x0a.\x0a\x00\x10\x07\x18[\x5f-\x64]\x20\x64/,
    type: 'application/protobuf',
  },
  {
    title: 'GET /downgrade/enabled',
    ask: () => ({ method: 'GET', path: '/downgrade/enabled' }),
    status: 200,
    body: 'false',
    clusterId: true,
    type: 'text/plain',
    since: '3.5',
  },
];

const ROWS: readonly Row[] = [...CHECKED, ...MESSAGES, ...STREAMS, ...OTHERS];

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
    const request = http.request(member.url + path, { headers: headers as never, agent: false });
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
