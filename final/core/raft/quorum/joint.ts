// Quorums of two sets of voters, as while a change of the configuration is under way: both must agree. Mirrors etcd's
// raft/quorum/joint.go.

import { type AckedIndexer, majorityCommittedIndex, majorityVoteResult, type VoteResult } from './majority.ts';

/** The voters, each set in ascending order. Outside a change `outgoing` is empty. */
export interface JointVoters {
  readonly incoming: readonly bigint[];
  readonly outgoing: readonly bigint[];
}

/** The largest index that both halves have committed; infinite for no voters at all. */
export function jointCommittedIndex(voters: JointVoters, acked: AckedIndexer): number {
  const incoming = majorityCommittedIndex(voters.incoming, acked);
  if (voters.outgoing.length === 0) return incoming;
  return Math.min(incoming, majorityCommittedIndex(voters.outgoing, acked));
}

/** Counts `votes` in both halves: lost as soon as one half loses, won when both win. */
export function jointVoteResult(voters: JointVoters, votes: ReadonlyMap<bigint, boolean>): VoteResult {
  const incoming = majorityVoteResult(voters.incoming, votes);
  const outgoing = majorityVoteResult(voters.outgoing, votes);
  if (incoming === outgoing) return incoming;
  return incoming === 'VoteLost' || outgoing === 'VoteLost' ? 'VoteLost' : 'VotePending';
}

/** Everyone who votes in either half, in ascending order. */
export function jointIds(voters: JointVoters): bigint[] {
  const ids = voters.incoming.concat(voters.outgoing.filter((id) => !voters.incoming.includes(id)));
  return ids.sort((a, b) => (a < b ? -1 : 1));
}
