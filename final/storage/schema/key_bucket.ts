// The history of the keys in the database: a record of the store's revision log is an entry of the bucket `key`.

import { must } from '../../core/assert.ts';
import { decodeRevision, encodeRevision, type Revision } from '../../core/mvcc/revision.ts';
import type { RevisionLog, RevisionRecord } from '../../core/mvcc/revision_log.ts';
import type { Backend } from '../backend/backend.ts';
import { Buckets } from './buckets.ts';

export class KeyBucket implements RevisionLog {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  append({ revision, isTombstone, value }: RevisionRecord): void {
    this.#backend.put(Buckets.key, encodeRevision(revision, isTombstone), value);
  }

  get(revision: Revision): Uint8Array {
    const value = this.#backend.get(Buckets.key, encodeRevision(revision, false));
    return must(value, `the record of revision ${revision.main}.${revision.sub}, which the index names,`);
  }

  scan(from: Revision, visit: (record: RevisionRecord) => boolean): void {
    this.#backend.scan(Buckets.key, encodeRevision(from, false), (key, value) => {
      const { revision, isTombstone } = decodeRevision(key);
      return visit({ revision, isTombstone, value });
    });
  }

  delete(revision: Revision, isTombstone: boolean): void {
    this.#backend.delete(Buckets.key, encodeRevision(revision, isTombstone));
  }
}
