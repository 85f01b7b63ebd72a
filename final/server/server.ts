// The member: what it stores, who it is, and the operations that the API layer offers to clients. Mirrors etcd's
// etcdserver/server.go and v3_server.go.

import {
  AlarmRequest_AlarmAction as AlarmAction,
  type AlarmMember,
  type AlarmRequest,
  AlarmType,
  type CompactionRequest,
  type CompactionResponse,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type LeaseGrantRequest,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type ResponseHeader,
  type TxnRequest,
  type TxnResponse,
} from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import type { Lease } from '../core/lease/lease.ts';
import type { KeyValueHash } from '../core/mvcc/hash.ts';
import type { WatchableStore } from '../core/mvcc/watchable_store.ts';
import { executeRange } from '../core/txn/range.ts';
import { executeReadTxn, isReadOnly } from '../core/txn/txn.ts';
import type { Config } from '../etcdmain/config.ts';
import type { Ports } from '../ports.ts';
import { isAuthEnabled } from '../storage/schema/auth_bucket.ts';
import { ETCD_VERSION } from '../version.ts';
import { alarmName } from './alarms.ts';
import type { Applied } from './apply_entries.ts';
import type { Bootstrapped } from './bootstrap.ts';
import type { Cluster, Member } from './cluster.ts';
import { LeaseKeeper } from './leases.ts';
import type { MemberOps } from './member_ops.ts';
import { attributesRequest } from './membership.ts';
import type { PeerHandler } from './peer_transport.ts';
import type { Proposal } from './propose.ts';
import { COST_OF_LEASE, costOfPut, costOfTxn } from './quota.ts';
import { RaftMember, type RaftMemberOptions } from './raft_member.ts';
import type { MemberState } from './state.ts';
import type { StorageKeeper } from './storage_keeper.ts';
import { type WatchedEvents, type WatchOptions, watchRange } from './watch.ts';

const LOG_CALLER = 'etcdserver/server.ts';

/** What a member needs of the world beside its ports. */
export type ServerOptions = Pick<RaftMemberOptions, 'newTransport' | 'calls' | 'onRemoved'>;

export class EtcdServer {
  readonly config: Config;
  readonly leases: LeaseKeeper;
  readonly #ports: Ports;
  readonly #raft: RaftMember;

