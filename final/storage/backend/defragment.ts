// Writes a database anew without its free pages: bucket by bucket, key by key (spec/storage.md 8.9). Mirrors the defragmentation
// of etcd's backend/backend.go.

import { DB } from '../bolt/db.ts';
import type { Tx } from '../bolt/tx.ts';
import type { File, FileSystem } from '../fs.ts';

// Entries between two commits of the new file, so that memory stays bounded.
const ENTRIES_PER_COMMIT = 10_000;
const FILL_PERCENT = 0.9;

/** Copies all top-level buckets that `from` sees into the empty database `to`. */
export function copyDatabase(from: Tx, to: DB): void {
  let tx = to.beginWrite();
  let entries = 0;
  for (const name of from.bucketNames()) {
    tx.createBucketIfNotExists(name);
    from.bucket(name)?.forEach((key, value) => {
      if (entries++ % ENTRIES_PER_COMMIT === ENTRIES_PER_COMMIT - 1) {
        tx.commit();
        tx = to.beginWrite();
      }
      const bucket = tx.createBucketIfNotExists(name);
      bucket.fillPercent = FILL_PERCENT;
      bucket.put(key, value ?? new Uint8Array(0));
    });
  }
  tx.commit();
}

/**
 * Copies the database of `db` to a new file that takes its place at `path`; returns that file, open and locked. The old one
 * stays as it is until the new one is whole.
 */
export function rewriteDatabase(fs: FileSystem, path: string, db: DB): File {
  const temporary = `${path}.tmp.${db.meta.txid}`;
  fs.remove(temporary);
  const file = fs.open(temporary, 'create');
  try {
    file.lock('exclusive');
    const fresh = DB.open(file);
    db.view((from) => copyDatabase(from, fresh));
    fs.rename(temporary, path);
  } catch (error) {
    fs.remove(temporary);
    throw error;
  }
  const slash = path.lastIndexOf('/');
  fs.syncDirectory(slash < 0 ? '.' : path.slice(0, slash));
  return file;
}
