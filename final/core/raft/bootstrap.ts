// The beginning of a cluster: a log that already has its members. Mirrors etcd's raft/bootstrap.go.
//
// All members bootstrap with the same peers in the same order and so have the same first entries.

import { RaftConfChangeType } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';
import { encodeConfChange } from './confchange/encoding.ts';
import { applyConfChange } from './configuration.ts';
import { NONE } from './messages.ts';
import type { Raft } from './raft.ts';

/** A member that is there from the beginning; `context` goes into the entry that adds it. */
export interface Peer {
  readonly id: bigint;
  readonly context?: Uint8Array;
}

/** Gives an empty log one entry for each of `peers`, of term 1 and committed, which are still to be handed out and applied. */
export function bootstrap(raft: Raft, peers: readonly Peer[]): void {
  assert(peers.length > 0, 'must provide at least one peer to Bootstrap');
  assert(raft.log.lastIndex() === 0, "can't bootstrap a nonempty Storage");
  raft.becomeFollower(1, NONE);
  const changes = peers.map(({ id, context }) => {
    return { id: NONE, type: RaftConfChangeType.ConfChangeAddNode, node_id: id, context };
  });
  raft.log.append(changes.map((change, i) => ({ ...encodeConfChange(change), Term: 1, Index: i + 1 })));
  raft.log.committed = peers.length;
  // The members are known at once: otherwise nobody could be elected before the entries are applied. Applying them again
  // changes nothing.
  for (const change of changes) applyConfChange(raft, change);
}
