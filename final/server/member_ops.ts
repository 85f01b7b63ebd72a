// Changes of the members, as a client asks for them: checked by what this member sees, then proposed to raft. Mirrors the Cluster
// part of etcd's etcdserver/server.go (spec/raft.md D9, D10).

import { codecs } from '../../proto/load.ts';
import type { RaftConfChange } from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import type { RawNode } from '../core/raft/rawnode.ts';
import type { Config } from '../etcdmain/config.ts';
import type { Clock } from '../ports.ts';
import { addedMemberId, type Cluster, type Member } from './cluster.ts';
import { addMemberChange, promoteMemberChange, removeMemberChange, updateMemberChange } from './conf_change.ts';
import type { IdGenerator } from './id_generator.ts';
import type { LeaderCalls } from './leader_calls.ts';
import type { PeerTransport } from './peer_transport.ts';
import { checkAdd, checkPromote, checkRemove, type ReconfigView } from './reconfig.ts';

export interface MemberOpsOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly node: RawNode;
  readonly ids: IdGenerator;
  readonly transport: PeerTransport;
  readonly leader: LeaderCalls;
  readonly cluster: () => Cluster;
  readonly isLeader: () => boolean;
  readonly timeoutMs: number;
  /** Proposes the change; resolves to the members behind it. */
  readonly propose: (change: RaftConfChange, data: Uint8Array) => Promise<readonly Member[]>;
  readonly wake: () => void;
}

export class MemberOps {
  readonly #options: MemberOpsOptions;

  constructor(options: MemberOpsOptions) {
    this.#options = options;
  }

  /** Errors: MemberNotEnoughStarted, Unhealthy, MemberExist, PeerURLExist, TooManyLearners. */
  async add(input: {
    readonly peerUrls: readonly string[];
    readonly isLearner: boolean;
  }): Promise<{ readonly member: Member; readonly members: readonly Member[] }> {
    const { clock, ids } = this.#options;
    checkAdd(this.#view(), input);
    const id = addedMemberId(input.peerUrls, clock.wall());
    const member: Member = { id, name: '', clientUrls: [], ...input };
    return { member, members: await this.#propose(addMemberChange(ids.next(), member)) };
  }

  /** Errors: MemberNotEnoughStarted, Unhealthy, MemberNotFound. */
  async remove(id: bigint): Promise<readonly Member[]> {
    checkRemove(this.#view(), id);
    return this.#propose(removeMemberChange(this.#options.ids.next(), id));
  }

  /** Errors: MemberNotFound, PeerURLExist. */
  async update(id: bigint, peerUrls: readonly string[]): Promise<readonly Member[]> {
    const isLearner = this.#options.cluster().member(id)?.isLearner ?? false;
    return this.#propose(updateMemberChange(this.#options.ids.next(), id, peerUrls, isLearner));
  }

  /** Asks the leader if that is another member. Errors: LearnerNotReady, MemberNotFound, MemberNotLearner, NoLeader, Timeout. */
  async promote(id: bigint): Promise<readonly Member[]> {
    return this.#options.isLeader() ? this.promoteHere(id) : this.#options.leader.promote(id);
  }

  /** The same on the leader. Further error: NotLeader. */
  async promoteHere(id: bigint): Promise<readonly Member[]> {
    const { node, cluster, ids } = this.#options;
    if (!this.#options.isLeader()) throw new EtcdError('NotLeader');
    const learnerMatch = node.progress(id)?.match;
    const leaderMatch = node.progress(cluster().localMemberId)?.match ?? 0;
    checkPromote(this.#view(), { learnerMatch, leaderMatch });
    return this.#propose(promoteMemberChange(ids.next(), id));
  }

  /** Resolves when `target` leads. Errors: NotLeader, BadLeaderTransferee, TimeoutLeaderTransfer. */
  async moveLeader(target: bigint): Promise<void> {
    const { cluster, isLeader } = this.#options;
    if (!isLeader()) throw new EtcdError('NotLeader');
    const member = cluster().member(target);
    if (member === undefined || member.isLearner) throw new EtcdError('BadLeaderTransferee');
    await this.#transfer(target);
  }

  /** Before this member ends: hands the leadership to the voter whose connection has stood longest, if there is one. */
  async handOver(): Promise<'skipped' | 'done' | 'unhealthy'> {
    const { cluster, transport, isLeader } = this.#options;
    const others = cluster().voters.filter(({ id }) => id !== cluster().localMemberId);
    if (!isLeader() || others.length === 0) return 'skipped';
    const connected = others
      .map(({ id }) => ({ id, since: transport.activeSince(id) }))
      .filter((one): one is { id: bigint; since: number } => one.since !== undefined)
      .sort((a, b) => a.since - b.since);
    const target = connected[0]?.id;
    if (target === undefined) return 'unhealthy';
    await this.#transfer(target);
    return 'done';
  }

  async #transfer(target: bigint): Promise<void> {
    const { node, clock, config, timeoutMs, wake } = this.#options;
    node.transferLeader(target);
    wake();
    const end = clock.now() + timeoutMs;
    while (node.lead !== target) {
      if (clock.now() >= end) throw new EtcdError('TimeoutLeaderTransfer');
      await clock.sleep(config.heartbeatMs);
    }
  }

  #propose(change: RaftConfChange): Promise<readonly Member[]> {
    return this.#options.propose(change, codecs['raftpb.ConfChange'].encode(change));
  }

  #view(): ReconfigView {
    const { cluster, transport, clock, config } = this.#options;
    const { voters, learners, localMemberId: localId } = cluster();
    const connectedForMs = (id: bigint): number | undefined => {
      const since = transport.activeSince(id);
      return since === undefined ? undefined : clock.now() - since;
    };
    return { voters, learners, localId, connectedForMs, strict: config.strictReconfigCheck };
  }
}
