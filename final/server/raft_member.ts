// A member's part in the cluster: its raft node, who waits for it, and what follows from its role. Here the parts are put together;
// each has a file of its own. Mirrors the raft half of etcd's etcdserver/server.go.

import type { RaftConfChange, RaftConfState, RaftSnapshot, ResponseHeader } from '../../proto/schema.ts';
import { RaftEntryType } from '../../proto/schema.ts';
import type { ErrorKind } from '../core/errors.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import type { MemoryStorage } from '../core/raft/storage.ts';
import type { Config } from '../etcdmain/config.ts';
import { REMOVED_MEMBER_GRACE_MS, REQUEST_TIMEOUT_MS } from '../limits.ts';
import type { Logger, Ports } from '../ports.ts';
import { readConsistentIndex } from '../storage/schema/meta_bucket.ts';
import type { FileSystem } from '../storage/fs.ts';
import { ETCD_VERSION } from '../version.ts';
import { EntryApplier } from './apply_entries.ts';
import { type Bootstrapped, pointOf } from './bootstrap.ts';
import type { Cluster, Member } from './cluster.ts';
import { FirstElection } from './first_election.ts';
import { IdGenerator } from './id_generator.ts';
import { LeaderCalls } from './leader_calls.ts';
import { RaftLeaseRole } from './lease_role.ts';
import { MemberOps } from './member_ops.ts';
import { versionRequest } from './membership.ts';
import { installDatabase } from './open_backend.ts';
import type { PeerCalls } from './peer_calls.ts';
import type { PeerHandler, PeerTransport } from './peer_transport.ts';
import { Peers } from './peers.ts';
import { Proposer } from './proposer.ts';
import { RaftLoop } from './raft_loop.ts';
import { newRaftNode } from './raft_setup.ts';
import { ReadIndex } from './read_index.ts';
import { MemberState } from './state.ts';
import { timeoutKind } from './timeouts.ts';
import { type CompactionTarget, StorageKeeper } from './storage_keeper.ts';
import { decodeV2Store } from './v2store.ts';
import { VersionMonitor } from './version_monitor.ts';
import { Watchers } from './watchers.ts';

const LOG_CALLER = 'etcdserver/server.ts';
// How long a member may take to tell its version, in ms.
const VERSION_ANSWER_MS = 4_000;

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
  /** It led, and does no longer. */
  readonly onDemoted: () => void;
}

export class RaftMember {
  readonly ids: IdGenerator;
  readonly proposer: Proposer;
  readonly reads: ReadIndex;
  readonly storage: StorageKeeper;
  readonly peers: Peers;
  readonly memberOps: MemberOps;
  readonly leaderCalls: LeaderCalls;
  readonly leaseRole: RaftLeaseRole;
  readonly watchers: Watchers;
  readonly #options: RaftMemberOptions;
  readonly #log: Logger;
  // How long a request may take.
  readonly #timeoutMs: number;
  readonly #node: RawNode;
  readonly #loop: RaftLoop;
  readonly #transport: PeerTransport;
  readonly #entries: EntryApplier;
  readonly #versions: VersionMonitor;
  readonly #firstElection: FirstElection;
  #state: MemberState;
  #lead = 0n;
  // When the leader that is known was elected, in ms of the steady clock.
  #leadSince = 0;
  #isStopped = false;
  #isRemoved = false;
  #stopTicks = (): void => {};

