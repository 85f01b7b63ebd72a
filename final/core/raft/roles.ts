// The four roles of a member in raft.

/** What a member currently is. */
export type Role = 'follower' | 'candidate' | 'leader' | 'pre-candidate';

const STATE_NAMES: Readonly<Record<Role, string>> = {
  follower: 'StateFollower',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
  'pre-candidate': 'StatePreCandidate',
};

/** The role as etcd's log lines and metrics name it. */
export function stateName(role: Role): string {
  return STATE_NAMES[role];
}
