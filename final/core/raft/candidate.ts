// What a candidate and a pre-candidate do with messages. Mirrors stepCandidate of etcd's raft/raft.go.

import type { RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { campaign, poll } from './election.ts';
import { RaftError } from './errors.ts';
import { handleLeaderMessage } from './follower.ts';
import { hex, isFromLeader, messageName, NONE } from './messages.ts';
import type { Raft } from './raft.ts';
import { broadcastAppend } from './replication.ts';
import { stateName } from './roles.ts';

export function stepCandidate(raft: Raft, message: RaftMessage): void {
  if (isFromLeader(message.type)) {
    // Another has won this term.
    raft.becomeFollower(message.term, message.from);
    handleLeaderMessage(raft, message);
    return;
  }
  const isPreCandidate = raft.role === 'pre-candidate';
  // Answers of the other kind are late ones, to a campaign before this.
  const awaited = isPreCandidate ? RaftMessageType.MsgPreVoteResp : RaftMessageType.MsgVoteResp;
  if (message.type === awaited) {
    takeVote(raft, message, isPreCandidate);
  } else if (message.type === RaftMessageType.MsgProp) {
    raft.logger.info(`${hex(raft.id)} no leader at term ${raft.term}; dropping proposal`);
    throw new RaftError('ProposalDropped');
  } else if (message.type === RaftMessageType.MsgTimeoutNow) {
    const state = `[term ${raft.term} state ${stateName(raft.role)}]`;
    raft.logger.debug(`${hex(raft.id)} ${state} ignored MsgTimeoutNow from ${hex(message.from)}`);
  }
}

function takeVote(raft: Raft, message: RaftMessage, isPreCandidate: boolean): void {
  const { granted, rejected, result } = poll(raft, message.from, message.type, !message.reject);
  const counts = `${granted} ${messageName(message.type)} votes and ${rejected} vote rejections`;
  raft.logger.info(`${hex(raft.id)} has received ${counts}`);
  if (result === 'VoteLost') {
    // The term of a rejected pre-vote may be higher, but nobody leads it: stay in the own one.
    raft.becomeFollower(raft.term, NONE);
  } else if (result === 'VoteWon' && isPreCandidate) {
    campaign(raft, 'election');
  } else if (result === 'VoteWon') {
    raft.becomeLeader();
    broadcastAppend(raft);
  }
}
