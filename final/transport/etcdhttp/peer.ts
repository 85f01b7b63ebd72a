// The HTTP paths of the peer port, one a line. Mirrors etcd's etcdhttp/peer.go; those below /raft are in rafthttp/routes.ts.

import type http from 'node:http';
import { type ErrorKind, EtcdError } from '../../core/errors.ts';
import { HTTP_BODY_BYTES } from '../../limits.ts';
import type { Logger } from '../../ports.ts';
import type { Cluster, Member } from '../../server/cluster.ts';
import { encodeMember } from '../../server/member_json.ts';
import { getOnly, type HttpHandler, type HttpRoutes, methodOnly, readBody, route, send, sendText } from './base.ts';
import { type LeaseApi, leaseTimesHandler, renewHandler } from './lease.ts';
import { versionHandler } from './version.ts';

/** What other members can ask of this one, beside the messages of raft. */
export interface PeerApi extends LeaseApi {
  readonly cluster: Cluster;
  /** Makes a learner a voter and resolves to all members. Rejects with EtcdError MemberNotFound, MemberNotLearner, LearnerNotReady. */
  promoteMember(id: bigint): Promise<readonly Member[]>;
  /** Hash of the store at `revision`, 0 = the newest. Throws EtcdError Compacted or FutureRev. */
  hashKV(revision: number): HashKV;
}

export interface HashKV {
  readonly hash: number;
  readonly revision: number;
  /** −1 before the first compaction. */
  readonly compactRevision: number;
}

/** The handler of the peer port; `raft`: the paths below /raft. */
export function memberHandler(api: PeerApi, raft: HttpRoutes, log: Logger): HttpHandler {
  return route(
    new Map<string, HttpHandler>([
      ...raft,
      ['/version', versionHandler(api.cluster)],
      ['/members', membersHandler(api.cluster)],
      [PROMOTE_PATH, promoteHandler(api, log)],
      ['/members/hashkv', hashKVHandler(api)],
      ['/leases', renewHandler(api)],
      ['/leases/internal', leaseTimesHandler(api)],
      ['/downgrade/enabled', downgradeHandler(api.cluster)],
    ]),
  );
}

const PROMOTE_PATH = '/members/promote/';

function membersHandler(cluster: Cluster): HttpHandler {
  return getOnly((_request, response) => {
    setClusterId(response, cluster);
    sendMembers(response, cluster.members);
  });
}

// What cannot be said by a status of its own is 500.
const PROMOTE_PROBLEMS: ReadonlyMap<ErrorKind, readonly [status: number, text: string]> = new Map([
  ['MemberNotFound', [404, 'membership: ID not found']],
  ['MemberNotLearner', [412, 'membership: can only promote a learner member']],
  ['LearnerNotReady', [412, 'etcdserver: can only promote a learner member which is in sync with leader']],
]);

function promoteHandler(api: PeerApi, log: Logger): HttpHandler {
  return methodOnly('POST', (request, response) => {
    setClusterId(response, api.cluster);
    const path = (request.url ?? '').split('?', 1)[0] as string;
    const text = path.slice(PROMOTE_PATH.length);
    const id = /^\d{1,20}$/.test(text) ? BigInt(text) : 2n ** 64n;
    if (id >= 2n ** 64n) return sendText(response, 404, `member ${text} not found in cluster\n`);
    api.promoteMember(id).then(
      (members) => sendMembers(response, members),
      (error: Error) => {
        const problem = error instanceof EtcdError ? PROMOTE_PROBLEMS.get(error.kind) : undefined;
        if (problem !== undefined) return sendText(response, problem[0], `${problem[1]}\n`);
        log.warn('failed to promote a member', { 'member-id': id.toString(16), error: error.message });
        const message = JSON.stringify({ message: 'Internal Server Error' });
        send(response, { status: 500, type: 'application/json', text: message });
      },
    );
  });
}

function sendMembers(response: http.ServerResponse, members: readonly Member[]): void {
  send(response, { status: 200, type: 'application/json', text: `[${members.map(encodeMember).join(',')}]\n` });
}

// The revision is in the body of a GET.
function hashKVHandler(api: PeerApi): HttpHandler {
  return getOnly((request, response) => {
    const asked = request.headers['x-etcd-cluster-id'];
    if (asked !== undefined && asked !== '' && asked !== api.cluster.id.toString(16)) {
      return sendText(response, 412, 'cluster ID mismatch\n');
    }
    void answerHashKV(api, request, response);
  });
}

async function answerHashKV(api: PeerApi, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const body = await readBody(request, HTTP_BODY_BYTES);
  if (body === undefined) return sendText(response, 400, 'error reading body\n');
  const revision = revisionOf(body.toString('utf8'));
  if (revision === undefined) return sendText(response, 400, 'error unmarshalling request\n');
  try {
    const text = hashKVJson(api.hashKV(revision));
    setClusterId(response, api.cluster);
    send(response, { status: 200, type: 'application/json', text });
  } catch (error) {
    sendText(response, 400, `${hashKVProblem(error as Error)}\n`);
  }
}

function revisionOf(text: string): number | undefined {
  try {
    const value = JSON.parse(text) as { readonly revision?: unknown } | null;
    if (typeof value !== 'object' || Array.isArray(value)) return undefined;
    const revision = value?.revision ?? 0;
    return typeof revision === 'number' && Number.isInteger(revision) ? revision : undefined;
  } catch {
    return undefined;
  }
}

// A member leaves out what is zero.
function hashKVJson({ hash, revision, compactRevision }: HashKV): string {
  return JSON.stringify({
    header: revision === 0 ? {} : { revision },
    ...(hash === 0 ? {} : { hash }),
    ...(compactRevision === 0 ? {} : { compact_revision: compactRevision }),
  });
}

function hashKVProblem(error: Error): string {
  if (!(error instanceof EtcdError)) return error.message;
  if (error.kind === 'Compacted') return 'mvcc: required revision has been compacted';
  return error.kind === 'FutureRev' ? 'mvcc: required revision is a future revision' : error.kind;
}

// No downgrade can be begun.
function downgradeHandler(cluster: Cluster): HttpHandler {
  return getOnly((_request, response) => {
    setClusterId(response, cluster);
    send(response, { status: 200, type: 'text/plain', text: 'false' });
  });
}

function setClusterId(response: http.ServerResponse, cluster: Cluster): void {
  response.setHeader('X-Etcd-Cluster-Id', cluster.id.toString(16));
}
