// The raft state machine: what a member is, its term, its vote, its log, and how messages and ticks change them. Mirrors
// etcd's raft/raft.go.
//
// It knows no disk, no network and no clock: time is counted in ticks, messages to send collect in `messages`. RawNode hands
// them out. What a member does with a message depends on its role and is in follower.ts, candidate.ts and leader.ts; this
// file has what all roles share.

import type { RaftEntry, RaftHardState, RaftMessage } from '../../../../proto/schema.ts';
import { RaftMessageType } from '../../../../proto/schema.ts';
import { stepCandidate } from './candidate.ts';
import { campaign, handleVoteRequest } from './election.ts';
import { stepFollower } from './follower.ts';
import { stepLeader, tickLeader } from './leader.ts';
import { RaftLog } from './log.ts';
import { isFromLeader, NONE } from './messages.ts';
import { appendEntries } from './replication.ts';

/** What a leader knows about the log of one member. match < next. */
export interface Progress {
  /** The last index up to which the member's log is known to be the leader's. */
  match: number;
  /** The next index to send. */
  next: number;
  /** Whether the member has answered since the leader last looked; of the leader itself always. */
  recentActive: boolean;
}

export interface RaftConfig {
  readonly id: bigint;
  /** All members, this one too. */
  readonly members: readonly bigint[];
  /** Ticks without a sign of the leader before an election; the actual number is drawn from [electionTick, 2·electionTick). */
  readonly electionTick: number;
  /** What was on disk before a restart. */
  readonly hardState: RaftHardState;
  readonly entries: readonly RaftEntry[];
  /** A uniformly distributed integer in [0, below): raft's only source of chance. */
  readonly random: (below: number) => number;
}

export class Raft {
  readonly id: bigint;
  readonly log: RaftLog;
  readonly #config: RaftConfig;

  // The term never falls; within a term the vote, once given, stays. Both are on disk before anybody is told.
  term: number;
  vote: bigint;

  role: 'follower' | 'candidate' | 'leader' = 'follower';
  /** The leader of this term as far as known; at most one member ever is. */
  lead = NONE;
  /** Of all members; at a leader what it knows of their logs. */
  readonly progress = new Map<bigint, Progress>();
  /** At a candidate: who votes for it. */
  readonly votes = new Set<bigint>();
  /** Messages that wait to be sent, after what they promise is on disk. */
  messages: RaftMessage[] = [];

  /** Ticks since the last sign of a leader. */
  electionElapsed = 0;
  /** Drawn anew at each reset: so two members seldom campaign at once. */
  #randomizedElectionTimeout = 0;

  /** Continues from what was on disk, as a follower. */
  constructor(config: RaftConfig) {
    this.#config = config;
    this.id = config.id;
    this.log = new RaftLog(config.entries, config.hardState.commit);
    this.term = config.hardState.term;
    this.vote = config.hardState.vote;
    this.becomeFollower(this.term, NONE);
  }

  /** Ticks of an election timeout. */
  get electionTick(): number {
    return this.#config.electionTick;
  }

  /** How many members are a majority. */
  get quorum(): number {
    return Math.floor(this.progress.size / 2) + 1;
  }

  /** Lets a tick pass. */
  tick(): void {
    if (this.role === 'leader') return tickLeader(this);
    this.electionElapsed++;
    if (this.electionElapsed >= this.#randomizedElectionTimeout) campaign(this);
  }

  /** Takes a message of another member, or proposals of this one, which have term 0. */
  step(message: RaftMessage): void {
    if (message.term !== 0 && !this.progress.has(message.from)) return;
    if (message.term > this.term) {
      this.becomeFollower(message.term, isFromLeader(message.type) ? message.from : NONE);
    } else if (message.term < this.term && message.term !== 0) {
      return;
    }
    if (message.type === RaftMessageType.MsgVote) handleVoteRequest(this, message);
    else if (this.role === 'leader') stepLeader(this, message);
    else if (this.role === 'follower') stepFollower(this, message);
    else stepCandidate(this, message);
  }

  /** Puts a message into the outbox. A proposal that is passed on stays without a term. */
  send(message: RaftMessage): void {
    message.from = this.id;
    if (message.type !== RaftMessageType.MsgProp) message.term = this.term;
    this.messages.push(message);
  }

  becomeFollower(term: number, lead: bigint): void {
    this.#reset(term);
    this.role = 'follower';
    this.lead = lead;
  }

  becomeCandidate(): void {
    this.#reset(this.term + 1);
    this.vote = this.id;
    this.role = 'candidate';
  }

  becomeLeader(): void {
    this.#reset(this.term);
    this.lead = this.id;
    this.role = 'leader';
    // An entry of its own term is what a leader can commit, and with it all before.
    appendEntries(this, [undefined]);
  }

  #reset(term: number): void {
    if (this.term !== term) {
      this.term = term;
      this.vote = NONE;
    }
    this.lead = NONE;
    this.electionElapsed = 0;
    const { electionTick, members, random } = this.#config;
    this.#randomizedElectionTimeout = electionTick + random(electionTick);
    this.votes.clear();
    for (const id of members)
      this.progress.set(id, { match: 0, next: this.log.lastIndex() + 1, recentActive: id === this.id });
  }
}
