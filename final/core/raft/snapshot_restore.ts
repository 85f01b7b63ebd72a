// The follower's side of snapshots: replacing the log by one that was received. Mirrors handleSnapshot and restore of
// etcd's raft/raft.go.

import type { RaftConfState, RaftMessage, RaftSnapshot } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { must } from '../assert.ts';
import { restoreConfiguration } from './configuration.ts';
import { hex, newMessage, NONE } from './messages.ts';
import type { Raft } from './raft.ts';
import { emptyConfState, metadataOf } from './storage.ts';

/** Takes a snapshot of the leader, and answers with how far the log reaches now. */
export function handleSnapshot(raft: Raft, message: RaftMessage): void {
  const response = newMessage(RaftMessageType.MsgAppResp, message.from);
  const { index, term } = message.snapshot === undefined ? NO_POSITION : metadataOf(message.snapshot);
  const isRestored = message.snapshot !== undefined && restore(raft, message.snapshot);
  const verdict = isRestored ? 'restored' : 'ignored';
  const state = `${hex(raft.id)} [commit: ${raft.log.committed}]`;
  raft.logger.info(`${state} ${verdict} snapshot [index: ${index}, term: ${term}]`);
  response.index = isRestored ? raft.log.lastIndex() : raft.log.committed;
  raft.send(response);
}

const NO_POSITION = { index: 0, term: 0 };

// Replaces log and configuration by those of the snapshot. Returns false when there is nothing to gain from it.
function restore(raft: Raft, snapshot: RaftSnapshot): boolean {
  const { log } = raft;
  const { index, term, conf_state: confState = emptyConfState() } = metadataOf(snapshot);
  if (index <= log.committed) return false;
  if (raft.role !== 'follower') {
    raft.logger.warn(`${hex(raft.id)} attempted to restore snapshot as leader; should never happen`);
    raft.becomeFollower(raft.term + 1, NONE);
    return false;
  }
  if (!isMember(raft.id, confState)) {
    const what = 'attempted to restore snapshot but it is not in the ConfState';
    raft.logger.warn(`${hex(raft.id)} ${what}; should never happen`);
    return false;
  }
  if (log.matchTerm(index, term)) {
    logRestore(raft, 'fast-forwarded commit to', index, term);
    log.commitTo(index);
    return false;
  }
  log.restore(snapshot);
  restoreConfiguration(raft, confState);
  const self = must(raft.tracker.progress.get(raft.id), 'the own progress');
  self.maybeUpdate(self.next - 1);
  logRestore(raft, 'restored', index, term);
  return true;
}

// It may be an outgoing voter only: removed, but still needed to commit that.
function isMember(id: bigint, confState: RaftConfState): boolean {
  return [confState.voters, confState.learners, confState.voters_outgoing].some((ids) => ids.includes(id));
}

function logRestore(raft: Raft, verb: string, index: number, term: number): void {
  const { log } = raft;
  const state = `[commit: ${log.committed}, lastindex: ${log.lastIndex()}, lastterm: ${log.lastTerm()}]`;
  raft.logger.info(`${hex(raft.id)} ${state} ${verb} snapshot [index: ${index}, term: ${term}]`);
}
