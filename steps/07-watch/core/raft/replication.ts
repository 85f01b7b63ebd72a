// How a leader brings its log to the others. Mirrors the sending part of etcd's raft/raft.go.

import { RaftEntryType, RaftMessageType } from '../../../../proto/schema.ts';
import { newMessage } from './messages.ts';
import type { Progress, Raft } from './raft.ts';

/** Appends an entry for each of `payloads` to the leader's own log. */
export function appendEntries(raft: Raft, payloads: readonly (Uint8Array | undefined)[]): void {
  const { EntryNormal: Type } = RaftEntryType;
  const next = raft.log.lastIndex() + 1;
  raft.log.append(payloads.map((Data, i) => ({ Type, Term: raft.term, Index: next + i, Data })));
  raft.progress.set(raft.id, { match: raft.log.lastIndex(), next: raft.log.lastIndex() + 1, recentActive: true });
  maybeCommit(raft);
}

/** Commits what a majority has, at a leader. Returns whether that was news. */
export function maybeCommit(raft: Raft): boolean {
  const matches = [...raft.progress.values()].map(({ match }) => match).sort((a, b) => b - a);
  return raft.log.maybeCommit(matches[raft.quorum - 1] ?? 0, raft.term);
}

/** Sends to all others what they lack; at least the newest commit index. */
export function broadcastAppend(raft: Raft): void {
  for (const [id, progress] of raft.progress) if (id !== raft.id) sendAppend(raft, id, progress);
}

/** Sends to one member the entries from its next index on, and takes them for delivered until it is known better. */
export function sendAppend(raft: Raft, id: bigint, progress: Progress): void {
  const message = newMessage(RaftMessageType.MsgApp, id);
  message.index = progress.next - 1;
  message.logTerm = raft.log.term(message.index);
  message.entries = raft.log.entriesFrom(progress.next);
  message.commit = raft.log.committed;
  progress.next += message.entries.length;
  raft.send(message);
}

/** Tells all others that this member leads, and how far they may commit. */
export function broadcastHeartbeat(raft: Raft): void {
  for (const [id, { match }] of raft.progress) {
    if (id === raft.id) continue;
    const message = newMessage(RaftMessageType.MsgHeartbeat, id);
    // Not beyond what the member is known to have: it may commit only what is the leader's.
    message.commit = Math.min(match, raft.log.committed);
    raft.send(message);
  }
}
