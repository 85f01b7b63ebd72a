// Database files written by the real bbolt, from test/data/bolt (their origin: test/data/bolt/README.md).

import fs from 'node:fs';
import zlib from 'node:zlib';
import { crc32c } from '../../../../final/core/crc32c.ts';
import { DB, type OpenOptions } from '../../../../final/storage/bolt/db.ts';
import { MemoryFile } from '../../../../final/storage/bolt/file_mem.ts';
import type { Tx } from '../../../../final/storage/bolt/tx.ts';
import type { Bucket } from '../../../../final/storage/bolt/bucket.ts';

export const FOLDER = 'test/data/bolt';

/** The unpacked bytes of `name`.db.gz. */
export function readFixture(name: string): Buffer {
  return zlib.gunzipSync(fs.readFileSync(`${FOLDER}/${name}.db.gz`));
}

/** Fixture `name` as a database in memory. */
export function openFixture(name: string, options: OpenOptions = {}): DB {
  return DB.open(new MemoryFile(readFixture(name), name), options);
}

/** What `snapshot status` prints of a state (spec/storage.md 10.21, 11.5): its hash, and pairs in all buckets. */
export function status(tx: Tx): { hash: number; totalKey: number; totalSize: number } {
  let hash = 0;
  let totalKey = 0;
  for (const name of tx.bucketNames()) {
    hash = crc32c(hash, name);
    (tx.bucket(name) as Bucket).forEach((key, value) => {
      hash = crc32c(crc32c(hash, key), value ?? new Uint8Array(0));
      totalKey++;
    });
  }
  return { hash, totalKey, totalSize: tx.sizeBytes };
}
