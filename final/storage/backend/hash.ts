// The hash of a whole database: CRC-32C over the name of each bucket, then over its keys and values (spec/storage.md 10.20).
// Two members agree in it only if all their rows do. Mirrors the hash of etcd's backend/backend.go.

import { crc32c } from '../../core/crc32c.ts';
import type { Tx } from '../bolt/tx.ts';

/** An entry that is left out. */
export type IsIgnored = (bucket: Uint8Array, key: Uint8Array) => boolean;

export interface DatabaseHash {
  readonly hash: number;
  /** Entries of all buckets, those that are left out included. */
  readonly entries: number;
}

/** Hashes what `tx` sees. Only top-level buckets are looked at; etcd has no others. */
export function hashDatabase(tx: Tx, isIgnored: IsIgnored = () => false): DatabaseHash {
  let hash = 0;
  let entries = 0;
  for (const name of tx.bucketNames()) {
    hash = crc32c(hash, name);
    tx.bucket(name)?.forEach((key, value) => {
      entries++;
      if (isIgnored(name, key)) return;
      hash = crc32c(hash, key);
      hash = crc32c(hash, value ?? NO_BYTES);
    });
  }
  return { hash, entries };
}

const NO_BYTES = new Uint8Array(0);
