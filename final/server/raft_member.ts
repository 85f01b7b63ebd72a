// A member's part in the cluster: its raft node, who waits for it, and what follows from its role. Here the parts are put together;
// each has a file of its own. Mirrors the raft half of etcd's etcdserver/server.go.

import type { RaftConfChange, RaftSnapshot, ResponseHeader } from '../../proto/schema.ts';
import { RaftEntryType, RaftMessageType } from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import { RaftError } from '../core/raft/errors.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import type { Config } from '../etcdmain/config.ts';
import { REMOVED_MEMBER_GRACE_MS, REQUEST_TIMEOUT_MS } from '../limits.ts';
import type { Logger, Ports } from '../ports.ts';
import { readConsistentIndex } from '../storage/schema/meta_bucket.ts';
import type { FileSystem } from '../storage/fs.ts';
import { ETCD_VERSION } from '../version.ts';
import { type Applied, EntryApplier } from './apply_entries.ts';
import { type Bootstrapped, pointOf } from './bootstrap.ts';
import type { Cluster, Member } from './cluster.ts';
import { IdGenerator } from './id_generator.ts';
import { LeaderCalls } from './leader_calls.ts';
import { MemberOps } from './member_ops.ts';
import { versionRequest } from './membership.ts';
import { installDatabase } from './open_backend.ts';
import type { PeerCalls } from './peer_calls.ts';
import type { PeerHandler, PeerTransport } from './peer_transport.ts';
import { Peers } from './peers.ts';
import { type NewProposal, Proposals, type Waiter } from './proposals.ts';
import { encodeProposal, type Proposal } from './propose.ts';
import { RaftLoop } from './raft_loop.ts';
import { electionTicks, newRaftNode } from './raft_setup.ts';
import { ReadIndex } from './read_index.ts';
import { MemberState } from './state.ts';
import { type CompactionTarget, StorageKeeper } from './storage_keeper.ts';
import { decodeV2Store } from './v2store.ts';
import { VersionMonitor } from './version_monitor.ts';

const LOG_CALLER = 'etcdserver/server.ts';
// How a new member looks whether its peers are there, before it shortens the wait for the first election.
const PEER_LOOK_MS = 50;
const PEER_WAIT_MS = 5_000;

/** What the carrier of messages is made from. */
export interface TransportParts {
  readonly localId: bigint;
  readonly clusterId: bigint;
  readonly handler: PeerHandler;
  readonly fs: FileSystem;
  /** Where a database that comes in is put. */
  readonly snapDirectory: string;
}

export interface RaftMemberOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly bootstrapped: Bootstrapped;
  readonly newTransport: (parts: TransportParts) => PeerTransport;
  readonly calls: PeerCalls;
  /** The member was removed from the cluster and must end. */
  readonly onRemoved: () => void;
  /** It leads from now on, and has applied all that earlier leaders have committed. */
  readonly onPromoted: () => void;
}

export class RaftMember {
  readonly ids: IdGenerator;
  readonly reads: ReadIndex;
  readonly storage: StorageKeeper;
  readonly peers: Peers;
  readonly memberOps: MemberOps;
  readonly leaderCalls: LeaderCalls;
  readonly #options: RaftMemberOptions;
  readonly #log: Logger;
  readonly #node: RawNode;
  readonly #loop: RaftLoop;
  readonly #transport: PeerTransport;
  readonly #proposals: Proposals;
  readonly #entries: EntryApplier;
  readonly #versions: VersionMonitor;
  readonly #timeoutMs: number;
  #state: MemberState;
  #queue: Waiter[] = [];
  #lead = 0n;
  // When the leader that is known was elected, in ms of the steady clock.
  #leadSince = 0;
  #isStopped = false;
  #isRemoved = false;
  #hasSpedUp = false;
  #stopTicks: (() => void)[] = [];

