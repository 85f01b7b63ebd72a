// The leader's side of snapshots: sending one to a member whose next entries are compacted, and hearing what became of it.
// Mirrors parts of etcd's raft/raft.go.

import type { RaftSnapshot } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';
import { RaftError } from './errors.ts';
import { hex, newMessage } from './messages.ts';
import type { Raft } from './raft.ts';
import { metadataOf } from './storage.ts';
import type { Progress } from './tracker/progress.ts';

/** Sends the newest snapshot to a member, if that answers at all. Returns whether it was sent. */
export function sendSnapshot(raft: Raft, progress: Progress): boolean {
  const self = hex(raft.id);
  const to = hex(progress.id);
  if (!progress.recentActive) {
    raft.logger.debug(`ignore sending snapshot to ${to} since it is not recently active`);
    return false;
  }
  const snapshot = newestSnapshot(raft);
  if (snapshot === undefined) {
    raft.logger.debug(`${self} failed to send snapshot to ${to} because snapshot is temporarily unavailable`);
    return false;
  }
  const { index, term } = metadataOf(snapshot);
  assert(index > 0, 'need non-empty snapshot');
  const log = `[firstindex: ${raft.log.firstIndex()}, commit: ${raft.log.committed}]`;
  raft.logger.debug(`${self} ${log} sent snapshot[index: ${index}, term: ${term}] to ${to} [${progress.describe()}]`);
  progress.becomeSnapshot(index);
  raft.logger.debug(`${self} paused sending replication messages to ${to} [${progress.describe()}]`);
  const message = newMessage(RaftMessageType.MsgSnap, progress.id);
  message.snapshot = snapshot;
  raft.send(message);
  return true;
}

function newestSnapshot(raft: Raft): RaftSnapshot | undefined {
  try {
    return raft.log.snapshot();
  } catch (error) {
    if (error instanceof RaftError && error.kind === 'SnapshotTemporarilyUnavailable') return undefined;
    throw error;
  }
}

/** Takes note whether a snapshot that was sent arrived. Appends go on when the member answers next. */
export function handleSnapshotStatus(raft: Raft, from: bigint, arrived: boolean): void {
  const progress = progressAtLeader(raft, from);
  if (progress === undefined || progress.state !== 'StateSnapshot') return;
  if (!arrived) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  const verdict = `snapshot ${arrived ? 'succeeded' : 'failed'}, resumed sending replication messages`;
  raft.logger.debug(`${hex(raft.id)} ${verdict} to ${hex(from)} [${progress.describe()}]`);
  // If it arrived, wait for the answer to it; if it failed, wait for a heartbeat before trying again.
  progress.probeSent = true;
}

/** Takes note that a message to a member was lost: appends that are under way may be lost too. */
export function handleUnreachable(raft: Raft, from: bigint): void {
  const progress = progressAtLeader(raft, from);
  if (progress === undefined) return;
  if (progress.state === 'StateReplicate') progress.becomeProbe();
  const reason = 'because it is unreachable';
  raft.logger.debug(`${hex(raft.id)} failed to send message to ${hex(from)} ${reason} [${progress.describe()}]`);
}

function progressAtLeader(raft: Raft, id: bigint): Progress | undefined {
  if (raft.role !== 'leader') return undefined;
  const progress = raft.tracker.progress.get(id);
  if (progress === undefined) raft.logger.debug(`${hex(raft.id)} no progress available for ${hex(id)}`);
  return progress;
}
