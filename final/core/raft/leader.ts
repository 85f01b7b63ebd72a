// What a leader does with messages and ticks. Mirrors stepLeader of etcd's raft/raft.go.

import type { RaftEntry, RaftMessage } from '../../../proto/schema.ts';
import { RaftEntryType, RaftMessageType } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';
import { checkedConfChange } from './configuration.ts';
import { RaftError } from './errors.ts';
import { hex, NONE } from './messages.ts';
import type { Raft } from './raft.ts';
import { confirmReads, handleReadIndex, releasePendingReads } from './read_index.ts';
import { appendEntries, broadcastAppend, broadcastHeartbeat, maybeCommit, sendAppend } from './replication.ts';
import type { Progress } from './tracker/progress.ts';
import { finishTransfer, handleTransferLeader } from './transfer.ts';

export function stepLeader(raft: Raft, message: RaftMessage): void {
  if (message.type === RaftMessageType.MsgProp) {
    handleProposal(raft, message);
    return;
  }
  if (message.type === RaftMessageType.MsgReadIndex) {
    handleReadIndex(raft, message);
    return;
  }
  const progress = raft.tracker.progress.get(message.from);
  if (progress === undefined) {
    raft.logger.debug(`${hex(raft.id)} no progress available for ${hex(message.from)}`);
    return;
  }
  if (message.type === RaftMessageType.MsgAppResp) {
    progress.recentActive = true;
    if (message.reject) handleReject(raft, progress, message);
    else handleAccept(raft, progress, message.index);
  } else if (message.type === RaftMessageType.MsgHeartbeatResp) {
    handleHeartbeatResponse(raft, progress, message);
  } else if (message.type === RaftMessageType.MsgTransferLeader) {
    handleTransferLeader(raft, progress);
  }
}

/** Lets a tick pass at a leader. */
export function tickLeader(raft: Raft): void {
  raft.heartbeatElapsed++;
  raft.electionElapsed++;
  if (raft.electionElapsed >= raft.options.electionTick) {
    raft.electionElapsed = 0;
    if (raft.options.checkQuorum) checkQuorum(raft);
    // A transfer that takes longer has failed; proposals are taken again.
    if (raft.role === 'leader') raft.abortLeaderTransfer();
  }
  if (raft.role === 'leader' && raft.heartbeatElapsed >= raft.options.heartbeatTick) {
    raft.heartbeatElapsed = 0;
    broadcastHeartbeat(raft, raft.readOnly.lastPendingContext());
  }
}

// Steps down when no quorum answered since the last check: others may lead already, and their followers ignore this one.
function checkQuorum(raft: Raft): void {
  const self = raft.tracker.progress.get(raft.id);
  if (self !== undefined) self.recentActive = true;
  if (!raft.tracker.quorumActive()) {
    raft.logger.warn(`${hex(raft.id)} stepped down to follower since quorum is not active`);
    raft.becomeFollower(raft.term, NONE);
  }
  for (const progress of raft.tracker.all) {
    if (progress.id !== raft.id) progress.recentActive = false;
  }
}

function handleProposal(raft: Raft, message: RaftMessage): void {
  assert(message.entries.length > 0, 'stepped empty MsgProp');
  // A leader that was removed must not lengthen its log: it is no longer one of those who would have to agree.
  if (!raft.tracker.progress.has(raft.id)) throw new RaftError('ProposalDropped');
  if (raft.leadTransferee !== NONE) {
    const what = `transfer leadership to ${hex(raft.leadTransferee)} is in progress; dropping proposal`;
    raft.logger.debug(`${hex(raft.id)} [term ${raft.term}] ${what}`);
    throw new RaftError('ProposalDropped');
  }
  const next = raft.log.lastIndex() + 1;
  const entries = message.entries.map((entry, i) => entryToAppend(raft, entry, next + i));
  if (!appendEntries(raft, entries)) throw new RaftError('ProposalDropped');
  broadcastAppend(raft);
}

// A copy: an entry gets its term and index here, and a message that was delivered twice must not change the first one's.
function entryToAppend(raft: Raft, entry: RaftEntry, index: number): RaftEntry {
  const { Type, Data } = entry;
  if (Type !== RaftEntryType.EntryNormal) return checkedConfChange(raft, entry, index);
  return { Type, Term: 0, Index: 0, Data };
}

function handleReject(raft: Raft, progress: Progress, message: RaftMessage): void {
  const { rejectHint, logTerm, index } = message;
  const from = hex(progress.id);
  const hint = `hint: (index ${rejectHint}, term ${logTerm})`;
  raft.logger.debug(`${hex(raft.id)} received MsgAppResp(rejected, ${hint}) from ${from} for index ${index}`);
  // Skip what cannot agree: entries of this log with a term above the follower's at the hint. A follower of etcd 3.4, or
  // one whose log is empty, tells no term.
  const probe = logTerm > 0 ? raft.log.findConflictByTerm(rejectHint, logTerm) : rejectHint;
  if (!progress.maybeDecrementTo(index, probe)) return;
  raft.logger.debug(`${hex(raft.id)} decreased progress of ${from} to [${progress.describe()}]`);
  if (progress.state === 'StateReplicate') progress.becomeProbe();
  sendAppend(raft, progress, true);
}

function handleAccept(raft: Raft, progress: Progress, index: number): void {
  const wasPaused = progress.isPaused();
  if (!progress.maybeUpdate(index)) return;
  if (progress.state === 'StateProbe') {
    progress.becomeReplicate();
  } else if (progress.state === 'StateReplicate') {
    progress.inflights.freeUpTo(index);
  } else if (progress.match >= progress.pendingSnapshot) {
    const what = 'recovered from needing snapshot, resumed sending replication messages';
    raft.logger.debug(`${hex(raft.id)} ${what} to ${hex(progress.id)} [${progress.describe()}]`);
    progress.becomeReplicate();
  }
  if (maybeCommit(raft)) {
    releasePendingReads(raft);
    broadcastAppend(raft);
  } else if (wasPaused) {
    // It was not told of later commits while it was paused.
    sendAppend(raft, progress, true);
  }
  // The freed places may have let more than one append through; with a size limit per append there may be more.
  while (sendAppend(raft, progress, false));
  finishTransfer(raft, progress);
}

function handleHeartbeatResponse(raft: Raft, progress: Progress, message: RaftMessage): void {
  progress.recentActive = true;
  progress.probeSent = false;
  // Some of the appends under way may be lost: let one through, whose answer tells.
  if (progress.state === 'StateReplicate' && progress.inflights.isFull()) progress.inflights.freeFirst();
  if (progress.match < raft.log.lastIndex()) sendAppend(raft, progress, true);
  confirmReads(raft, message);
}