  /** Nothing goes on before `start`. Its parts are made at the end of this file, in the order in which they need each other. */
  constructor(options: RaftMemberOptions) {
    const { config, ports, bootstrapped } = options;
    const { cluster, backend, v2Index } = bootstrapped;
    this.#options = options;
    this.#log = ports.log.at(LOG_CALLER);
    this.#timeoutMs = REQUEST_TIMEOUT_MS + 2 * config.electionMs;
    this.ids = new IdGenerator(cluster.localMemberId, ports.clock.wall());
    this.watchers = new Watchers(ports);
    this.#state = new MemberState({ config, ports, backend, cluster, v2Index, watchers: this.watchers.hub });
    const { node, storage } = newRaftNode(config, ports, bootstrapped);
    this.#node = node;
    this.proposer = this.#newProposer();
    this.peers = this.#newPeers();
    this.#transport = this.#newTransport();
    this.#entries = this.#newEntryApplier(storage.initialState().confState);
    this.storage = this.#newStorageKeeper(storage);
    this.reads = this.#newReadIndex();
    this.leaseRole = new RaftLeaseRole(this, { clock: ports.clock, heartbeatMs: config.heartbeatMs });
    this.leaderCalls = this.#newLeaderCalls();
    this.memberOps = this.#newMemberOps();
    this.#versions = this.#newVersionMonitor();
    this.#firstElection = this.#newFirstElection();
    this.#loop = this.#newLoop(storage);
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

  /** How long a request may take, in ms. */
  get requestTimeoutMs(): number {
    return this.#timeoutMs;
  }

  get isLeader(): boolean {
    return this.#node.role === 'leader';
  }

  /** It leads, and has applied all that earlier leaders have committed. */
  get isPrimary(): boolean {
    return this.isLeader && this.#entries.applied.term === this.#node.term;
  }

  /** A leader that is the only voter need not ask anybody before it reads, once it has applied an entry of its term. */
  get canReadAtOnce(): boolean {
    const { voters, voters_outgoing: outgoing } = this.#entries.confState;
    const isAlone = voters.length === 1 && outgoing.length === 0;
    return isAlone && this.isPrimary;
  }

  /** Begins to take part. A member that is alone need not wait for an election. */
  start(compaction: CompactionTarget): void {
    const { config, ports, bootstrapped } = this.#options;
    this.#setPeers(bootstrapped.isNew ? bootstrapped.remotes : this.cluster.members);
    this.storage.start(compaction);
    this.#versions.start();
    this.#stopTicks = ports.clock.every(config.heartbeatMs, () => this.#tick());
    // The entries that are committed already tell who the members are.
    this.#loop.wake();
    this.#state.compactor.start();
    this.watchers.start();
  }

  async stop(): Promise<void> {
    await this.#handOver();
    this.#isStopped = true;
    this.proposer.stop();
    this.#stopTicks();
    this.#firstElection.stop();
    this.#versions.stop();
    await this.#loop.stop();
    this.#transport.stop();
    this.reads.stop();
    this.leaseRole.stop();
    this.proposer.rejectAll();
    this.watchers.stop();
    await this.#state.compactor.stop();
    await this.storage.stop();
  }

  async #proposeConfChange(change: RaftConfChange, data: Uint8Array): Promise<readonly Member[]> {
    const input = { id: change.id, data, request: undefined, type: RaftEntryType.EntryConfChange };
    const { result } = await this.proposer.proposeData<readonly Member[]>(input);
    return result;
  }

