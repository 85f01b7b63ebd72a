// The hash that members compare to find out whether their histories agree. Mirrors etcd's mvcc/hash.go: CRC-32C over the
// name of the key bucket, then over each revision key and its value, in revision order.

import { crc32c } from '../crc32c.ts';
import { type KeptRevisions, revisionId } from './key_index.ts';
import { encodeRevision } from './revision.ts';
import type { RevisionLog } from './revision_log.ts';

/** Result of a hash: the sum, and the bounds it was taken with. */
export interface KeyValueHash {
  readonly hash: number;
  /** The newest revision that went in. */
  readonly revision: number;
  readonly compactRevision: number;
}

export interface HashInput {
  readonly log: RevisionLog;
  /** Changes above this main revision stay out. */
  readonly upTo: number;
  readonly compactRevision: number;
  /** What a compaction at `upTo` would keep; changes at or below the compact revision count only if they are in it. */
  readonly kept: KeptRevisions;
}

const KEY_BUCKET = Uint8Array.of(0x6b, 0x65, 0x79); // "key"

/** Hashes the log. */
export function hashChanges({ log, upTo, compactRevision, kept }: HashInput): KeyValueHash {
  let hash = crc32c(0, KEY_BUCKET);
  log.scan({ main: 0, sub: 0 }, ({ revision, isTombstone, value }) => {
    if (revision.main > upTo) return false;
    const mayBeCompacted = revision.main <= compactRevision && kept.size > 0;
    if (mayBeCompacted && !kept.has(revisionId(revision))) return true;
    // Releases before 3.5.16 drop a tombstone at the compact revision; their hashes and ours have to agree.
    if (isTombstone && revision.main === compactRevision) return true;
    hash = crc32c(hash, encodeRevision(revision, isTombstone));
    hash = crc32c(hash, value);
    return true;
  });
  return { hash, revision: upTo, compactRevision };
}
