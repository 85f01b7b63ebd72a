// What a member asks others over HTTP beside the messages of raft: the other side of peer.ts. Mirrors the requests of etcd's
// etcdserver/cluster_util.go, lease/leasehttp/http.go and corrupt.go. Every call has one time limit for all of it.

import http from 'node:http';
import { codecs } from '../../../proto/load.ts';
import { type ErrorKind, EtcdError } from '../../core/errors.ts';
import type { Member } from '../../server/cluster.ts';
import { decodeMember } from '../../server/member_json.ts';
import type { PeerCalls } from '../../server/peer_calls.ts';
import { LEASE_TIMES_BYTES } from '../limits.ts';
import { type Answer, AnswerTooLong, answerText, readAnswer, startRequest } from '../rafthttp/request.ts';
import { LEASE_PROBLEMS, type LeaseTimes } from './lease.ts';
import type { HashKV } from './peer.ts';
import { type PostAnswer, PostPipelines } from './post_pipeline.ts';

/** The calls as the server takes them. */
export const httpPeerCalls: PeerCalls = { fetchMembers, fetchVersion, promote, renewLease, leaseTimes };

/** The members that the peer at `url` knows. Rejects when it cannot be reached, or answers something else. */
export async function fetchMembers(
  url: string,
  timeoutMs: number,
): Promise<{ readonly clusterId: bigint; readonly members: Member[] }> {
  const answer = await call({ url, path: '/members', timeoutMs });
  expectOk(answer, url);
  const id = String(answer.headers['x-etcd-cluster-id'] ?? '');
  if (!/^[0-9a-f]{1,16}$/i.test(id)) throw new Error(`${url} gave no cluster ID but "${id}"`);
  return { clusterId: BigInt(`0x${id}`), members: parseMembers(answer.body.toString('utf8')) };
}

/** The release of the peer at `url`, and the version of its cluster or `not_decided`. Rejects as {@link fetchMembers}. */
export async function fetchVersion(
  url: string,
  timeoutMs: number,
): Promise<{ readonly server: string; readonly cluster: string }> {
  const answer = await call({ url, path: '/version', timeoutMs });
  expectOk(answer, url);
  const parsed = JSON.parse(answer.body.toString('utf8')) as { etcdserver?: unknown; etcdcluster?: unknown };
  const { etcdserver: server, etcdcluster: cluster } = parsed;
  if (typeof server !== 'string' || typeof cluster !== 'string') throw new Error(`${url} gave no version`);
  return { server, cluster };
}

/**
 * Has the leader at `url` make a learner a voter, and resolves to all members. Rejects with EtcdError MemberNotFound,
 * MemberNotLearner or LearnerNotReady, or as {@link fetchMembers}.
 */
export async function promote(url: string, id: bigint, timeoutMs: number): Promise<Member[]> {
  const answer = await call({
    url,
    path: `/members/promote/${id}`,
    method: 'POST',
    body: new Uint8Array(0),
    timeoutMs,
  });
  if (answer.status === 404) throw new EtcdError('MemberNotFound');
  if (answer.status === 412) {
    throw new EtcdError(answerText(answer).includes('in sync with leader') ? 'LearnerNotReady' : 'MemberNotLearner');
  }
  expectOk(answer, url);
  return parseMembers(answer.body.toString('utf8'));
}

/**
 * Has the leader at `url` keep a lease alive, and resolves to its TTL in seconds. Rejects with EtcdError LeaseNotFound,
 * NotPrimary, Timeout or TimeoutWaitAppliedIndex, or as {@link fetchMembers}.
 */
export async function renewLease(url: string, id: bigint, timeoutMs: number): Promise<number> {
  const body = codecs['etcdserverpb.LeaseKeepAliveRequest'].encode({ ID: id });
  const answer = await renewals.post({ url, path: '/leases', body, timeoutMs });
  expectLease(answer, url);
  return codecs['etcdserverpb.LeaseKeepAliveResponse'].decode(answer.body).TTL;
}

