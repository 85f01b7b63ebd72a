// One member of which a test plays all the others.

import assert from 'node:assert/strict';
import { decodeConfChange } from '../../../../final/core/raft/confchange/encoding.ts';
import type { RaftConfig } from '../../../../final/core/raft/config.ts';
import { RaftError } from '../../../../final/core/raft/errors.ts';
import { newMessage } from '../../../../final/core/raft/messages.ts';
import { RawNode } from '../../../../final/core/raft/rawnode.ts';
import { MemoryStorage } from '../../../../final/core/raft/storage.ts';
import { RaftEntryType, type RaftMessage, RaftMessageType } from '../../../../proto/schema.ts';

/** What most tests need. */
export const CONFIG: Omit<RaftConfig, 'storage'> = {
  id: 1n,
  electionTick: 10,
  heartbeatTick: 1,
  maxSizePerMsg: 1 << 20,
  maxInflightMsgs: 512,
  checkQuorum: true,
  preVote: false,
  readOnlyOption: 'safe',
  random: () => 0,
};

/** A member with an empty log. */
export function newNode(change: Partial<RaftConfig> = {}): { node: RawNode; storage: MemoryStorage } {
  const storage = new MemoryStorage();
  return { node: new RawNode({ ...CONFIG, storage, ...change }), storage };
}

/** Does what a Ready asks for, until there is none; returns the messages. */
export function drain(node: RawNode, storage: MemoryStorage): RaftMessage[] {
  const messages: RaftMessage[] = [];
  while (node.hasReady()) {
    const ready = node.ready();
    if (ready.hardState !== undefined) storage.setHardState(ready.hardState);
    storage.append(ready.entries);
    for (const entry of ready.committedEntries) {
      if (entry.Type !== RaftEntryType.EntryNormal) node.applyConfChange(decodeConfChange(entry));
    }
    messages.push(...ready.messages);
    node.advance(ready);
  }
  return messages;
}

/** Leads alone. */
export function newSingleLeader(change: Partial<RaftConfig> = {}): { node: RawNode; storage: MemoryStorage } {
  const { node, storage } = newNode(change);
  node.bootstrap([{ id: 1n }]);
  drain(node, storage);
  node.campaign();
  drain(node, storage);
  assert.equal(node.role, 'leader');
  return { node, storage };
}

/** Leads members 1, 2 and 3, and has committed nothing in its term. */
export function newLeader(change: Partial<RaftConfig> = {}): { node: RawNode; storage: MemoryStorage } {
  const { node, storage } = newNode(change);
  node.bootstrap([{ id: 1n }, { id: 2n }, { id: 3n }]);
  drain(node, storage);
  node.campaign();
  drain(node, storage);
  node.step(from(2n, RaftMessageType.MsgVoteResp, { term: node.term }));
  drain(node, storage);
  assert.equal(node.role, 'leader');
  return { node, storage };
}

/** A message of `sender`. */
export function from(sender: bigint, type: number, fields: Partial<RaftMessage> = {}): RaftMessage {
  return { ...newMessage(type, 1n), from: sender, ...fields };
}

/** Whether a thrown error is of that kind. */
export function isError(kind: string): (error: unknown) => boolean {
  return (error) => error instanceof RaftError && error.kind === kind;
}

/** Some data. */
export const DATA = Uint8Array.of(1, 2, 3);
