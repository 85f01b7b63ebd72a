// The members of a cluster as raft sees them. Mirrors Config of etcd's raft/tracker/tracker.go.
//
// Invariants (checked by confchange.ts): every member has a Progress; learners are disjoint from both halves of the
// voters; learnersNext is within the outgoing voters; without outgoing voters learnersNext is empty and autoLeave false.
// A configuration never changes in place: the sets are replaced.

import type { RaftConfState } from '../../../../proto/schema.ts';
import type { JointVoters } from '../quorum/joint.ts';

export interface TrackerConfig {
  readonly voters: JointVoters;
  /** Whether the leader leaves the joint configuration as soon as it is applied. */
  readonly autoLeave: boolean;
  readonly learners: readonly bigint[];
  /** Outgoing voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly bigint[];
}

export const EMPTY_CONFIG: TrackerConfig = {
  voters: { incoming: [], outgoing: [] },
  autoLeave: false,
  learners: [],
  learnersNext: [],
};

/** Whether a change of the configuration is half-way: two majorities must agree to everything. */
export function isJoint(config: TrackerConfig): boolean {
  return config.voters.outgoing.length > 0;
}

/** The configuration as it is stored in snapshots. */
export function confStateOf(config: TrackerConfig): RaftConfState {
  return {
    voters: config.voters.incoming.slice(),
    learners: config.learners.slice(),
    voters_outgoing: config.voters.outgoing.slice(),
    learners_next: config.learnersNext.slice(),
    auto_leave: config.autoLeave,
  };
}

/** As etcd's log lines show it: `voters=(1 2)&&(1) learners=(3) autoleave`. */
export function describeConfig(config: TrackerConfig): string {
  let text = `voters=${describeIds(config.voters.incoming)}`;
  if (isJoint(config)) text += `&&${describeIds(config.voters.outgoing)}`;
  if (config.learners.length > 0) text += ` learners=${describeIds(config.learners)}`;
  if (config.learnersNext.length > 0) text += ` learners_next=${describeIds(config.learnersNext)}`;
  if (config.autoLeave) text += ' autoleave';
  return text;
}

function describeIds(ids: readonly bigint[]): string {
  return `(${ids.join(' ')})`;
}
