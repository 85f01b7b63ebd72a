// Whether a change of the members may be proposed: with --strict-reconfig-check a member refuses one that would leave the
// cluster without a quorum. Mirrors etcd's mayAddMember, mayRemoveMember and mayPromoteMember of 3.5.30. These checks are
// about what this member sees now; what all members must agree on is checked again when the change is applied.

import { EtcdError } from '../core/errors.ts';
import { isStarted, type Member } from './cluster.ts';

/** A member counts as connected when the connection has stood for longer than this, in ms. */
export const HEALTHY_AFTER_MS = 5000;

/** A learner is ready when it has this share of the leader's log. */
export const READY_SHARE = 0.9;

/** What the checks look at. */
export interface ReconfigView {
  readonly voters: readonly Member[];
  readonly learners: readonly Member[];
  readonly localId: bigint;
  /** How long the connection to a member has stood, in ms; undefined while it does not. Not asked for the local one. */
  readonly connectedForMs: (id: bigint) => number | undefined;
  /** False: everything is allowed. */
  readonly strict: boolean;
}

/** Before a member is added. Errors: MemberNotEnoughStarted, Unhealthy. */
export function checkAdd(view: ReconfigView, { isLearner }: Pick<Member, 'isLearner'>): void {
  if (!view.strict) return;
  const { length: count } = view.voters;
  const started = countStarted(view.voters);
  // A cluster of one that was restored has to grow again: its second member cannot be there before it is added.
  const isFirstAddition = count === 1 && started === 1;
  if (!isLearner && !isFirstAddition && started < quorum(count + 1)) throw new EtcdError('MemberNotEnoughStarted');
  if (count > 1 && countHealthy(view) < quorum(count + 1)) throw new EtcdError('Unhealthy');
}

/** Before a member is removed; who is no member is found out later. Errors: MemberNotEnoughStarted, Unhealthy. */
export function checkRemove(view: ReconfigView, id: bigint): void {
  if (!view.strict || view.learners.some((learner) => learner.id === id)) return;
  const rest = view.voters.filter((voter) => voter.id !== id);
  if (countStarted(rest) < quorum(rest.length)) throw new EtcdError('MemberNotEnoughStarted');
  // Who is not there does not help to make a quorum.
  if (id !== view.localId && view.connectedForMs(id) === undefined) return;
  if (countHealthy(view) - 1 < quorum(view.voters.length - 1)) throw new EtcdError('Unhealthy');
}

/** How far a learner has come, seen by the leader: the last entry that each of them is known to have. */
export interface LearnerProgress {
  /** Undefined: raft does not know it. */
  readonly learnerMatch: number | undefined;
  readonly leaderMatch: number;
}

/**
 * Before a learner is promoted; only the leader can tell. Errors: MemberNotFound, LearnerNotReady,
 * MemberNotEnoughStarted.
 */
export function checkPromote(view: ReconfigView, { learnerMatch, leaderMatch }: LearnerProgress): void {
  if (learnerMatch === undefined) throw new EtcdError('MemberNotFound');
  if (learnerMatch < leaderMatch * READY_SHARE) throw new EtcdError('LearnerNotReady');
  if (!view.strict) return;
  const started = countStarted(view.voters) + 1;
  if (started < quorum(view.voters.length + 1)) throw new EtcdError('MemberNotEnoughStarted');
}

function countStarted(members: readonly Member[]): number {
  return members.filter(isStarted).length;
}

// Voters that have been there for a while, this member among them.
function countHealthy({ voters, localId, connectedForMs }: ReconfigView): number {
  return voters.filter(({ id }) => id === localId || (connectedForMs(id) ?? 0) > HEALTHY_AFTER_MS).length;
}

function quorum(members: number): number {
  return Math.floor(members / 2) + 1;
}
