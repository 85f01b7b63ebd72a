// What a snapshot file holds, in four numbers. Mirrors etcd's etcdutl/snapshot (spec/storage.md 11B).

import { decodeRevision } from '../core/mvcc/revision.ts';
import { hashDatabase } from '../storage/backend/hash.ts';
import { check } from '../storage/bolt/check.ts';
import { DB } from '../storage/bolt/db.ts';
import type { Tx } from '../storage/bolt/tx.ts';
import type { FileSystem } from '../storage/fs.ts';
import { Buckets } from '../storage/schema/buckets.ts';

export interface SnapshotStatus {
  /** CRC-32C over all buckets: a property of the file. */
  readonly hash: number;
  /** Main revision of the last change; 0 when there is none. */
  readonly revision: number;
  /** Entries of all buckets. */
  readonly totalKey: number;
  /** Bytes of the database, without the sum that follows it. */
  readonly totalSize: number;
}

/** Reads the file at `path`. Throws an Error when it is no database, or a damaged one. */
export function snapshotStatus(fs: FileSystem, path: string): SnapshotStatus {
  const db = DB.open(fs.open(path, 'read'), { readOnly: true });
  try {
    const problems = check(db);
    if (problems.length > 0)
      throw new Error(`snapshot file integrity check failed. ${problems.length} errors found.\n${problems.join('\n')}`);
    return db.view((tx) => {
      const { hash, entries } = hashDatabase(tx);
      return { hash, revision: lastRevision(tx), totalKey: entries, totalSize: tx.sizeBytes };
    });
  } finally {
    db.close();
  }
}

/** Main revision of the last record of the bucket `key`; 0 when there is none. */
export function lastRevision(tx: Tx): number {
  const cursor = tx.bucket(Buckets.key)?.cursor();
  return cursor?.last() === true ? decodeRevision(cursor.key).revision.main : 0;
}
