// The form in which a change stands in the log. Mirrors the proposal half of etcd's v3_server.go.

import { codecs } from '../../proto/load.ts';
import type { InternalRaftRequest } from '../../proto/schema.ts';

/** A request of the log, one member set. */
export type Proposal = Partial<
  Pick<
    InternalRaftRequest,
    'put' | 'delete_range' | 'txn' | 'compaction' | 'lease_grant' | 'lease_revoke' | 'lease_checkpoint' | 'alarm'
  >
>;

/** The bytes of `proposal` with the request ID `id`: what --max-request-bytes is held against. */
export function encodeProposal(proposal: Proposal, id: bigint): Uint8Array {
  return codecs['etcdserverpb.InternalRaftRequest'].encode({ ...proposal, header: { ID: id } });
}
