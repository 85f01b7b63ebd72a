// How a leader brings its log to the others. Mirrors the sending part of etcd's raft/raft.go.

import type { RaftEntry } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';
import { payloadSize } from './entries.ts';
import { hex, newMessage } from './messages.ts';
import type { Raft } from './raft.ts';
import { sendSnapshot } from './snapshot_send.ts';
import type { Progress } from './tracker/progress.ts';

/**
 * Appends `entries` to the leader's own log and gives them their index and term; they become part of the log as they are.
 * Returns false, and appends nothing, when too much is uncommitted already.
 */
export function appendEntries(raft: Raft, entries: RaftEntry[]): boolean {
  if (!raft.increaseUncommittedSize(payloadSize(entries))) {
    const reason = 'appending new entries to log would exceed uncommitted entry size limit; dropping proposal';
    raft.logger.debug(`${hex(raft.id)} ${reason}`);
    return false;
  }
  let index = raft.log.lastIndex();
  for (const entry of entries) {
    entry.Term = raft.term;
    entry.Index = ++index;
  }
  const last = raft.log.append(entries);
  // A leader that is no longer a member has no progress: its own log counts for nothing.
  raft.tracker.progress.get(raft.id)?.maybeUpdate(last);
  maybeCommit(raft);
  return true;
}

/** Commits what a quorum has, at a leader. Returns whether that was news. */
export function maybeCommit(raft: Raft): boolean {
  return raft.log.maybeCommit(raft.tracker.committed(), raft.term);
}

/** Sends to all others what they lack; at least the newest commit index. */
export function broadcastAppend(raft: Raft): void {
  for (const progress of raft.tracker.all) {
    if (progress.id !== raft.id) sendAppend(raft, progress, true);
  }
}

/**
 * Sends an append to one member, or a snapshot when the entries it needs are compacted. Nothing is sent while its progress
 * is paused, nor an empty append unless `evenIfEmpty`. Returns whether anything was sent.
 */
export function sendAppend(raft: Raft, progress: Progress, evenIfEmpty: boolean): boolean {
  if (progress.isPaused()) return false;
  const entries = raft.log.entriesFrom(progress.next, raft.options.maxSizePerMsg);
  if ((entries === undefined || entries.length === 0) && !evenIfEmpty) return false;
  if (entries === undefined) return sendSnapshot(raft, progress);
  const message = newMessage(RaftMessageType.MsgApp, progress.id);
  message.index = progress.next - 1;
  message.logTerm = raft.log.term(message.index);
  message.entries = entries;
  message.commit = raft.log.committed;
  const last = entries.at(-1);
  if (last !== undefined) noteSent(progress, last.Index);
  raft.send(message);
  return true;
}

function noteSent(progress: Progress, last: number): void {
  assert(progress.state !== 'StateSnapshot', 'sending append in unhandled state StateSnapshot');
  if (progress.state === 'StateProbe') {
    progress.probeSent = true;
    return;
  }
  progress.optimisticUpdate(last);
  progress.inflights.add(last);
}

/** Sends a heartbeat to all others, learners too, with the context of a read request that waits for a quorum. */
export function broadcastHeartbeat(raft: Raft, context: Uint8Array | undefined): void {
  for (const progress of raft.tracker.all) {
    if (progress.id === raft.id) continue;
    const message = newMessage(RaftMessageType.MsgHeartbeat, progress.id);
    // Not beyond what the member is known to have: it may commit only what is the leader's.
    message.commit = Math.min(progress.match, raft.log.committed);
    message.context = context;
    raft.send(message);
  }
}
