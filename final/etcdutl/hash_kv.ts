// The hash of a file's history, as members compare it: equal to what `etcdctl endpoint hashkv` says of the server that the
// file comes from. Mirrors etcd 3.6's etcdutl hashkv. The file stays as it is.

import { codecs } from '../../proto/load.ts';
import { AssertionError, must } from '../core/assert.ts';
import { EtcdError } from '../core/errors.ts';
import { keyToBytes } from '../core/keys.ts';
import type { KeyValueHash } from '../core/mvcc/hash.ts';
import { type CompactionMarks, KVStore } from '../core/mvcc/kvstore.ts';
import type { LeaseAttachments } from '../core/lease/lessor.ts';
import { decodeRevision, encodeRevision, type Revision } from '../core/mvcc/revision.ts';
import type { RevisionLog, RevisionRecord } from '../core/mvcc/revision_log.ts';
import { DB } from '../storage/bolt/db.ts';
import type { Tx } from '../storage/bolt/tx.ts';
import type { FileSystem } from '../storage/fs.ts';
import { Buckets } from '../storage/schema/buckets.ts';

const TEXTS: Readonly<Record<string, string>> = {
  Compacted: 'mvcc: required revision has been compacted',
  FutureRev: 'mvcc: required revision is a future revision',
};

/**
 * Hashes the file at `path`.
 *
 * @param revision up to which; 0 = all
 * @throws Error when there is no such revision, with etcd's text, or the file is no database
 */
export function hashOfFile(fs: FileSystem, path: string, revision: number): KeyValueHash {
  const db = DB.open(fs.open(path, 'read'), { readOnly: true });
  try {
    return db.view((tx) => {
      const store = new KVStore({ log: new ReadOnlyLog(tx), leases: noLeases, codec: codecs['mvccpb.KeyValue'] });
      store.restore(compactionMarks(tx));
      return store.hashByRevision(revision);
    });
  } catch (error) {
    const text = error instanceof EtcdError ? TEXTS[error.kind] : undefined;
    throw text === undefined ? error : new Error(text);
  } finally {
    db.close();
  }
}

// Hashes do not look at leases.
const noLeases: LeaseAttachments = { leaseOf: () => 0n, attach: () => {}, detach: () => {}, restore: () => {} };

function compactionMarks(tx: Tx): CompactionMarks {
  const read = (key: string): number => {
    const bytes = tx.bucket(Buckets.meta)?.get(keyToBytes(key));
    return bytes === undefined ? 0 : decodeRevision(bytes).revision.main;
  };
  return { scheduled: read('scheduledCompactRev'), finished: read('finishedCompactRev') };
}

/** The bucket `key` of a database that only is read. */
class ReadOnlyLog implements RevisionLog {
  readonly #tx: Tx;

  constructor(tx: Tx) {
    this.#tx = tx;
  }

  get(revision: Revision): Uint8Array {
    return must(this.#tx.bucket(Buckets.key)?.get(encodeRevision(revision, false)), `revision ${revision.main}`);
  }

  scan(from: Revision, visit: (record: RevisionRecord) => boolean): void {
    const cursor = this.#tx.bucket(Buckets.key)?.cursor();
    if (cursor === undefined) return;
    for (let found = cursor.seek(encodeRevision(from, false)); found; found = cursor.next()) {
      const { revision, isTombstone } = decodeRevision(cursor.key);
      if (!visit({ revision, isTombstone, value: cursor.value ?? new Uint8Array(0) })) return;
    }
  }

  append(): never {
    throw new AssertionError('a history that only is read is appended to');
  }

  delete(): never {
    throw new AssertionError('a history that only is read is deleted from');
  }
}
