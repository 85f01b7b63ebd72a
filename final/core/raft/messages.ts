// Raft messages: making one with every field present, and which types are what. Mirrors parts of etcd's raft/util.go.
//
// Every message has the full set of fields (a single object shape); those that a type does not use are zero.

import type { RaftEntry, RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';

/** The id that no member has: no leader, no vote, no sender. */
export const NONE = 0n;

// Shared by all messages without entries. Nobody changes the entries of a message.
const NO_ENTRIES: RaftEntry[] = [];

/** A message of `type` to `to`; the sender and mostly the term are filled in when it is sent. */
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

/** An id as etcd shows it. */
export function hex(id: bigint): string {
  return id.toString(16);
}

/** The name of a message type, `MsgApp` for example. */
export function messageName(type: number): string {
  return NAMES.get(type) ?? `message type ${type}`;
}

/** Whether the type never travels between members: such messages are calls of RawNode's methods here. */
export function isLocalMessage(type: number): boolean {
  return (
    type === RaftMessageType.MsgHup ||
    type === RaftMessageType.MsgBeat ||
    type === RaftMessageType.MsgUnreachable ||
    type === RaftMessageType.MsgSnapStatus ||
    type === RaftMessageType.MsgCheckQuorum
  );
}

/** Whether the type answers a request: an answer of a member that is not tracked has no meaning. */
export function isResponseMessage(type: number): boolean {
  return (
    type === RaftMessageType.MsgAppResp ||
    type === RaftMessageType.MsgVoteResp ||
    type === RaftMessageType.MsgHeartbeatResp ||
    type === RaftMessageType.MsgUnreachable ||
    type === RaftMessageType.MsgPreVoteResp
  );
}

/** Whether the type is one of the four of an election, whose term is the campaign's rather than the sender's. */
export function isVoteMessage(type: number): boolean {
  return (
    type === RaftMessageType.MsgVote ||
    type === RaftMessageType.MsgVoteResp ||
    type === RaftMessageType.MsgPreVote ||
    type === RaftMessageType.MsgPreVoteResp
  );
}

/** Whether only the leader of a term sends the type: its sender is the leader. */
export function isFromLeader(type: number): boolean {
  return type === RaftMessageType.MsgApp || type === RaftMessageType.MsgHeartbeat || type === RaftMessageType.MsgSnap;
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(RaftMessageType).map(([name, number]): [number, string] => [number, name]),
);
