// A member's part in the cluster: its raft node, who waits for it, and the clock that drives it. Mirrors the raft half of etcd's
// etcdserver/server.go.

import { codecs } from '../../../proto/load.ts';
import type { RaftEntry, RaftMessage } from '../../../proto/schema.ts';
import { RaftEntryType } from '../../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import type { Raft } from '../core/raft/raft.ts';
import { RawNode } from '../core/raft/rawnode.ts';
import type { Bootstrapped } from './bootstrap.ts';
import type { IdGenerator } from './id_generator.ts';
import type { PeerTransport } from './peer_transport.ts';
import type { Proposal } from './propose.ts';
import { Proposer, type Waiter } from './proposer.ts';
import { RaftLoop } from './raft_loop.ts';

const TICK_MS = 100;
const ELECTION_TICKS = 10;
export const ELECTION_MS = ELECTION_TICKS * TICK_MS;

export interface RaftMemberOptions {
  readonly bootstrapped: Bootstrapped;
  readonly ids: IdGenerator;
  readonly transport: PeerTransport;
  /** Applies a request of the log and returns its result. */
  readonly apply: (request: Proposal) => unknown;
  /** It leads from now on, and has applied all that earlier leaders have committed. */
  readonly onPromoted: () => void;
}

export class RaftMember {
  readonly proposer: Proposer;
  readonly #options: RaftMemberOptions;
  readonly #node: RawNode;
  readonly #loop: RaftLoop;
  #ticks: NodeJS.Timeout | undefined;

  constructor(options: RaftMemberOptions) {
    this.#options = options;
    const { bootstrapped, transport } = options;
    const { cluster, wal, content } = bootstrapped;
    const id = cluster.localMemberId;
    this.#node = new RawNode({
      id,
      members: cluster.members.map((member) => member.id),
      electionTick: ELECTION_TICKS,
      hardState: content.hardState,
      entries: content.entries,
      random: (below) => Math.floor(Math.random() * below),
    });
    this.proposer = new Proposer({ node: this.#node, ids: options.ids, wake: () => this.#loop.wake() });
    this.#loop = new RaftLoop({
      node: this.#node,
      wal,
      transport,
      collect: () => this.proposer.collect(),
      apply: (entries) => this.#apply(entries),
    });
  }

  /** Term, leader, and how far the log is committed and applied. */
  get state(): Raft {
    return this.#node.raft;
  }

  /** It leads, and has applied all that earlier leaders have committed. */
  get isPrimary(): boolean {
    const { role, term, log } = this.state;
    return role === 'leader' && log.term(log.applied) === term;
  }

  /** Begins to take part, with all applied that is known to be committed. A member that is alone need not wait for an election. */
  start(): void {
    if (this.#options.bootstrapped.cluster.members.length === 1) this.#node.campaign();
    this.#loop.run();
    this.#ticks = setInterval(() => {
      this.#node.tick();
      this.proposer.tick();
      this.#loop.wake();
    }, TICK_MS);
  }

  /** Takes a message of another member. */
  process(message: RaftMessage): void {
    this.#node.step(message);
    this.#loop.wake();
  }

  stop(): void {
    clearInterval(this.#ticks);
    this.#loop.stop();
    this.proposer.stop();
  }

  // A read that nobody here waits for has no effect.
  #apply(entries: readonly RaftEntry[]): void {
    for (const { Type, Data, Term } of entries) {
      // With an empty entry a leader begins its term.
      if (Data === undefined && this.state.role === 'leader' && Term === this.state.term) this.#options.onPromoted();
      if (Type !== RaftEntryType.EntryNormal || Data === undefined) continue;
      const request = codecs['etcdserverpb.InternalRaftRequest'].decode(Data);
      const waiter = this.proposer.take(request.header?.ID ?? 0n);
      if (request.range !== undefined && waiter === undefined) continue;
      this.#applyRequest(request, waiter);
    }
  }

  #applyRequest(request: Proposal, waiter: Waiter | undefined): void {
    let result: unknown;
    try {
      result = this.#options.apply(request);
    } catch (error) {
      // Expected: it fails in the same way on every member.
      if (!(error instanceof EtcdError)) throw error;
      waiter?.reject(error);
      return;
    }
    waiter?.resolve(result);
  }
}
