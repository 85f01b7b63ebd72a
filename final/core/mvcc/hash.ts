// The hash that members compare to find out whether their histories agree. Mirrors etcd's mvcc/hash.go: CRC-32C over the
// name of the key bucket, then over each revision key and its KeyValue, in revision order.

import type { KeyValue } from '../../../proto/schema.ts';
import { crc32c } from '../crc32c.ts';
import { type KeptRevisions, revisionId } from './key_index.ts';
import { encodeRevision } from './revision.ts';
import type { Change } from './revision_log.ts';

/** Result of a hash: the sum, and the bounds it was taken with. */
export interface KeyValueHash {
  readonly hash: number;
  /** The newest revision that went in. */
  readonly revision: number;
  readonly compactRevision: number;
}

export interface HashInput {
  readonly changes: Iterable<Change>;
  /** Changes above this main revision stay out. */
  readonly upTo: number;
  readonly compactRevision: number;
  /** What a compaction at `upTo` would keep; changes at or below the compact revision count only if they are in it. */
  readonly kept: KeptRevisions;
  readonly encodeKeyValue: (kv: KeyValue) => Uint8Array;
}

const KEY_BUCKET = Uint8Array.of(0x6b, 0x65, 0x79); // "key"

/** Hashes `changes`, which are in revision order. */
export function hashChanges(input: HashInput): KeyValueHash {
  let hash = crc32c(0, KEY_BUCKET);
  for (const { revision, isTombstone, kv } of input.changes) {
    if (revision.main > input.upTo) break;
    const mayBeCompacted = revision.main <= input.compactRevision && input.kept.size > 0;
    if (mayBeCompacted && !input.kept.has(revisionId(revision))) continue;
    // Releases before 3.5.16 drop a tombstone at the compact revision; their hashes and ours have to agree.
    if (isTombstone && revision.main === input.compactRevision) continue;
    hash = crc32c(hash, encodeRevision(revision, isTombstone));
    hash = crc32c(hash, input.encodeKeyValue(kv));
  }
  return { hash, revision: input.upTo, compactRevision: input.compactRevision };
}
