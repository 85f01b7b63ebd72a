// The form in which a change stands in the log. Mirrors the proposal half of etcd's v3_server.go.

import { codecs } from '../../../proto/load.ts';
import type { InternalRaftRequest } from '../../../proto/schema.ts';

/** A request of the log, one member set. */
export type Proposal = Partial<
  Pick<InternalRaftRequest, 'range' | 'put' | 'delete_range' | 'lease_grant' | 'lease_revoke'>
>;

/** The bytes of `proposal` with the request ID `id`. */
export function encodeProposal(proposal: Proposal, id: bigint): Uint8Array {
  return codecs['etcdserverpb.InternalRaftRequest'].encode({ ...proposal, header: { ID: id } });
}
