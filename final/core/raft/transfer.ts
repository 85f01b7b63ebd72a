// Handing the leadership to a chosen member: the leader takes no more proposals, waits until the member has its whole log,
// and tells it to campaign at once. Mirrors the transfer part of etcd's raft/raft.go.

import { RaftMessageType } from '../../../proto/schema.ts';
import { hex, newMessage, NONE } from './messages.ts';
import type { Raft } from './raft.ts';
import { sendAppend } from './replication.ts';
import type { Progress } from './tracker/progress.ts';

/** Begins to hand the leadership to the member of `progress`. */
export function handleTransferLeader(raft: Raft, progress: Progress): void {
  const self = hex(raft.id);
  const to = hex(progress.id);
  if (progress.isLearner) {
    raft.logger.debug(`${self} is learner. Ignored transferring leadership`);
    return;
  }
  const before = raft.leadTransferee;
  if (before === progress.id) {
    const what = `transfer leadership to ${to} is in progress, ignores request to same node ${to}`;
    raft.logger.info(`${self} [term ${raft.term}] ${what}`);
    return;
  }
  if (before !== NONE) {
    raft.abortLeaderTransfer();
    raft.logger.info(`${self} [term ${raft.term}] abort previous transferring leadership to ${hex(before)}`);
  }
  if (progress.id === raft.id) {
    raft.logger.debug(`${self} is already leader. Ignored transferring leadership to self`);
    return;
  }
  raft.logger.info(`${self} [term ${raft.term}] starts to transfer leadership to ${to}`);
  // The transfer has an election timeout's time from now.
  raft.electionElapsed = 0;
  raft.leadTransferee = progress.id;
  if (progress.match === raft.log.lastIndex()) {
    sendTimeoutNow(raft, progress.id);
    raft.logger.info(`${self} sends MsgTimeoutNow to ${to} immediately as ${to} already has up-to-date log`);
  } else {
    sendAppend(raft, progress, true);
  }
}

/** Goes on with a running transfer when its target has caught up. */
export function finishTransfer(raft: Raft, progress: Progress): void {
  if (progress.id !== raft.leadTransferee || progress.match !== raft.log.lastIndex()) return;
  raft.logger.info(`${hex(raft.id)} sent MsgTimeoutNow to ${hex(progress.id)} after received MsgAppResp`);
  sendTimeoutNow(raft, progress.id);
}

function sendTimeoutNow(raft: Raft, to: bigint): void {
  raft.send(newMessage(RaftMessageType.MsgTimeoutNow, to));
}