  constructor(options: RaftMemberOptions) {
    const { config, ports, bootstrapped, calls } = options;
    const { cluster, fs, dirs, wal, backend, v2Index, snapshot } = bootstrapped;
    const { clock } = ports;
    this.#options = options;
    this.#log = ports.log.at(LOG_CALLER);
    this.#timeoutMs = REQUEST_TIMEOUT_MS + 2 * config.electionMs;
    this.ids = new IdGenerator(cluster.localMemberId, clock.wall());
    this.#state = new MemberState({ config, ports, backend, cluster, v2Index });
    const { node, storage } = newRaftNode(config, ports, bootstrapped);
    this.#node = node;
    const wake = (): void => this.#loop.wake();
    this.#proposals = new Proposals(this.#timeoutMs, () => clock.now());
    this.peers = new Peers({
      ports,
      node,
      cluster: () => this.cluster,
      storage: () => this.storage,
      transport: () => this.#transport,
      wake,
      onRemoved: () => this.#endRemoved(),
    });
    const { id: clusterId, localMemberId: localId } = cluster;
    this.#transport = options.newTransport({ localId, clusterId, handler: this.peers, fs, snapDirectory: dirs.snap });
    this.#entries = new EntryApplier(
      {
        node,
        transport: this.#transport,
        proposals: this.#proposals,
        progress: bootstrapped.progress,
        state: () => this.#state,
        header: () => this.#header(),
        onFirstCommitInTerm: () => this.#onFirstCommitInTerm(),
        onRemoved: () => this.#endRemoved(),
      },
      {
        applied: pointOf(snapshot),
        inDatabase: bootstrapped.isNew ? 0 : readConsistentIndex(backend).index,
        confState: storage.initialState().confState,
      },
    );
    this.storage = new StorageKeeper({
      config,
      ports,
      fs,
      dirs,
      wal,
      raftStorage: storage,
      state: () => this.#state,
      applied: () => this.#entries.applied,
      confState: () => this.#entries.confState,
      snapshotIndex: pointOf(snapshot).index,
    });
    this.reads = new ReadIndex({
      ask: (context) => node.readIndex(context),
      nextId: () => this.ids.next(),
      now: () => clock.now(),
      applied: () => this.applied,
      wake,
      timeoutMs: this.#timeoutMs,
    });
    const leader = (): Member | undefined => this.cluster.member(this.#lead);
    const isStopped = (): boolean => this.#isStopped;
    const timeoutMs = this.#timeoutMs;
    this.leaderCalls = new LeaderCalls({ calls, clock, leader, isStopped, electionMs: config.electionMs, timeoutMs });
    this.memberOps = new MemberOps({
      config,
      clock,
      node,
      ids: this.ids,
      transport: this.#transport,
      leader: this.leaderCalls,
      cluster: () => this.cluster,
      isLeader: () => this.isLeader,
      timeoutMs,
      propose: (change, data) => this.#proposeConfChange(change, data),
      wake,
    });
    this.#versions = new VersionMonitor({
      clock,
      log: ports.log,
      isLeader: () => this.isLeader,
      cluster: () => this.cluster,
      localId,
      ownVersion: ETCD_VERSION,
      fetchVersion: (url) => calls.fetchVersion(url, REQUEST_TIMEOUT_MS - 1000),
      propose: (version) => this.#proposeVersion(version),
    });
    this.#loop = new RaftLoop({
      node,
      storage,
      wal,
      clock,
      transport: this.#transport,
      crash: ports.crash,
      hooks: {
        collect: () => this.#collect(),
        onSoftState: () => this.#onSoftState(),
        onReadState: (state) => this.reads.onReadState(state),
        apply: (entries) => this.#entries.apply(entries),
        saveSnapshot: (received) => this.storage.saveReceived(received),
        installSnapshot: (received) => this.#install(received),
        sendSnapshot: (message) => this.peers.sendSnapshot(message),
        afterReady: () => this.#afterReady(),
        isIdRemoved: (id) => this.cluster.isRemoved(id),
      },
    });
  }

  get state(): MemberState {
    return this.#state;
  }

  get cluster(): Cluster {
    return this.#state.cluster;
  }

  get term(): number {
    return this.#node.term;
  }

  get committed(): number {
    return this.#node.committed;
  }

  get applied(): number {
    return this.#entries.applied.index;
  }

  /** The member that leads; 0 = none is known. */
  get lead(): bigint {
    return this.#lead;
  }

  get isLeader(): boolean {
    return this.#node.role === 'leader';
  }

  /** A leader that is the only voter need not ask anybody before it reads, once it has applied an entry of its term. */
  get canReadAtOnce(): boolean {
    const { voters, voters_outgoing: outgoing } = this.#entries.confState;
    const isAlone = voters.length === 1 && outgoing.length === 0;
    return isAlone && this.isLeader && this.#entries.applied.term === this.#node.term;
  }

  /** Begins to take part. A member that is alone need not wait for an election. */
  start(compaction: CompactionTarget): void {
    const { config, ports, bootstrapped } = this.#options;
    for (const { id, peerUrls } of [...bootstrapped.remotes, ...this.cluster.members]) {
      if (id !== this.cluster.localMemberId && !this.#transport.peerIds.includes(id)) {
        this.#transport.addPeer(id, peerUrls);
      }
    }
    this.storage.start(compaction);
    this.#versions.start();
    this.#stopTicks.push(ports.clock.every(config.heartbeatMs, () => this.#tick()));
    // The entries that are committed already tell who the members are.
    this.#loop.wake();
    this.#state.compactor.start();
  }

  async stop(): Promise<void> {
    await this.#handOver();
    this.#isStopped = true;
    for (const stop of this.#stopTicks) stop();
    this.#versions.stop();
    await this.#loop.stop();
    this.#transport.stop();
    this.reads.stop();
    this.#proposals.rejectAll(new EtcdError('Stopped'));
    await this.#state.compactor.stop();
    await this.storage.stop();
  }

  /**
   * Puts a request through the log. Resolves to what applying it gave. Errors: RequestTooLarge, RequestTooManyRequests,
   * Stopped, ProposalDropped, Timeout and its kinds, and those of the request.
   */
  propose<T>(proposal: Proposal): Promise<Applied<T>> {
    const id = this.ids.next();
    const data = encodeProposal(proposal, id);
    if (data.length > this.#options.config.maxRequestBytes) return Promise.reject(new EtcdError('RequestTooLarge'));
    return this.proposeData<T>({ id, data, request: proposal });
  }

  /** The same for bytes that are no request, or that are known to be small. */
  proposeData<T>(input: NewProposal): Promise<Applied<T>> {
    if (this.#isStopped) return Promise.reject(new EtcdError('Stopped'));
    return this.#proposals.add<Applied<T>>(input, (waiter) => {
      this.#queue.push(waiter);
      this.#loop.wake();
    });
  }

  async #proposeConfChange(change: RaftConfChange, data: Uint8Array): Promise<readonly Member[]> {
    const input = { id: change.id, data, request: undefined, type: RaftEntryType.EntryConfChange };
    const { result } = await this.proposeData<readonly Member[]>(input);
    return result;
  }

  async #proposeVersion(version: string): Promise<void> {
    const id = this.ids.next();
    await this.proposeData({ id, data: versionRequest(id, version), request: undefined });
  }

  // Proposals wait here until there is a leader to take them.
  #collect(): void {
    this.#speedUpFirstElection();
    this.reads.collect();
    if (this.#queue.length === 0 || this.#node.lead === 0n) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const waiter of queue) this.#step(waiter);
  }

  #step(waiter: Waiter): void {
    if (this.#proposals.ofId(waiter.id) === undefined) return;
    const entry = { Type: waiter.type ?? RaftEntryType.EntryNormal, Term: 0, Index: 0, Data: waiter.data };
    try {
      this.#node.step(proposalMessage(this.cluster.localMemberId, entry));
    } catch (error) {
      if (!(error instanceof RaftError)) throw error;
      this.#proposals.take(waiter);
      waiter.reject(new EtcdError('ProposalDropped'));
    }
  }

  #tick(): void {
    this.#node.tick();
    this.#proposals.expire((waiter) => this.#timeoutError(waiter));
    this.reads.tick();
    this.#loop.wake();
  }

  // Why a proposal was not applied in time, as far as this member can tell (spec/raft.md E8).
  #timeoutError(waiter: Waiter): EtcdError {
    if (this.#queue.includes(waiter)) {
      this.#queue = this.#queue.filter((one) => one !== waiter);
      return new EtcdError('DeadlineExceeded');
    }
    const lostBefore = this.#leadSince - 2 * this.#options.config.electionMs;
    if (waiter.begin > lostBefore && waiter.begin < this.#leadSince) return new EtcdError('TimeoutDueToLeaderFail');
    const isConnected = this.isLeader
      ? this.#isConnectedToQuorumSince(waiter.begin)
      : this.#lead === 0n || this.#isConnectedSince(this.#lead, waiter.begin);
    return new EtcdError(isConnected ? 'Timeout' : 'TimeoutDueToConnectionLost');
  }

  #isConnectedSince(id: bigint, begin: number): boolean {
    const since = this.#transport.activeSince(id);
    return since !== undefined && since < begin;
  }

  #isConnectedToQuorumSince(begin: number): boolean {
    const { members, localMemberId } = this.cluster;
    const connected = members.filter(({ id }) => id === localMemberId || this.#isConnectedSince(id, begin));
    return connected.length > members.length / 2;
  }

  #onSoftState(): void {
    const { lead } = this.#node;
    if (lead === this.#lead) return;
    this.#lead = lead;
    if (lead === 0n) return;
    this.#leadSince = this.#options.ports.clock.now();
    this.reads.onLeaderChange();
  }

  #onFirstCommitInTerm(): void {
    this.reads.onFirstCommitInTerm();
    if (!this.isLeader) return;
    this.#options.onPromoted();
    this.#versions.look();
  }

  #afterReady(): void | Promise<void> {
    this.reads.onApplied();
    return this.storage.afterApply();
  }

  // The database that the leader has sent takes the place of the old one, with everything that was made from it.
  async #install(snapshot: RaftSnapshot): Promise<void> {
    const { config, ports, bootstrapped } = this.#options;
    const { fs, dirs, progress } = bootstrapped;
    const { index, term } = pointOf(snapshot);
    this.#log.info('applying snapshot', { 'incoming-leader-snapshot-index': index });
    await this.#state.compactor.stop();
    await this.storage.settled();
    this.#state.backend.abandon();
    const backend = await installDatabase(index, { config, ports, fs, dirs, progress });
    const { cluster } = this;
    cluster.clear();
    const v2Index = decodeV2Store(snapshot.data ?? new Uint8Array(0), cluster);
    const known = readConsistentIndex(backend);
    progress.applied = known;
    this.#state = new MemberState({ config, ports, backend, cluster, v2Index });
    this.#state.compactor.start();
    const confState = snapshot.metadata?.conf_state ?? this.#entries.confState;
    this.#entries.restart({ applied: { index, term }, inDatabase: known.index, confState });
    for (const peer of this.#transport.peerIds) this.#transport.removePeer(peer);
    for (const member of cluster.members) {
      if (member.id !== cluster.localMemberId) this.#transport.addPeer(member.id, member.peerUrls);
    }
    this.#log.info('applied snapshot', { 'incoming-leader-snapshot-index': index });
  }

  // Instead of the whole timeout, once all that is known to be committed is applied: a member that is alone begins its election
  // at once, one with peers that are there soon.
  #speedUpFirstElection(): void {
    const { config, ports, bootstrapped } = this.#options;
    if (this.#hasSpedUp || this.applied < bootstrapped.hardState.commit) return;
    this.#hasSpedUp = true;
    const { voters } = this.#entries.confState;
    if (voters.length === 1 && voters[0] === this.cluster.localMemberId) this.#node.campaign();
    else if (config.initialElectionTickAdvance) this.#advanceTicks(ports.clock.now() + PEER_WAIT_MS);
  }

  #advanceTicks(end: number): void {
    const { config, ports } = this.#options;
    const stop = ports.clock.every(PEER_LOOK_MS, () => {
      const active = this.#transport.peerIds.filter((id) => this.#transport.activeSince(id) !== undefined);
      if (active.length > 1) for (let i = electionTicks(config) - 2; i > 0; i--) this.#node.tick();
      if (active.length > 1 || ports.clock.now() >= end) stop();
    });
    this.#stopTicks.push(stop);
  }

  async #handOver(): Promise<void> {
    const id = hex(this.cluster.localMemberId);
    const fields = { 'local-member-id': id, 'current-leader-member-id': hex(this.#lead) };
    if (this.#isRemoved) return;
    try {
      const outcome = await this.memberOps.handOver();
      if (outcome === 'unhealthy') this.#log.warn('leadership transfer failed', { ...fields, error: 'unhealthy cluster' });
      if (outcome !== 'skipped') return;
      const why = this.cluster.voters.length > 1 ? 'local server is not leader' : 'single voting member cluster';
      this.#log.info(`skipped leadership transfer${why.startsWith('single') ? ' for' : ';'} ${why}`, fields);
    } catch (error) {
      this.#log.warn('leadership transfer failed', { ...fields, error: (error as Error).message });
    }
  }

  // A moment later, so that the answer to who removed it can leave.
  #endRemoved(): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    const text = 'the member has been permanently removed from the cluster';
    this.#options.ports.clock.sleep(REMOVED_MEMBER_GRACE_MS).then(
      () => {
        this.#log.warn('server error', { error: text });
        this.#log.warn('data-dir used by this member must be removed', {});
        this.#options.onRemoved();
      },
      (error: unknown) => this.#options.ports.crash(error),
    );
  }

  #header(): ResponseHeader {
    const { id, localMemberId } = this.cluster;
    const revision = this.#state.store.currentRevision;
    return { cluster_id: id, member_id: localMemberId, revision, raft_term: this.#node.term };
  }
}

function proposalMessage(from: bigint, entry: { Type: number; Term: number; Index: number; Data: Uint8Array }) {
  return {
    type: RaftMessageType.MsgProp,
    to: 0n,
    from,
    term: 0,
    logTerm: 0,
    index: 0,
    entries: [entry],
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: undefined,
  };
}

function hex(id: bigint): string {
  return id.toString(16);
}
