// What a member without a log asks of the others before it starts: whether it has been here before, when it begins a cluster;
// who they are and whether they speak its language, when it joins one (spec/raft.md D3). Mirrors etcd's cluster_util.go and
// membership.ValidateClusterAndAssignIDs.

import { must } from '../core/assert.ts';
import type { Clock, Logger } from '../ports.ts';
import { ETCD_VERSION } from '../version.ts';
import { Cluster, type Member } from './cluster.ts';
import type { PeerCalls } from './peer_calls.ts';
import { type HostLookup, type ResolvedUrls, resolveUrls, urlDifference } from './peer_urls.ts';
import { compareVersions, formatVersion, parseVersion, type Version, withoutPatch } from './semver.ts';
import { MIN_CLUSTER_VERSION } from './version_monitor.ts';

/** How long a peer may take to say who the members are, in ms: at a new start it is probably not there yet. */
const BOOTSTRAP_QUERY_MS = 1000;
const JOIN_QUERY_MS = 10_000;

/** A cluster as one of its members tells of it. */
type RemoteCluster = Awaited<ReturnType<PeerCalls['fetchMembers']>>;

export interface JoinOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a peer may take to say its version, in ms. */
  readonly requestMs: number;
  /** The release of this member; this one unless given. */
  readonly ownVersion?: string;
  readonly lookup?: HostLookup;
}

/**
 * Asks the other members of `planned`, which is about to be begun, whether they know this one from an earlier life: then it
 * has lost its data, and would vote a second time. Rejects with etcd's text if so; who does not answer cannot tell.
 */
export async function checkNotBootstrapped(planned: Cluster, calls: Pick<PeerCalls, 'fetchMembers'>): Promise<void> {
  const { localMemberId } = planned;
  const options = { calls, urls: otherUrls(planned), timeoutMs: BOOTSTRAP_QUERY_MS };
  const remote = await askForCluster(options).catch(() => undefined);
  const self = remote?.members.find(({ id }) => id === localMemberId);
  if (self === undefined || self.clientUrls.length === 0) return;
  throw new Error(`member ${localMemberId.toString(16)} has already been bootstrapped`);
}

/**
 * Finds the running cluster that `planned` describes, and checks that this release may join it. Resolves to the cluster
 * with its true IDs and all members, this one included, under the names that the settings give them. Rejects with an Error
 * with etcd's text.
 */
export async function joinCluster(
  planned: Cluster,
  calls: Pick<PeerCalls, 'fetchMembers' | 'fetchVersion'>,
  options: JoinOptions,
): Promise<Cluster> {
  const remote = await existingCluster(planned, calls, options.log);
  const cluster = await assignIds(planned, remote, options);
  await checkVersions(cluster, calls, options);
  return cluster;
}

async function existingCluster(
  planned: Cluster,
  calls: Pick<PeerCalls, 'fetchMembers'>,
  log: Logger,
): Promise<RemoteCluster> {
  try {
    return await askForCluster({ calls, log, urls: otherUrls(planned), timeoutMs: JOIN_QUERY_MS });
  } catch (error) {
    throw new Error(`cannot fetch cluster info from peer urls: ${messageOf(error)}`);
  }
}

interface AskOptions {
  readonly calls: Pick<PeerCalls, 'fetchMembers'>;
  /** In the order in which they are asked. */
  readonly urls: readonly string[];
  readonly timeoutMs: number;
  /** Is told who does not answer; absent when nobody is expected to. */
  readonly log?: Logger;
}

// The first answer that can be read counts, even when it is not of use.
async function askForCluster({ calls, log, urls, timeoutMs }: AskOptions): Promise<RemoteCluster> {
  for (const url of urls) {
    let found: RemoteCluster;
    try {
      found = await calls.fetchMembers(url, timeoutMs);
    } catch (error) {
      if (log !== undefined)
        warn(log, 'failed to get cluster response', { address: `${url}/members`, error: messageOf(error) });
      continue;
    }
    if (found.members.length > 0) return found;
    throw new Error('failed to get raft cluster member(s) from the given URLs');
  }
  throw new Error('could not retrieve cluster information from the given URLs');
}

function otherUrls({ members, localMemberId }: Cluster): string[] {
  return members
    .filter(({ id }) => id !== localMemberId)
    .flatMap(({ peerUrls }) => peerUrls)
    .sort();
}

