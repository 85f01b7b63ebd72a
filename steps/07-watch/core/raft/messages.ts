// Raft messages: making one with every field present. Mirrors parts of etcd's raft/util.go.

import type { RaftEntry, RaftMessage } from '../../../../proto/schema.ts';
import { RaftMessageType } from '../../../../proto/schema.ts';

/** The id that no member has: no leader, no vote, no sender. */
export const NONE = 0n;

// Shared by all messages without entries. Nobody changes the entries of a message.
const NO_ENTRIES: RaftEntry[] = [];

/** A message of `type` to `to`; the sender and the term are filled in when it is sent. */
export function newMessage(type: number, to: bigint): RaftMessage {
  return {
    type,
    to,
    from: NONE,
    term: 0,
    logTerm: 0,
    index: 0,
    entries: NO_ENTRIES,
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: undefined,
  };
}

/** Whether only the leader of a term sends the type: its sender is the leader. */
export function isFromLeader(type: number): boolean {
  return type === RaftMessageType.MsgApp || type === RaftMessageType.MsgHeartbeat;
}
