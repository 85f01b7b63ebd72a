// Changes of the member list in the form in which they are proposed to raft: raft looks at type and node ID, the members at
// the context, which is JSON (spec/raft.md B7). Mirrors etcd's membership.ConfigChangeContext.

import { RaftConfChangeType as ChangeType } from '../../proto/schema.ts';
import type { RaftConfChange } from '../../proto/schema.ts';
import type { Member } from './cluster.ts';
import { decodeMember, encodeMember } from './member_json.ts';

/** What the context of a change says. */
export interface ChangeContext {
  readonly member: Member;
  /** The member is there and votes from now on; nothing but its ID is given. */
  readonly isPromote: boolean;
}

/** `requestId`: by which the proposal is known to whoever waits for it; 0 for the members that begin a cluster. */
export function addMemberChange(requestId: bigint, member: Member): RaftConfChange {
  const type = member.isLearner ? ChangeType.ConfChangeAddLearnerNode : ChangeType.ConfChangeAddNode;
  return { id: requestId, type, node_id: member.id, context: bytes(encodeMember(member)) };
}

export function removeMemberChange(requestId: bigint, id: bigint): RaftConfChange {
  return { id: requestId, type: ChangeType.ConfChangeRemoveNode, node_id: id, context: undefined };
}

/**
 * New peer URLs. `isLearner`: as it is now; etcd up to 3.5.30 takes a member that is not said to be a learner for a voter
 * from then on, without telling raft.
 */
export function updateMemberChange(
  requestId: bigint,
  id: bigint,
  peerUrls: readonly string[],
  isLearner = false,
): RaftConfChange {
  const member = { id, name: '', peerUrls, clientUrls: [], isLearner };
  return { id: requestId, type: ChangeType.ConfChangeUpdateNode, node_id: id, context: bytes(encodeMember(member)) };
}

/** For raft this adds a voter; that it was a learner stands in the context. */
export function promoteMemberChange(requestId: bigint, id: bigint): RaftConfChange {
  const context = bytes(`{"id":${id},"peerURLs":null,"isPromote":true}`);
  return { id: requestId, type: ChangeType.ConfChangeAddNode, node_id: id, context };
}

/** Reads the context of an addition, promotion or update. Throws SyntaxError. */
export function decodeContext({ context }: Pick<RaftConfChange, 'context'>): ChangeContext {
  const text = new TextDecoder().decode(context ?? new Uint8Array(0));
  const { isPromote = false } = JSON.parse(text) as { isPromote?: boolean };
  return { member: decodeMember(text), isPromote };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
