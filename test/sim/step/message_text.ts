// Raft messages in words: for the transcript, and what the hash of a run is made of.

import type { RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { nameOf } from './values.ts';

const NAMES = new Map<number, string>(Object.entries(RaftMessageType).map(([name, type]) => [type, name]));

/** The name of a message type as etcd writes it. */
export function typeName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}

/** One message, without sender and receiver. */
export function messageText(message: RaftMessage): string {
  const { type, term, index, logTerm, commit, reject, rejectHint } = message;
  const name = typeName(type);
  switch (type) {
    case RaftMessageType.MsgProp:
      return `${name} ${entriesText(message)}`;
    case RaftMessageType.MsgVote:
    case RaftMessageType.MsgPreVote:
      return `${name} term ${term}, its log ends at entry ${index} of term ${logTerm}`;
    case RaftMessageType.MsgVoteResp:
    case RaftMessageType.MsgPreVoteResp:
      return `${name} term ${term}, ${reject ? 'refused' : 'granted'}`;
    case RaftMessageType.MsgApp:
      return `${name} term ${term}, after entry ${index} of term ${logTerm}: ${entriesText(message)}, commit ${commit}`;
    case RaftMessageType.MsgAppResp:
      return `${name} term ${term}, ${reject ? `refused at ${index}, hint ${rejectHint}` : `has up to ${index}`}`;
    case RaftMessageType.MsgHeartbeat:
      return `${name} term ${term}, commit ${commit}`;
    default:
      return `${name} term ${term}`;
  }
}

function entriesText({ entries }: RaftMessage): string {
  if (entries.length === 0) return 'no entry';
  return entries.map(({ Index, Term, Data }) => entryText(Index, Term, nameOf(Data))).join(', ');
}

function entryText(index: number, term: number, name: string): string {
  const value = name === '' ? 'empty' : `"${name}"`;
  return index === 0 ? value : `entry ${index} of term ${term} ${value}`;
}
