// The paths of the peer port as a table: a request, and what a member answers (spec/raft.md C2, C4). routes.test.ts runs it.

import { codecs } from '../../../../proto/load.ts';
import { RaftMessageType as Type } from '../../../../proto/schema.ts';
import { message } from './fixture.ts';

/** A member to ask. */
export interface Judged {
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

export interface Row {
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

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string | Uint8Array;
}

export const ERROR_TYPE = 'text/plain; charset=utf-8';

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

/** A stream of the member `from`, from which `member` reads nothing yet. */
export const stream =
  (kind: string, from: (member: Judged) => string, changed: Record<string, string | undefined> = {}) =>
  (member: Judged): Ask => ({
    method: 'GET',
    path: `/raft/stream/${kind}/${from(member)}`,
    headers: peerHeaders(member, { 'X-Raft-To': member.id.toString(16), ...changed }),
  });

/** The ID of the learner in a path. */
export const learner = (member: Judged): string => member.learner.toString(16);
const encode = (value: Parameters<(typeof codecs)['raftpb.Message']['encode']>[0]): Uint8Array =>
  codecs['raftpb.Message'].encode(value);
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
// An answer with an empty header, ID 7, less than 100 s left of 100 s; Go members leave out the keys, of which there are none.
const TIMES = new RegExp(String.raw`^\x0a.\x0a\x00\x10\x07\x18[\x5f-\x64]\x20\x64`);
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
    body: TIMES,
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

/** All of them, in the order of their paths. */
export const ROWS: readonly Row[] = [...CHECKED, ...MESSAGES, ...STREAMS, ...OTHERS];
