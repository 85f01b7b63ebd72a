// What a follower does with messages. Mirrors stepFollower and the handlers of appends and heartbeats of etcd's
// raft/raft.go.

import type { RaftMessage } from '../../../../proto/schema.ts';
import { RaftMessageType } from '../../../../proto/schema.ts';
import { isFromLeader, newMessage, NONE } from './messages.ts';
import type { Raft } from './raft.ts';

export function stepFollower(raft: Raft, message: RaftMessage): void {
  if (isFromLeader(message.type)) {
    raft.electionElapsed = 0;
    raft.lead = message.from;
    handleLeaderMessage(raft, message);
  } else if (message.type === RaftMessageType.MsgProp && raft.lead !== NONE) {
    raft.send({ ...message, to: raft.lead });
  }
}

/** Takes an append or a heartbeat of the leader of this term. */
export function handleLeaderMessage(raft: Raft, message: RaftMessage): void {
  if (message.type === RaftMessageType.MsgApp) handleAppend(raft, message);
  else handleHeartbeat(raft, message);
}

function handleAppend(raft: Raft, message: RaftMessage): void {
  const { log } = raft;
  const response = newMessage(RaftMessageType.MsgAppResp, message.from);
  const last = log.maybeAppend(message.index, message.logTerm, message.commit, message.entries);
  response.index = last ?? message.index;
  response.reject = last === undefined;
  // What is committed is the leader's too: it may go on from there.
  response.rejectHint = response.reject ? log.committed : 0;
  raft.send(response);
}

function handleHeartbeat(raft: Raft, message: RaftMessage): void {
  raft.log.commitTo(message.commit);
  raft.send(newMessage(RaftMessageType.MsgHeartbeatResp, message.from));
}
