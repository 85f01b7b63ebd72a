// What a candidate does with messages. Mirrors stepCandidate of etcd's raft/raft.go.

import type { RaftMessage } from '../../../../proto/schema.ts';
import { RaftMessageType } from '../../../../proto/schema.ts';
import { takeVote } from './election.ts';
import { handleLeaderMessage } from './follower.ts';
import { isFromLeader } from './messages.ts';
import type { Raft } from './raft.ts';

export function stepCandidate(raft: Raft, message: RaftMessage): void {
  if (isFromLeader(message.type)) {
    // Another has won this term.
    raft.becomeFollower(message.term, message.from);
    handleLeaderMessage(raft, message);
  } else if (message.type === RaftMessageType.MsgVoteResp && !message.reject) {
    takeVote(raft, message.from);
  }
}
