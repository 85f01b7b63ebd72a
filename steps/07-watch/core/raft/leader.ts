// What a leader does with messages. Mirrors stepLeader of etcd's raft/raft.go.

import type { RaftMessage } from '../../../../proto/schema.ts';
import { RaftMessageType } from '../../../../proto/schema.ts';
import { NONE } from './messages.ts';
import type { Progress, Raft } from './raft.ts';
import { appendEntries, broadcastAppend, broadcastHeartbeat, maybeCommit, sendAppend } from './replication.ts';

/** A tick: heartbeats, and once in an election timeout a look whether a majority still follows. */
export function tickLeader(raft: Raft): void {
  broadcastHeartbeat(raft);
  raft.electionElapsed++;
  if (raft.electionElapsed < raft.electionTick) return;
  raft.electionElapsed = 0;
  checkQuorum(raft);
}

// Others may have elected another leader by then. Until here that did no harm, since nothing this one does is committed; but the
// leader renews leases without asking anybody, and so it must not lead on for long.
function checkQuorum(raft: Raft): void {
  let active = 0;
  for (const [id, progress] of raft.progress) {
    if (progress.recentActive) active++;
    progress.recentActive = id === raft.id;
  }
  if (active < raft.quorum) raft.becomeFollower(raft.term, NONE);
}

export function stepLeader(raft: Raft, message: RaftMessage): void {
  if (message.type === RaftMessageType.MsgProp) {
    appendEntries(
      raft,
      message.entries.map(({ Data }) => Data),
    );
    broadcastAppend(raft);
    return;
  }
  const progress = raft.progress.get(message.from);
  if (progress === undefined) return;
  progress.recentActive = true;
  if (message.type === RaftMessageType.MsgAppResp) {
    if (message.reject) handleReject(raft, progress, message);
    else handleAccept(raft, progress, message);
  } else if (message.type === RaftMessageType.MsgHeartbeatResp && progress.match < raft.log.lastIndex()) {
    // Something on its way may be lost: it is sent again, and harmless if it was not.
    progress.next = progress.match + 1;
    sendAppend(raft, message.from, progress);
  }
}

function handleReject(raft: Raft, progress: Progress, { from, index, rejectHint }: RaftMessage): void {
  // An old refusal, overtaken by an acknowledgement.
  if (index <= progress.match) return;
  progress.next = Math.max(progress.match, rejectHint) + 1;
  sendAppend(raft, from, progress);
}

function handleAccept(raft: Raft, progress: Progress, { from, index }: RaftMessage): void {
  if (index <= progress.match) return;
  progress.match = index;
  progress.next = Math.max(progress.next, index + 1);
  if (maybeCommit(raft)) broadcastAppend(raft);
  else if (progress.next <= raft.log.lastIndex()) sendAppend(raft, from, progress);
}