/**
 * How long a lease lives yet, as the leader at `url` knows it, in seconds. Rejects as {@link renewLease}, and with RequestTooLarge
 * for more keys than are read.
 */
export async function leaseTimes(
  url: string,
  lease: { readonly id: bigint; readonly withKeys: boolean },
  timeoutMs: number,
): Promise<LeaseTimes> {
  const asked = { LeaseTimeToLiveRequest: { ID: lease.id, keys: lease.withKeys } };
  const body = codecs['leasepb.LeaseInternalRequest'].encode(asked);
  const asking = call({
    url,
    path: '/leases/internal',
    method: 'POST',
    body,
    timeoutMs,
    answerBytes: LEASE_TIMES_BYTES,
  });
  const answer = await asking.catch((error: unknown) => {
    throw error instanceof AnswerTooLong ? new EtcdError('RequestTooLarge') : error;
  });
  expectLease(answer, url);
  const { LeaseTimeToLiveResponse: times } = codecs['leasepb.LeaseInternalResponse'].decode(answer.body);
  if (times === undefined) throw new Error(`${url} gave an empty answer`);
  return { ttl: times.TTL, grantedTtl: times.grantedTTL, keys: times.keys };
}

/** Hash of the store of the peer at `url` at `revision`, 0 = its newest. Rejects with EtcdError Compacted or FutureRev, or as {@link fetchMembers}. */
export async function hashKV(
  url: string,
  asked: { readonly revision: number; readonly clusterId: bigint },
  timeoutMs: number,
): Promise<HashKV> {
  const answer = await call({
    url,
    path: '/members/hashkv',
    headers: { 'Content-Type': 'application/json', 'X-Etcd-Cluster-Id': asked.clusterId.toString(16) },
    body: Buffer.from(JSON.stringify({ revision: asked.revision })),
    timeoutMs,
  });
  const text = answerText(answer);
  if (answer.status === 400 && text.includes('has been compacted')) throw new EtcdError('Compacted');
  if (answer.status === 400 && text.includes('future revision')) throw new EtcdError('FutureRev');
  expectOk(answer, url);
  const parsed = JSON.parse(text) as {
    readonly header?: { readonly revision?: number };
    readonly hash?: number;
    readonly compact_revision?: number;
  };
  return {
    hash: parsed.hash ?? 0,
    revision: parsed.header?.revision ?? 0,
    compactRevision: parsed.compact_revision ?? 0,
  };
}

interface Call {
  readonly url: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
  /** The longest answer that is read. */
  readonly answerBytes?: number;
}

// Each call has a connection of its own: they are rare. But for renewals, which clients of this member ask for all the time.
const agent = new http.Agent({ keepAlive: false });
const renewals = new PostPipelines();

function call({ url, path, method = 'GET', headers = {}, body, timeoutMs, answerBytes }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': body.length };
    const request = startRequest({
      url,
      path,
      method,
      headers: { ...headers, ...length },
      agent,
      dialTimeoutMs: timeoutMs,
      silenceMs: timeoutMs,
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer from ${url} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    request.on('error', reject);
    request.on('close', () => clearTimeout(timer));
    request.on('response', (response) => void readAnswer(response, answerBytes).then(resolve, reject));
    request.end(body);
  });
}

function expectOk(answer: PostAnswer, url: string): void {
  if (answer.status !== 200) throw new Error(`${url} answered with status ${answer.status}: ${answerText(answer)}`);
}

function expectLease(answer: PostAnswer, url: string): void {
  const text = answerText(answer);
  const known = [...LEASE_PROBLEMS].find(([, problem]) => answer.status !== 200 && problem === text);
  if (known !== undefined) throw new EtcdError(known[0] satisfies ErrorKind);
  expectOk(answer, url);
}

// A list of flat objects; IDs are beyond what JSON.parse can read, so each member is cut out as text. A quote inside of a
// string is escaped, so what ends a member in a string cannot be mistaken: strings are passed as a whole.
function parseMembers(text: string): Member[] {
  JSON.parse(text);
  const members = text.match(/\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\}/g) ?? [];
  return members.map(decodeMember);
}