// Members are the same when their peer URLs are.
async function assignIds(planned: Cluster, remote: RemoteCluster, options: JoinOptions): Promise<Cluster> {
  const existing = [...remote.members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const fail = (problem: string): never => {
    throw new Error(`error validating peerURLs ${shown(remote)}: ${problem}`);
  };
  if (existing.length !== planned.members.length) fail('member count is unequal');
  const all = [...existing, ...planned.members];
  const resolved = await resolveUrls(
    all.flatMap(({ peerUrls }) => peerUrls),
    options,
  );
  const idOf = new Map<Member, Member>();
  for (const member of existing) {
    const { match, difference } = findSame(member, planned.members, resolved);
    if (match === undefined) {
      const urls = `[${member.peerUrls.join(' ')}]`;
      fail(
        `PeerURLs: no match found for existing member (${hex(member.id)}, ${urls}), last resolver error (${difference})`,
      );
    } else {
      idOf.set(match, member);
    }
  }
  return withIds(planned, remote.clusterId, idOf);
}

interface Match {
  readonly match: Member | undefined;
  /** Why the last candidate was not it. */
  readonly difference: string | undefined;
}

function findSame(member: Member, candidates: readonly Member[], resolved: ResolvedUrls): Match {
  let difference: string | undefined;
  for (const candidate of candidates) {
    difference = urlDifference(member.peerUrls, candidate.peerUrls, resolved);
    if (difference === undefined) return { match: candidate, difference };
  }
  return { match: undefined, difference };
}

// Each existing member has one entry in the settings that is it, and there are as many of one as of the other.
function withIds(planned: Cluster, clusterId: bigint, idOf: ReadonlyMap<Member, Member>): Cluster {
  const self = must(planned.member(planned.localMemberId), 'the local member');
  const localMemberId = must(idOf.get(self), 'the local member in the cluster').id;
  const cluster = new Cluster({ id: clusterId, localMemberId });
  for (const [local, { id, isLearner }] of idOf) cluster.put({ ...local, id, isLearner });
  return cluster;
}

// Whoever knows a cluster version must know one that this release can serve, and somebody must know one.
async function checkVersions(
  cluster: Cluster,
  calls: Pick<PeerCalls, 'fetchVersion'>,
  options: JoinOptions,
): Promise<void> {
  const others = cluster.members.filter(({ id }) => id !== cluster.localMemberId);
  const answers = await Promise.all(others.map((member) => clusterVersionOf(member, calls, options)));
  const known = answers.filter((version) => version !== undefined);
  const { ownVersion = ETCD_VERSION } = options;
  const least = must(parseVersion(MIN_CLUSTER_VERSION), 'the least cluster version');
  const most = withoutPatch(must(parseVersion(ownVersion), 'the version of this release'));
  const isServed = (version: Version): boolean =>
    compareVersions(version, least) >= 0 && compareVersions(version, most) <= 0;
  for (const version of known.filter((one) => !isServed(one))) {
    warn(options.log, 'cluster version of remote member is not compatible', {
      'remote-member-cluster-version': formatVersion(version),
      'current-server-version': ownVersion,
    });
  }
  if (known.length > 0 && known.every(isServed)) return;
  throw new Error('incompatible with current running cluster');
}

async function clusterVersionOf(
  member: Member,
  calls: Pick<PeerCalls, 'fetchVersion'>,
  { log, requestMs }: JoinOptions,
): Promise<Version | undefined> {
  for (const url of member.peerUrls) {
    try {
      return parseVersion((await calls.fetchVersion(url, requestMs)).cluster);
    } catch (error) {
      warn(log, 'failed to get version', { 'remote-member-id': hex(member.id), url, error: messageOf(error) });
    }
  }
  return undefined;
}

// As Go prints its list of members.
function shown({ clusterId, members }: RemoteCluster): string {
  const list = members.map(({ id, peerUrls, isLearner, name, clientUrls }) => {
    const raft = `RaftAttributes:{PeerURLs:[${peerUrls.join(' ')}] IsLearner:${isLearner}}`;
    return `{ID:${hex(id)} ${raft} Attributes:{Name:${name} ClientURLs:[${clientUrls.join(' ')}]}}`;
  });
  return `{ClusterID:${hex(clusterId)} Members:[&${list.join(' &')}] RemovedMemberIDs:[]}`;
}

function warn(log: Logger, message: string, fields: Readonly<Record<string, unknown>>): void {
  log.at('etcdserver/cluster_util.ts').warn(message, fields);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hex(id: bigint): string {
  return id.toString(16);
}
