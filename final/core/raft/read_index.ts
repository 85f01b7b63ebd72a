// Linearizable reads without writing to the log: how far must a reader have applied? Mirrors the read part of etcd's
// raft/raft.go.

import type { RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { newMessage, NONE } from './messages.ts';
import type { Raft } from './raft.ts';
import { contextOf } from './read_only.ts';
import { broadcastHeartbeat } from './replication.ts';

/** Takes a read request at the leader. */
export function handleReadIndex(raft: Raft, message: RaftMessage): void {
  if (raft.tracker.isSingleton()) {
    answer(raft, message, raft.log.committed);
  } else if (!hasCommittedInTerm(raft)) {
    // Until then the leader does not know what its predecessors committed.
    raft.pendingReadIndexMessages.push(message);
  } else {
    confirmOrAnswer(raft, message);
  }
}

/** Takes the read requests that waited for the first commit of the term. */
export function releasePendingReads(raft: Raft): void {
  if (raft.pendingReadIndexMessages.length === 0) return;
  if (!hasCommittedInTerm(raft)) {
    raft.logger.error('pending MsgReadIndex should be released only after first commit in current term');
    return;
  }
  const messages = raft.pendingReadIndexMessages;
  raft.pendingReadIndexMessages = [];
  for (const message of messages) confirmOrAnswer(raft, message);
}

/** Takes an echoed read context and answers the requests that a quorum has confirmed with it. */
export function confirmReads(raft: Raft, message: RaftMessage): void {
  const { from, context } = message;
  if (raft.options.readOnlyOption !== 'safe' || context === undefined || context.length === 0) return;
  const acks = raft.readOnly.receiveAck(from, context);
  if (raft.tracker.voteResult(acks) !== 'VoteWon') return;
  for (const { request, index } of raft.readOnly.advance(context)) answer(raft, request, index);
}

function confirmOrAnswer(raft: Raft, message: RaftMessage): void {
  if (raft.options.readOnlyOption === 'lease-based') {
    answer(raft, message, raft.log.committed);
    return;
  }
  const context = contextOf(message);
  raft.readOnly.addRequest(raft.log.committed, message);
  raft.readOnly.receiveAck(raft.id, context);
  broadcastHeartbeat(raft, context);
}

function answer(raft: Raft, request: RaftMessage, index: number): void {
  if (request.from === NONE || request.from === raft.id) {
    raft.readStates.push({ index, requestCtx: contextOf(request) });
    return;
  }
  const response = newMessage(RaftMessageType.MsgReadIndexResp, request.from);
  response.index = index;
  response.entries = request.entries;
  raft.send(response);
}

function hasCommittedInTerm(raft: Raft): boolean {
  return raft.log.term(raft.log.committed) === raft.term;
}

/** A read request of this member, known by `context`. */
export function newReadRequest(context: Uint8Array): RaftMessage {
  const message = newMessage(RaftMessageType.MsgReadIndex, NONE);
  message.entries = [{ Type: 0, Term: 0, Index: 0, Data: context }];
  return message;
}
