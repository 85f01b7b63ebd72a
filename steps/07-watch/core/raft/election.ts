// Elections: campaigns and votes. Mirrors the election part of etcd's raft/raft.go.

import type { RaftMessage } from '../../../../proto/schema.ts';
import { RaftMessageType } from '../../../../proto/schema.ts';
import { newMessage, NONE } from './messages.ts';
import type { Raft } from './raft.ts';
import { broadcastAppend } from './replication.ts';

/** Votes for this member and asks all others to do so. */
export function campaign(raft: Raft): void {
  raft.becomeCandidate();
  for (const id of raft.progress.keys()) {
    if (id === raft.id) continue;
    const message = newMessage(RaftMessageType.MsgVote, id);
    message.index = raft.log.lastIndex();
    message.logTerm = raft.log.term(message.index);
    raft.send(message);
  }
  takeVote(raft, raft.id);
}

/** Counts a vote for this candidate; with a majority it leads. */
export function takeVote(raft: Raft, from: bigint): void {
  raft.votes.add(from);
  if (raft.votes.size < raft.quorum) return;
  raft.becomeLeader();
  broadcastAppend(raft);
}

/** Answers a request for a vote: one vote a term, and for nobody whose log lacks what this one has. */
export function handleVoteRequest(raft: Raft, message: RaftMessage): void {
  const canVote = raft.vote === message.from || (raft.vote === NONE && raft.lead === NONE);
  const granted = canVote && raft.log.isUpToDate(message.index, message.logTerm);
  const response = newMessage(RaftMessageType.MsgVoteResp, message.from);
  response.reject = !granted;
  raft.send(response);
  if (!granted) return;
  raft.electionElapsed = 0;
  raft.vote = message.from;
}