  async #proposeVersion(version: string): Promise<void> {
    const id = this.ids.next();
    await this.proposer.proposeData({ id, data: versionRequest(id, version), request: undefined });
  }

  #collect(): void {
    this.#firstElection.look({ applied: this.applied, confState: this.#entries.confState });
    this.reads.collect();
    this.proposer.collect();
  }

  #tick(): void {
    this.leaseRole.tick();
    this.#node.tick();
    this.proposer.tick();
    this.reads.tick();
    this.#loop.wake();
  }

  #timeoutKind(begin: number): ErrorKind {
    return timeoutKind({
      begin,
      leadSince: this.#leadSince,
      electionMs: this.#options.config.electionMs,
      lead: this.#lead,
      cluster: this.cluster,
      activeSince: (id) => this.#transport.activeSince(id),
    });
  }

  #onSoftState(): void {
    const { lead } = this.#node;
    if (lead === this.#lead) return;
    if (this.#lead === this.cluster.localMemberId) this.#options.onDemoted();
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
    this.leaseRole.onApplied();
    return this.storage.afterApply();
  }

  // The database that the leader has sent takes the place of the old one, with everything that was made from it.
  async #install(snapshot: RaftSnapshot): Promise<void> {
    const { config, ports, bootstrapped } = this.#options;
    const { fs, dirs, progress } = bootstrapped;
    const { index, term } = pointOf(snapshot);
    this.#log.info('applying snapshot', { 'incoming-leader-snapshot-index': index });
    this.watchers.hub.pause();
    await this.#state.compactor.stop();
    await this.storage.abandon();
    const backend = await installDatabase(index, { config, ports, fs, dirs, progress });
    const { cluster } = this;
    cluster.clear();
    const v2Index = decodeV2Store(snapshot.data ?? new Uint8Array(0), cluster);
    const known = readConsistentIndex(backend);
    progress.applied = known;
    this.#state = new MemberState({ config, ports, backend, cluster, v2Index, watchers: this.watchers.hub });
    this.#state.compactor.start();
    const confState = snapshot.metadata?.conf_state ?? this.#entries.confState;
    this.#entries.restart({ applied: { index, term }, inDatabase: known.index, confState });
    this.#setPeers(cluster.members);
    this.#log.info('applied snapshot', { 'incoming-leader-snapshot-index': index });
  }

  // Connections to those who stay are kept: what is on its way in them may be a proposal of this member.
  #setPeers(members: readonly Member[]): void {
    const peers = members.filter(({ id }) => id !== this.cluster.localMemberId);
    for (const id of this.#transport.peerIds) {
      if (!peers.some((peer) => peer.id === id)) this.#transport.removePeer(id);
    }
    for (const { id, peerUrls } of peers) {
      if (this.#transport.peerIds.includes(id)) this.#transport.updatePeer(id, peerUrls);
      else this.#transport.addPeer(id, peerUrls);
    }
  }

  async #handOver(): Promise<void> {
    const id = hex(this.cluster.localMemberId);
    const fields = { 'local-member-id': id, 'current-leader-member-id': hex(this.#lead) };
    if (this.#isRemoved) return;
    try {
      const outcome = await this.memberOps.handOver();
      if (outcome === 'unhealthy')
        this.#log.warn('leadership transfer failed', { ...fields, error: 'unhealthy cluster' });
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

  // ---- The parts, as the constructor makes them.

  readonly #wake = (): void => this.#loop.wake();

  #newProposer(): Proposer {
    const { config, ports } = this.#options;
    return new Proposer({
      node: this.#node,
      ids: this.ids,
      maxRequestBytes: config.maxRequestBytes,
      timeoutMs: this.#timeoutMs,
      now: () => ports.clock.now(),
      wake: this.#wake,
      timeoutKind: ({ begin }) => this.#timeoutKind(begin),
    });
  }

  #newPeers(): Peers {
    return new Peers({
      ports: this.#options.ports,
      node: this.#node,
      cluster: () => this.cluster,
      storage: () => this.storage,
      transport: () => this.#transport,
      wake: this.#wake,
      onRemoved: () => this.#endRemoved(),
    });
  }

  #newTransport(): PeerTransport {
    const { fs, dirs } = this.#options.bootstrapped;
    const { id: clusterId, localMemberId: localId } = this.cluster;
    return this.#options.newTransport({ localId, clusterId, handler: this.peers, fs, snapDirectory: dirs.snap });
  }

  #newEntryApplier(confState: RaftConfState): EntryApplier {
    const { backend, isNew, progress, snapshot } = this.#options.bootstrapped;
    return new EntryApplier(
      {
        node: this.#node,
        transport: this.#transport,
        proposals: this.proposer.proposals,
        progress,
        state: () => this.#state,
        header: () => this.#header(),
        onFirstCommitInTerm: () => this.#onFirstCommitInTerm(),
        onRemoved: () => this.#endRemoved(),
      },
      { applied: pointOf(snapshot), inDatabase: isNew ? 0 : readConsistentIndex(backend).index, confState },
    );
  }

  #newStorageKeeper(raftStorage: MemoryStorage): StorageKeeper {
    const { config, ports, bootstrapped } = this.#options;
    const { fs, dirs, wal, snapshot } = bootstrapped;
    return new StorageKeeper({
      config,
      ports,
      fs,
      dirs,
      wal,
      raftStorage,
      state: () => this.#state,
      applied: () => this.#entries.applied,
      confState: () => this.#entries.confState,
      snapshotIndex: pointOf(snapshot).index,
    });
  }

  #newReadIndex(): ReadIndex {
    return new ReadIndex({
      ask: (context) => this.#node.readIndex(context),
      nextId: () => this.ids.next(),
      now: () => this.#options.ports.clock.now(),
      applied: () => this.applied,
      wake: this.#wake,
      timeoutMs: this.#timeoutMs,
    });
  }

  #newLeaderCalls(): LeaderCalls {
    const { config, ports, calls } = this.#options;
    return new LeaderCalls({
      calls,
      clock: ports.clock,
      leader: () => this.cluster.member(this.#lead),
      isStopped: () => this.#isStopped,
      electionMs: config.electionMs,
      timeoutMs: this.#timeoutMs,
    });
  }

  #newMemberOps(): MemberOps {
    const { config, ports } = this.#options;
    return new MemberOps({
      config,
      clock: ports.clock,
      node: this.#node,
      ids: this.ids,
      transport: this.#transport,
      leader: this.leaderCalls,
      cluster: () => this.cluster,
      isLeader: () => this.isLeader,
      timeoutMs: this.#timeoutMs,
      propose: (change, data) => this.#proposeConfChange(change, data),
      wake: this.#wake,
    });
  }

  #newVersionMonitor(): VersionMonitor {
    const { ports, calls } = this.#options;
    return new VersionMonitor({
      clock: ports.clock,
      log: ports.log,
      isLeader: () => this.isLeader,
      cluster: () => this.cluster,
      localId: this.cluster.localMemberId,
      ownVersion: ETCD_VERSION,
      fetchVersion: (url) => calls.fetchVersion(url, VERSION_ANSWER_MS),
      propose: (version) => this.#proposeVersion(version),
    });
  }

  #newFirstElection(): FirstElection {
    const { config, ports, bootstrapped } = this.#options;
    return new FirstElection({
      config,
      clock: ports.clock,
      node: this.#node,
      transport: this.#transport,
      localId: this.cluster.localMemberId,
      commit: bootstrapped.hardState.commit,
    });
  }

  #newLoop(storage: MemoryStorage): RaftLoop {
    const { ports, bootstrapped } = this.#options;
    return new RaftLoop({
      node: this.#node,
      storage,
      wal: bootstrapped.wal,
      clock: ports.clock,
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
}

function hex(id: bigint): string {
  return id.toString(16);
}
