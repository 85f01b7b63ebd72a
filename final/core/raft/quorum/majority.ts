// What a majority of a set of voters has agreed on. Mirrors etcd's raft/quorum/majority.go.
//
// An empty set agrees to everything: so a joint quorum with an empty half is the other half.

/** The outcome of a vote so far. */
export type VoteResult = 'VotePending' | 'VoteLost' | 'VoteWon';

/** Tells how far the log of a voter is known to agree with the leader's; undefined when nothing is known. */
export interface AckedIndexer {
  ackedIndex(id: bigint): number | undefined;
}

/** The largest index that a majority of `voters` has; infinite for no voters. */
export function majorityCommittedIndex(voters: readonly bigint[], acked: AckedIndexer): number {
  const n = voters.length;
  if (n === 0) return Number.POSITIVE_INFINITY;
  if (n === 1) return acked.ackedIndex(voters[0] as bigint) ?? 0;
  // Sorted while they come in; the number of voters is small, and this runs at each acknowledgement.
  const indexes: number[] = [];
  for (const id of voters) {
    const index = acked.ackedIndex(id) ?? 0;
    let at = indexes.length;
    while (at > 0 && (indexes[at - 1] as number) > index) {
      indexes[at] = indexes[at - 1] as number;
      at--;
    }
    indexes[at] = index;
  }
  // n/2+1 voters, the majority, have this index or a later one.
  return indexes[n - (Math.floor(n / 2) + 1)] as number;
}

/** Counts `votes`, of which those of others than `voters` do not matter. */
export function majorityVoteResult(voters: readonly bigint[], votes: ReadonlyMap<bigint, boolean>): VoteResult {
  if (voters.length === 0) return 'VoteWon';
  let yes = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) yes++;
  }
  const needed = Math.floor(voters.length / 2) + 1;
  if (yes >= needed) return 'VoteWon';
  return yes + missing >= needed ? 'VotePending' : 'VoteLost';
}