  /** Rebuilds the state from what `bootstrapped` holds; nothing goes on before `start`. */
  constructor(config: Config, ports: Ports, bootstrapped: Bootstrapped, options: ServerOptions) {
    this.config = config;
    this.#ports = ports;
    this.#raft = new RaftMember({
      config,
      ports,
      bootstrapped,
      ...options,
      // A new leader cannot know what the old one has renewed.
      onPromoted: () => this.leases.promote(config.electionMs),
      onDemoted: () => this.leases.demote(),
    });
    this.leases = new LeaseKeeper({
      lessor: () => this.#state.lessor,
      ids: this.#raft.ids,
      ports,
      role: this.#raft.leaseRole,
      leader: this.#raft.leaderCalls,
      grant: (request) => this.#grantLease(request),
      revoke: (request) => this.#propose({ lease_revoke: request }),
      expire: (request) => this.#proposeAsLeader({ lease_revoke: request }),
      checkpoint: (request) => this.#proposeAsLeader({ lease_checkpoint: request }),
      timeoutMs: this.#raft.requestTimeoutMs,
    });
  }

  get #state(): MemberState {
    return this.#raft.state;
  }

  get cluster(): Cluster {
    return this.#state.cluster;
  }

  get storage(): StorageKeeper {
    return this.#raft.storage;
  }

  /** Changes of the members. */
  get members(): MemberOps {
    return this.#raft.memberOps;
  }

  /** Who watches the keys. */
  get watchers(): WatchableStore {
    return this.#raft.watchers.hub;
  }

  /** The newest compacted revision; −1 before the first compaction. */
  get compactRevision(): number {
    return this.#state.store.compactRevision;
  }

  /** Events of a range, for services of this server; see {@link watchRange}. */
  watch(options: WatchOptions): AsyncGenerator<WatchedEvents, void, void> {
    return watchRange(this.watchers, options);
  }

  /** What the carrier of messages calls. */
  get peerHandler(): PeerHandler {
    return this.#raft.peers;
  }

  /** Whether the data directory is that of a cluster with users. */
  get isAuthEnabled(): boolean {
    return isAuthEnabled(this.#state.backend);
  }

  /** Whether this member is one that only follows. */
  get isLearner(): boolean {
    return this.cluster.member(this.cluster.localMemberId)?.isLearner ?? false;
  }

  /** The member that leads; 0 = none is known. */
  get leader(): bigint {
    return this.#raft.lead;
  }

  /** Takes part in the cluster, publishes the member, begins the background work. Resolves when requests can be served. */
  async start(): Promise<void> {
    const { localMemberId, id } = this.cluster;
    const log = this.#ports.log.at(LOG_CALLER);
    const ids = { 'local-member-id': hex(localMemberId), 'cluster-id': hex(id) };
    log.info('starting etcd server', {
      ...ids,
      'local-server-version': ETCD_VERSION,
      'cluster-version': this.cluster.version ?? 'to_be_decided',
    });
    this.#raft.start({
      revision: () => (this.#raft.isLeader ? this.#state.store.currentRevision : undefined),
      compact: (revision) => this.#autoCompact(revision),
    });
    this.leases.start();
    if (await this.#publish()) log.info('published local member to cluster through raft', ids);
  }

  /** Hands over the leadership, refuses further requests, ends the background work, and leaves everything on the disk. */
  async stop(): Promise<void> {
    this.leases.stop();
    await this.#raft.stop();
  }

  /** What every response header says of this member. `revision` is the current one unless given. */
  header(revision = this.#state.store.currentRevision): ResponseHeader {
    const { id, localMemberId } = this.cluster;
    return { cluster_id: id, member_id: localMemberId, revision, raft_term: this.#raft.term };
  }

  /** Term of the last election, index of the last committed entry, and index of the last one applied. */
  raftStatus(): { readonly term: number; readonly index: number; readonly applied: number } {
    return { term: this.#raft.term, index: this.#raft.committed, applied: this.#raft.applied };
  }

  /** Reads; unless the request is serializable, all that was acknowledged before. Errors: FutureRev, Compacted, LeaderChanged, Timeout. */
  range(request: RangeRequest): RangeResponse | Promise<RangeResponse> {
    if (request.serializable || this.#raft.canReadAtOnce) return this.#rangeHere(request);
    return this.#raft.reads.wait().then(() => this.#rangeHere(request));
  }

  #rangeHere(request: RangeRequest): RangeResponse {
    return this.#withHeader(executeRange(this.#state.store.read(), request));
  }

  /** Errors: NoSpace, RequestTooLarge, LeaseNotFound, KeyNotFound, Corrupt, and those of every proposal. */
  async put(request: PutRequest): Promise<PutResponse> {
    const cost = costOfPut(request);
    if (!this.#state.quota.allows(cost)) await this.#refuseForSpace();
    return this.#proposeForResponse<PutResponse>({ put: request });
  }

  /** Errors: RequestTooLarge, Corrupt, and those of every proposal. */
  async deleteRange(request: DeleteRangeRequest): Promise<DeleteRangeResponse> {
    return this.#proposeForResponse<DeleteRangeResponse>({ delete_range: request });
  }

  /** Errors: NoSpace, RequestTooLarge, and those of its operations. Nothing is changed on an error. */
  async txn(request: TxnRequest): Promise<TxnResponse> {
    if (isReadOnly(request)) {
      if (!isSerializable(request) && !this.#raft.canReadAtOnce) await this.#raft.reads.wait();
      const { store } = this.#state;
      return this.#withHeader(executeReadTxn(store.read(), store.compactRevision, request));
    }
    if (!this.#state.quota.allows(costOfTxn(request))) await this.#refuseForSpace();
    return this.#proposeForResponse<TxnResponse>({ txn: request });
  }

  /** With `physical` it resolves when the room is given back, on the disk. Errors: Compacted, FutureRev, Corrupt. */
  async compact(request: CompactionRequest): Promise<CompactionResponse> {
    const { header } = await this.#raft.proposer.propose<unknown>({ compaction: request });
    if (request.physical) await this.#state.compactor.done();
    return { header };
  }

  /** Hash of the history up to `revision`; 0 = now. Errors: Compacted, FutureRev. */
  hashKV(revision: number): KeyValueHash {
    return this.#state.store.hashByRevision(revision);
  }

  /** Lists, raises or ends alarms. */
  async alarm(request: AlarmRequest): Promise<AlarmMember[]> {
    return this.#propose<AlarmMember[]>({ alarm: request });
  }

  /** Names of the active alarms. */
  get alarmNames(): string[] {
    return this.alarms.map(({ alarm }) => alarmName(alarm));
  }

  /** All active alarms, without asking the log. */
  get alarms(): readonly AlarmMember[] {
    return this.#state.alarms.list(AlarmType.NONE);
  }

  /** The members; with `linearizable` all changes that were acknowledged before. Errors: LeaderChanged, Timeout. */
  async memberList(linearizable: boolean): Promise<readonly Member[]> {
    if (linearizable && !this.#raft.canReadAtOnce) await this.#raft.reads.wait();
    return this.cluster.members;
  }

  /** Reads, as a check of the health. `isBounded`: for no longer than a request may take. Errors: those of `range`, DeadlineExceeded. */
  async tryRead({
    serializable,
    isBounded,
  }: {
    readonly serializable: boolean;
    readonly isBounded: boolean;
  }): Promise<void> {
    if (serializable || this.#raft.canReadAtOnce) return;
    await this.#raft.reads.wait(isBounded ? this.#raft.requestTimeoutMs : undefined);
  }

  // Everybody is told that this member has no more room, before the first one who notices is.
  async #refuseForSpace(): Promise<never> {
    const memberID = this.cluster.localMemberId;
    await this.alarm({ action: AlarmAction.ACTIVATE, memberID, alarm: AlarmType.NOSPACE });
    throw new EtcdError('NoSpace');
  }

  async #grantLease(request: LeaseGrantRequest): Promise<Lease> {
    if (!this.#state.quota.allows(COST_OF_LEASE)) await this.#refuseForSpace();
    return this.#propose<Lease>({ lease_grant: request });
  }

  #withHeader<R extends { header: ResponseHeader | undefined }>(response: R): R {
    response.header = this.header();
    return response;
  }

  async #propose<T>(proposal: Proposal): Promise<T> {
    return (await this.#raft.proposer.propose<T>(proposal)).result;
  }

  async #proposeAsLeader(proposal: Proposal): Promise<void> {
    await this.#raft.proposer.proposeAsLeader(proposal);
  }

  // The header is that of the moment of applying: others may be applied before the answer leaves.
  async #proposeForResponse<R extends { header: ResponseHeader | undefined }>(proposal: Proposal): Promise<R> {
    const { result, header }: Applied<R> = await this.#raft.proposer.propose<R>(proposal);
    result.header = header;
    return result;
  }

  // Tried again until the cluster has a leader. Returns false when the member is stopped before.
  async #publish(): Promise<boolean> {
    const { name, advertiseClientUrls } = this.config;
    const clientUrls = advertiseClientUrls.map((url) => url.text);
    for (;;) {
      const id = this.#raft.ids.next();
      const data = attributesRequest(id, { id: this.cluster.localMemberId, name, clientUrls });
      try {
        await this.#raft.proposer.proposeData({ id, data, request: undefined });
        return true;
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        if (error.kind === 'Stopped') return false;
        const fields = { 'local-member-id': hex(this.cluster.localMemberId), error: error.message };
        this.#ports.log.at(LOG_CALLER).warn('failed to publish local member to cluster through raft', fields);
      }
      await this.#ports.clock.sleep(this.config.heartbeatMs);
    }
  }

  // The revision may have been compacted by a client meanwhile; then there is nothing to do.
  #autoCompact(revision: number): void {
    const log = this.#ports.log.at(LOG_CALLER);
    this.compact({ revision, physical: false }).then(
      () => log.info('completed auto compaction', { revision }),
      (error: unknown) => {
        if (!(error instanceof EtcdError)) this.#ports.crash(error);
        log.warn('failed auto compaction', { revision, error: error.message });
      },
    );
  }
}

// A transaction that only reads asks nobody when all its operations are serializable reads.
function isSerializable({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].every(({ request_range: range }) => range?.serializable === true);
}

function hex(id: bigint): string {
  return id.toString(16);
}
