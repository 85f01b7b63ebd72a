// How the scripts show what raft says: entries, messages, Ready values.

import { decodeConfChange } from '../../../final/core/raft/confchange/encoding.ts';
import { asConfChangeV2 } from '../../../final/core/raft/confchange/changes.ts';
import { messageName } from '../../../final/core/raft/messages.ts';
import type { Ready } from '../../../final/core/raft/rawnode.ts';
import { stateName } from '../../../final/core/raft/roles.ts';
import { emptyConfState, metadataOf } from '../../../final/core/raft/storage.ts';
import {
  type RaftConfState,
  type RaftEntry,
  RaftEntryType,
  type RaftHardState,
  type RaftMessage,
  type RaftSnapshot,
} from '../../../proto/schema.ts';
import { describeChanges } from './confchange.ts';

/** `Ready MustSync=true:` and a line or a block for each part that is present. */
export function describeReady(ready: Ready): string {
  const lines: string[] = [];
  const { softState, hardState, snapshot } = ready;
  if (softState !== undefined) lines.push(`Lead:${softState.lead} State:${stateName(softState.role)}`);
  if (hardState !== undefined) lines.push(`HardState ${describeHardState(hardState)}`);
  if (ready.readStates.length > 0) {
    const states = ready.readStates.map((state) => `{${state.index} [${state.requestCtx.join(' ')}]}`);
    lines.push(`ReadStates [${states.join(' ')}]`);
  }
  if (ready.entries.length > 0) lines.push('Entries:', ...ready.entries.map(describeEntry));
  if (snapshot !== undefined) lines.push(`Snapshot ${describeSnapshot(snapshot)}`);
  if (ready.committedEntries.length > 0) lines.push('CommittedEntries:', ...ready.committedEntries.map(describeEntry));
  if (ready.messages.length > 0) lines.push('Messages:', ...ready.messages.map(describeMessage));
  if (lines.length === 0) return '<empty Ready>\n';
  return `${[`Ready MustSync=${ready.mustSync}:`, ...lines].join('\n')}\n`;
}

/** `term/index type "data"`. */
export function describeEntry(entry: RaftEntry): string {
  const position = `${entry.Term}/${entry.Index}`;
  if (entry.Type === RaftEntryType.EntryNormal) {
    return `${position} EntryNormal ${JSON.stringify(textOf(entry.Data))}`;
  }
  const changes = describeChanges(asConfChangeV2(decodeConfChange(entry)).changes);
  const type = entry.Type === RaftEntryType.EntryConfChange ? 'EntryConfChange' : 'EntryConfChangeV2';
  return `${position} ${type} ${changes}`.trimEnd();
}

/** `from->to type Term:T Log:logTerm/index` and what else the message has. */
export function describeMessage(message: RaftMessage): string {
  const { from, to, term, logTerm, index, entries, snapshot } = message;
  let text = `${from.toString(16)}->${to.toString(16)} ${messageName(message.type)} Term:${term} Log:${logTerm}/${index}`;
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`;
  if (message.commit !== 0) text += ` Commit:${message.commit}`;
  if (entries.length > 0) text += ` Entries:[${entries.map(describeEntry).join(', ')}]`;
  if (snapshot !== undefined && metadataOf(snapshot).index > 0) text += ` Snapshot: ${describeSnapshot(snapshot)}`;
  return text;
}

function describeHardState(state: RaftHardState): string {
  const vote = state.vote === 0n ? '' : ` Vote:${state.vote}`;
  return `Term:${state.term}${vote} Commit:${state.commit}`;
}

function describeSnapshot(snapshot: RaftSnapshot): string {
  const { index, term, conf_state: confState } = metadataOf(snapshot);
  return `Index:${index} Term:${term} ConfState:${describeConfState(confState ?? emptyConfState())}`;
}

function describeConfState(state: RaftConfState): string {
  const voters = `Voters:[${state.voters.join(' ')}] VotersOutgoing:[${state.voters_outgoing.join(' ')}]`;
  const learners = `Learners:[${state.learners.join(' ')}] LearnersNext:[${state.learners_next.join(' ')}]`;
  return `${voters} ${learners} AutoLeave:${state.auto_leave}`;
}

/** Bytes as text, absent ones as none. */
export function textOf(data: Uint8Array | undefined): string {
  return new TextDecoder().decode(data);
}
