// The raft state machine: what a member is, its term, its vote, its log, and how messages and ticks change them. Mirrors
// etcd's raft/raft.go, version 3.5.
//
// It knows no disk, no network and no clock: time is counted in ticks, messages to send collect in `messages`, entries to
// write in the log's unstable part. RawNode hands both out. What a member does with a message depends on its role and is
// in follower.ts, candidate.ts and leader.ts; this file has what all roles share.

import type { RaftHardState, RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { AssertionError, assert, must } from '../assert.ts';
import { stepCandidate } from './candidate.ts';
import { type RaftConfig, type RaftLogger, SILENT_LOGGER, validateConfig } from './config.ts';
import { restoreConfiguration } from './configuration.ts';
import { answerLowerTerm, handleVoteRequest, hup, isLeaseIgnoring } from './election.ts';
import { NO_LIMIT } from './entries.ts';
import { stepFollower } from './follower.ts';
import { stepLeader, tickLeader } from './leader.ts';
import { RaftLog } from './log.ts';
import { hex, isFromLeader, isVoteMessage, messageName, NONE } from './messages.ts';
import { jointIds } from './quorum/joint.ts';
import { ReadOnly, type ReadState } from './read_only.ts';
import { appendEntries } from './replication.ts';
import type { Role } from './roles.ts';
import { ProgressTracker } from './tracker/tracker.ts';

export class Raft {
  readonly id: bigint;
  readonly options: RaftConfig;
  readonly logger: RaftLogger;
  readonly log: RaftLog;

  // Persistent together with log.committed: see hardState. The term never falls; within a term the vote, once given, stays.
  term = 0;
  vote = NONE;

  role: Role = 'follower';
  /** The leader of this term as far as known; at most one member ever is. */
  lead = NONE;
  /** The members, and at a leader what it knows of their logs. */
  readonly tracker: ProgressTracker;
  /** Messages that wait to be sent, after what they promise is on disk. */
  messages: RaftMessage[] = [];

  /** Ticks since the last sign of a leader, or at a leader since the last check of the quorum. */
  electionElapsed = 0;
  /** At a leader: ticks since the last heartbeat. */
  heartbeatElapsed = 0;
  /** Drawn anew at each reset, from [electionTick, 2·electionTick): so two members seldom campaign at once. */
  randomizedElectionTimeout = 0;

  /** The member that the leader hands its leadership to; meanwhile it refuses proposals. */
  leadTransferee = NONE;
  /** At a leader: the index of the last configuration change in its log, or a bound of it; no other until it is applied. */
  pendingConfIndex = 0;
  /** At a leader: bytes of payload in its log that are not committed. Only an estimate after a change of leadership. */
  uncommittedSize = 0;

  /** Answers to read requests of this member that wait to be handed out. */
  readStates: ReadState[] = [];
  /** Read requests that wait until the leader has committed an entry of its term. */
  pendingReadIndexMessages: RaftMessage[] = [];
  readOnly = new ReadOnly();

  /** Continues from what `options.storage` holds, as a follower. Throws RaftError `BadConfig`. */
  constructor(options: RaftConfig) {
    validateConfig(options);
    this.id = options.id;
    this.options = options;
    this.logger = options.logger ?? SILENT_LOGGER;
    this.log = new RaftLog(options.storage, this.logger, options.maxCommittedSizePerReady || options.maxSizePerMsg);
    this.tracker = new ProgressTracker(options.maxInflightMsgs);
    const { hardState, confState } = options.storage.initialState();
    restoreConfiguration(this, confState);
    if (hardState.term !== 0 || hardState.vote !== NONE || hardState.commit !== 0) this.#loadState(hardState);
    if (options.applied !== undefined && options.applied > 0) this.log.appliedTo(options.applied);
    this.becomeFollower(this.term, NONE);
    this.#logStart();
  }

  /** The persistent part of the state, as a new object. */
  hardState(): RaftHardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  /** Whether this member may become leader: it is a voter, and no received snapshot waits to be written. */
  promotable(): boolean {
    const progress = this.tracker.progress.get(this.id);
    return progress !== undefined && !progress.isLearner && !this.log.hasPendingSnapshot();
  }

  /** Lets a tick pass. */
  tick(): void {
    if (this.role === 'leader') {
      tickLeader(this);
      return;
    }
    this.electionElapsed++;
    if (!this.promotable() || this.electionElapsed < this.randomizedElectionTimeout) return;
    this.electionElapsed = 0;
    this.campaign();
  }

  /** Starts an election unless there is a reason against it. */
  campaign(): void {
    hup(this, this.options.preVote ? 'pre-election' : 'election');
  }

  /**
   * Takes a message, of another member or a local proposal or read request, which have term 0. Throws RaftError
   * `ProposalDropped` when a proposal cannot be taken.
   */
  step(message: RaftMessage): void {
    if (message.term > this.term) {
      if (isLeaseIgnoring(this, message)) return;
      this.#followHigherTerm(message);
    } else if (message.term < this.term && message.term !== 0) {
      answerLowerTerm(this, message);
      return;
    }
    if (message.type === RaftMessageType.MsgVote || message.type === RaftMessageType.MsgPreVote) {
      handleVoteRequest(this, message);
    } else if (this.role === 'leader') {
      stepLeader(this, message);
    } else if (this.role === 'follower') {
      stepFollower(this, message);
    } else {
      stepCandidate(this, message);
    }
  }

  /** Puts a message into the outbox. Those of elections carry their own term, all others that of this member. */
  send(message: RaftMessage): void {
    if (message.from === NONE) message.from = this.id;
    if (isVoteMessage(message.type) !== (message.term !== 0)) {
      const verb = message.term === 0 ? 'should' : 'should not';
      throw new AssertionError(`term ${verb} be set when sending ${messageName(message.type)}`);
    }
    // Proposals and read requests that are passed on stay local messages for the one who receives them.
    const isForwarded = message.type === RaftMessageType.MsgProp || message.type === RaftMessageType.MsgReadIndex;
    if (message.term === 0 && !isForwarded) message.term = this.term;
    this.messages.push(message);
  }

  becomeFollower(term: number, lead: bigint): void {
    this.#reset(term);
    this.role = 'follower';
    this.lead = lead;
    this.logger.info(`${hex(this.id)} became follower at term ${this.term}`);
  }

  becomeCandidate(): void {
    assert(this.role !== 'leader', 'invalid transition [leader -> candidate]');
    this.#reset(this.term + 1);
    this.vote = this.id;
    this.role = 'candidate';
    this.logger.info(`${hex(this.id)} became candidate at term ${this.term}`);
  }

  /** Neither the term nor the vote changes: nothing has to be persisted, and nobody is disturbed if it comes to nothing. */
  becomePreCandidate(): void {
    assert(this.role !== 'leader', 'invalid transition [leader -> pre-candidate]');
    this.tracker.votes.clear();
    this.lead = NONE;
    this.role = 'pre-candidate';
    this.logger.info(`${hex(this.id)} became pre-candidate at term ${this.term}`);
  }

  becomeLeader(): void {
    assert(this.role !== 'follower', 'invalid transition [follower -> leader]');
    this.#reset(this.term);
    this.lead = this.id;
    this.role = 'leader';
    must(this.tracker.progress.get(this.id), 'the progress of the leader').becomeReplicate();
    // There may be a configuration change in the part of the log that is not applied: looking is not worth it.
    this.pendingConfIndex = this.log.lastIndex();
    // An entry of its own term is what a leader can commit, and with it all before. It counts for no limit, being empty.
    const isAppended = appendEntries(this, [{ Type: 0, Term: 0, Index: 0, Data: undefined }]);
    assert(isAppended, 'empty entry was dropped');
    this.logger.info(`${hex(this.id)} became leader at term ${this.term}`);
  }

  /** Gives up a running transfer of the leadership. */
  abortLeaderTransfer(): void {
    this.leadTransferee = NONE;
  }

  /** Takes note that committed entries were handed out and count no more for the limit on uncommitted ones. */
  reduceUncommittedSize(size: number): void {
    this.uncommittedSize = Math.max(0, this.uncommittedSize - size);
  }

  /** Counts entries of `size` bytes of payload; false when there are too many. A single one is never too large. */
  increaseUncommittedSize(size: number): boolean {
    const limit = this.options.maxUncommittedEntriesSize || NO_LIMIT;
    if (this.uncommittedSize > 0 && size > 0 && this.uncommittedSize + size > limit) return false;
    this.uncommittedSize += size;
    return true;
  }

  #followHigherTerm(message: RaftMessage): void {
    const { type, term } = message;
    // A pre-vote speaks of a term that does not exist yet, and so does the consent to it.
    if (type === RaftMessageType.MsgPreVote) return;
    if (type === RaftMessageType.MsgPreVoteResp && !message.reject) return;
    const sender = `${hex(message.from)} [term: ${term}]`;
    const state = `${hex(this.id)} [term: ${this.term}]`;
    this.logger.info(`${state} received a ${messageName(type)} message with higher term from ${sender}`);
    this.becomeFollower(term, isFromLeader(type) ? message.from : NONE);
  }

  #reset(term: number): void {
    if (this.term !== term) {
      this.term = term;
      this.vote = NONE;
    }
    this.lead = NONE;
    this.electionElapsed = 0;
    this.heartbeatElapsed = 0;
    const { electionTick, random } = this.options;
    this.randomizedElectionTimeout = electionTick + random(electionTick);
    this.abortLeaderTransfer();
    this.tracker.votes.clear();
    this.tracker.resetProgress(this.id, this.log.lastIndex());
    this.pendingConfIndex = 0;
    this.uncommittedSize = 0;
    this.readOnly = new ReadOnly();
  }

  #loadState(state: RaftHardState): void {
    const { committed } = this.log;
    const lastIndex = this.log.lastIndex();
    const isInside = state.commit >= committed && state.commit <= lastIndex;
    assert(isInside, `${hex(this.id)} state.commit ${state.commit} is out of range [${committed}, ${lastIndex}]`);
    this.log.committed = state.commit;
    this.term = state.term;
    this.vote = state.vote;
  }

  #logStart(): void {
    const peers = jointIds(this.tracker.config.voters).map(hex).join(',');
    const { committed, applied } = this.log;
    const last = `lastindex: ${this.log.lastIndex()}, lastterm: ${this.log.lastTerm()}`;
    const state = `term: ${this.term}, commit: ${committed}, applied: ${applied}, ${last}`;
    this.logger.info(`newRaft ${hex(this.id)} [peers: [${peers}], ${state}]`);
  }
}
