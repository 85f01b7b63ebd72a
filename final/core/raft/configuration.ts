// Changes of the members: which proposals are refused, and what happens when a change is applied. Mirrors the
// configuration part of etcd's raft/raft.go.
//
// Invariant: at most one change is in the log and not applied. It takes effect when it is applied, not when it is appended.

import type { RaftConfState, RaftEntry } from '../../../proto/schema.ts';
import { RaftEntryType } from '../../../proto/schema.ts';
import { AssertionError, assert } from '../assert.ts';
import { asConfChangeV2, describeConfChange, isLeaveJoint, jointMode } from './confchange/changes.ts';
import { Changer, type ConfigAndProgress } from './confchange/confchange.ts';
import { type ConfChange, decodeConfChange } from './confchange/encoding.ts';
import { restoreConfig } from './confchange/restore.ts';
import { RaftError } from './errors.ts';
import { hex, NONE } from './messages.ts';
import { jointIds } from './quorum/joint.ts';
import type { Raft } from './raft.ts';
import { appendEntries, broadcastAppend, maybeCommit, sendAppend } from './replication.ts';
import { confStateOf, describeConfig, isJoint } from './tracker/config.ts';

/**
 * The entry to append for a proposed configuration change that would be at `index`: the change, or an empty entry when it
 * cannot be taken now. Its proposer finds out by never seeing it applied. Throws RaftError `ConfChange` when malformed.
 */
export function checkedConfChange(raft: Raft, entry: RaftEntry, index: number): RaftEntry {
  const { Type, Data } = entry;
  const change = decodeConfChange(entry);
  const reason = refusalReason(raft, change);
  if (reason === undefined) {
    raft.pendingConfIndex = index;
    return { Type, Term: 0, Index: 0, Data };
  }
  const what = `ignoring conf change ${describeConfChange(change)} at config ${describeConfig(raft.tracker.config)}`;
  raft.logger.info(`${hex(raft.id)} ${what}: ${reason}`);
  return { Type: RaftEntryType.EntryNormal, Term: 0, Index: 0, Data: undefined };
}

function refusalReason(raft: Raft, change: ConfChange): string | undefined {
  const { pendingConfIndex } = raft;
  const { applied } = raft.log;
  if (pendingConfIndex > applied) {
    return `possible unapplied conf change at index ${pendingConfIndex} (applied to ${applied})`;
  }
  const wantsToLeave = asConfChangeV2(change).changes.length === 0;
  const isJointNow = isJoint(raft.tracker.config);
  if (isJointNow && !wantsToLeave) return 'must transition out of joint config first';
  if (!isJointNow && wantsToLeave) return 'not in joint state; refusing empty conf change';
  return undefined;
}

/** Applies a committed change, and returns the new configuration. A change that cannot be applied is a bug. */
export function applyConfChange(raft: Raft, change: ConfChange): RaftConfState {
  try {
    switchToConfig(raft, changedConfig(raft, change));
  } catch (error) {
    if (error instanceof RaftError && error.kind === 'ConfChange') throw new AssertionError(error.message);
    throw error;
  }
  return confStateOf(raft.tracker.config);
}

function changedConfig(raft: Raft, confChange: ConfChange): ConfigAndProgress {
  const change = asConfChangeV2(confChange);
  const { config, progress, maxInflight } = raft.tracker;
  const changer = new Changer({ config, progress, maxInflight, lastIndex: raft.log.lastIndex() });
  if (isLeaveJoint(change)) return changer.leaveJoint();
  const mode = jointMode(change);
  if (mode === 'simple') return changer.simple(change.changes);
  return changer.enterJoint(mode === 'joint-auto-leave', change.changes);
}

/** Takes over the configuration of a snapshot. */
export function restoreConfiguration(raft: Raft, confState: RaftConfState): void {
  const restored = restoreConfig(confState, raft.tracker.maxInflight, raft.log.lastIndex());
  switchToConfig(raft, restored);
  assertEquivalent(confState, confStateOf(raft.tracker.config));
}

function switchToConfig(raft: Raft, { config, progress }: ConfigAndProgress): void {
  const { tracker } = raft;
  tracker.setConfig(config, progress);
  raft.logger.info(`${hex(raft.id)} switched to configuration ${describeConfig(config)}`);
  const self = progress.get(raft.id);
  // A leader that removed or demoted itself goes on until another is elected, but takes no part in what follows.
  if (raft.role !== 'leader' || self === undefined || self.isLearner || config.voters.incoming.length === 0) return;
  if (maybeCommit(raft)) {
    // With fewer voters, more may be committed.
    broadcastAppend(raft);
  } else {
    for (const each of tracker.all) if (each.id !== raft.id) sendAppend(raft, each, false);
  }
  const { leadTransferee } = raft;
  if (leadTransferee !== NONE && !jointIds(config.voters).includes(leadTransferee)) raft.abortLeaderTransfer();
}

/**
 * Proposes to leave a joint configuration that is left automatically, when the change that began it has just been applied:
 * the applied index went from `before` to `after`.
 */
export function maybeAutoLeave(raft: Raft, before: number, after: number): void {
  const { config } = raft.tracker;
  const isDue = before <= raft.pendingConfIndex && after >= raft.pendingConfIndex;
  if (!config.autoLeave || !isDue || raft.role !== 'leader') return;
  const Type = RaftEntryType.EntryConfChangeV2;
  const isAppended = appendEntries(raft, [{ Type, Term: 0, Index: 0, Data: undefined }]);
  assert(isAppended, 'refused un-refusable auto-leaving ConfChangeV2');
  raft.pendingConfIndex = raft.log.lastIndex();
  raft.logger.info(`initiating automatic transition out of joint configuration ${describeConfig(config)}`);
}

// A restored configuration that is another one would let two majorities disagree.
function assertEquivalent(expected: RaftConfState, actual: RaftConfState): void {
  const text = (state: RaftConfState): string =>
    [state.voters, state.learners, state.voters_outgoing, state.learners_next]
      .map((ids) => ids.toSorted((a, b) => (a < b ? -1 : 1)).join(' '))
      .concat(String(state.auto_leave))
      .join('; ');
  assert(text(expected) === text(actual), `ConfStates not equivalent: ${text(expected)} and ${text(actual)}`);
}
