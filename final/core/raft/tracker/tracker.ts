// All members with what is known about their logs, and the votes of a campaign. Mirrors etcd's raft/tracker/tracker.go.

import { jointCommittedIndex, jointVoteResult } from '../quorum/joint.ts';
import type { AckedIndexer, VoteResult } from '../quorum/majority.ts';
import { EMPTY_CONFIG, type TrackerConfig } from './config.ts';
import { Progress } from './progress.ts';

/** The progress of each member by id. */
export type ProgressMap = ReadonlyMap<bigint, Progress>;

export class ProgressTracker implements AckedIndexer {
  readonly maxInflight: number;
  config: TrackerConfig = EMPTY_CONFIG;
  progress: ProgressMap = new Map();
  readonly votes: Map<bigint, boolean> = new Map();
  // The progress of all in ascending order of ids: messages go out in this order, so that a run can be repeated.
  #ordered: readonly Progress[] = [];

  constructor(maxInflight: number) {
    this.maxInflight = maxInflight;
  }

  /** Switches to other members. */
  setConfig(config: TrackerConfig, progress: ProgressMap): void {
    this.config = config;
    this.progress = progress;
    this.#ordered = [...progress.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The progress of all members in ascending order of ids. */
  get all(): readonly Progress[] {
    return this.#ordered;
  }

  /** Forgets what is known about the logs of all, at the beginning of a term; `self` has everything up to `lastIndex`. */
  resetProgress(self: bigint, lastIndex: number): void {
    const progress = new Map<bigint, Progress>();
    for (const { id, isLearner } of this.#ordered) {
      const fresh = new Progress(id, lastIndex + 1, isLearner, this.maxInflight);
      if (id === self) fresh.match = lastIndex;
      progress.set(id, fresh);
    }
    this.setConfig(this.config, progress);
  }

  ackedIndex(id: bigint): number | undefined {
    return this.progress.get(id)?.match;
  }

  /** The largest index that a quorum has. */
  committed(): number {
    return jointCommittedIndex(this.config.voters, this);
  }

  /** Whether one member alone is the quorum. */
  isSingleton(): boolean {
    return this.config.voters.incoming.length === 1 && this.config.voters.outgoing.length === 0;
  }

  /** Whether a quorum answered since the last check. */
  quorumActive(): boolean {
    const active = new Map<bigint, boolean>();
    for (const progress of this.#ordered) active.set(progress.id, progress.recentActive);
    return this.voteResult(active) === 'VoteWon';
  }

  /** Counts `votes` by the configuration. */
  voteResult(votes: ReadonlyMap<bigint, boolean>): VoteResult {
    return jointVoteResult(this.config.voters, votes);
  }

  /** Notes a vote; only the first of each member counts. */
  recordVote(id: bigint, granted: boolean): void {
    if (!this.votes.has(id)) this.votes.set(id, granted);
  }

  /** How the votes stand. Votes of learners and of removed members are not counted. */
  tallyVotes(): { readonly granted: number; readonly rejected: number; readonly result: VoteResult } {
    let granted = 0;
    let rejected = 0;
    for (const { id, isLearner } of this.#ordered) {
      const vote = isLearner ? undefined : this.votes.get(id);
      if (vote === true) granted++;
      else if (vote === false) rejected++;
    }
    return { granted, rejected, result: this.voteResult(this.votes) };
  }
}
