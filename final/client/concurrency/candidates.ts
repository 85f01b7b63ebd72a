// The keys of those who want the same lock or office: the name, a slash, and the lease in hexadecimal. The one that was
// created first has it (spec/rpc.md 12.1, 12.2).

import type { Init } from '../../../proto/load.ts';
import {
  type Compare,
  Compare_CompareTarget,
  type RangeRequest,
  RangeRequest_SortOrder,
  RangeRequest_SortTarget,
} from '../../../proto/schema.ts';
import { prefixRange } from '../prefix.ts';

const slash = Buffer.from('/');

/** @returns what the keys of all candidates begin with */
export function candidatePrefix(name: Uint8Array): Uint8Array {
  return Buffer.concat([name, slash]);
}

/** @returns the key of the candidate with this lease; a negative one has a sign, as Go prints it */
export function candidateKey(prefix: Uint8Array, lease: bigint): Uint8Array {
  return Buffer.concat([prefix, Buffer.from(lease.toString(16))]);
}

/** Asks for the candidate that came first. */
export function firstCreated(prefix: Uint8Array): Init<RangeRequest> {
  return { ...prefixRange(prefix), ...byCreation('ASCEND') };
}

/** Asks for the candidate that came last, of those created at `maxCreateRevision` or before. */
export function lastCreated(prefix: Uint8Array, maxCreateRevision: number): Init<RangeRequest> {
  return { ...prefixRange(prefix), ...byCreation('DESCEND'), max_create_revision: maxCreateRevision };
}

/** @param revision 0: the key is not there */
export function createdAt(key: Uint8Array, revision: number): Init<Compare> {
  return { key, target: Compare_CompareTarget.CREATE, create_revision: revision };
}

function byCreation(order: 'ASCEND' | 'DESCEND'): Init<RangeRequest> {
  return { sort_target: RangeRequest_SortTarget.CREATE, sort_order: RangeRequest_SortOrder[order], limit: 1 };
}
