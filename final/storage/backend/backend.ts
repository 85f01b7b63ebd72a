// The database of a member: changes are gathered in one open transaction and committed together, when there are many or when
// some time has passed. Mirrors etcd's backend/backend.go and batch_tx.go. What is not committed yet is no loss in a crash:
// the write-ahead log has it, and the consistent index, which is part of every commit, says from where on to apply it again.
//
// There is one thread, so reads may use the open transaction: they see every change at once, and there is no need for the
// read buffer that etcd keeps.

import { assert } from '../../core/assert.ts';
import type { Bucket } from '../bolt/bucket.ts';
import { DB } from '../bolt/db.ts';
import type { Tx } from '../bolt/tx.ts';
import { rewriteDatabase } from './defragment.ts';
import type { File, FileSystem } from '../fs.ts';
import { ALL_BUCKETS, type BucketName, Buckets } from '../schema/buckets.ts';

/** Changes that make a commit due, when nothing else is said: --backend-batch-limit. */
export const DEFAULT_BATCH_LIMIT = 10_000;
/** Longest time between two commits, in ms: --backend-batch-interval. */
export const DEFAULT_BATCH_INTERVAL_MS = 100;

// The revisions of this bucket only ascend, so its pages can be filled (spec/storage.md 7.38).
const ASCENDING_FILL_PERCENT = 0.9;

export interface BackendOptions {
  readonly fs: FileSystem;
  /** The database, open and locked; it is closed with the backend. */
  readonly file: File;
  /** Its path. */
  readonly path: string;
  readonly batchLimit?: number;
  /** Called before each commit that has changes; what it puts is part of that commit. */
  readonly beforeCommit?: (backend: Backend) => void;
}

export class Backend {
  readonly path: string;
  readonly #options: BackendOptions;
  readonly #batchLimit: number;
  #db: DB;
  #tx: Tx;
  #buckets = new Map<BucketName, Bucket>();
  #changes = 0;
  #committing: Promise<void> | undefined;

  /** Opens the database and makes the buckets that are missing. Errors: those of DB.open. */
  constructor(options: BackendOptions) {
    this.path = options.path;
    this.#options = options;
    this.#batchLimit = options.batchLimit || DEFAULT_BATCH_LIMIT;
    this.#db = DB.open(options.file);
    this.#tx = this.#db.beginWrite();
    for (const name of ALL_BUCKETS) this.#tx.createBucketIfNotExists(name);
    this.#tx.commit();
    this.#tx = this.#begin();
  }

  /** Bytes of the database up to its last page: what quotas are held against. */
  get size(): number {
    const { pages, pageSize } = this.#db.stats();
    return pages * pageSize;
  }

  /** The same without the pages that are free. */
  get sizeInUse(): number {
    const { pages, freePages, pageSize } = this.#db.stats();
    return (pages - freePages) * pageSize;
  }

  get(bucket: BucketName, key: Uint8Array): Uint8Array | undefined {
    return this.#bucket(bucket).get(key);
  }

  /** Keeps `key` and `value` until the next commit: they must not change. */
  put(bucket: BucketName, key: Uint8Array, value: Uint8Array): void {
    this.#bucket(bucket).put(key, value);
    this.#changes++;
  }

  delete(bucket: BucketName, key: Uint8Array): void {
    this.#bucket(bucket).delete(key);
    this.#changes++;
  }

  /** Visits the entries of `bucket` from `from` on, ascending, until `visit` returns false. It must not change the bucket. */
  scan(bucket: BucketName, from: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean): void {
    const cursor = this.#bucket(bucket).cursor();
    for (let found = cursor.seek(from); found; found = cursor.next()) {
      if (!visit(cursor.key, cursor.value ?? NO_BYTES)) return;
    }
  }

  /** Commits and returns when everything is on the disk. */
  commit(): void {
    assert(this.#committing === undefined, 'a commit while another one is on its way to the disk');
    this.#runBeforeCommit();
    this.#tx.commit();
    this.#tx = this.#begin();
  }

  /** Whether `batches` times as much has changed since the last commit as makes one due. */
  isCommitDue(batches: number): boolean {
    return this.#changes >= batches * this.#batchLimit;
  }

  /** Whether a commit is on its way to the disk. */
  get isCommitting(): boolean {
    return this.#committing !== undefined;
  }

  /** Whether anything has changed since the last commit. */
  get hasChanges(): boolean {
    return this.#changes > 0;
  }

  /** Commits; resolves when everything that was changed so far is on the disk. Changes may go on meanwhile. */
  async commitInBackground(): Promise<void> {
    // Several may wait for the same commit; the first one to go on begins the next.
    while (this.#committing !== undefined) await this.#committing;
    this.#runBeforeCommit();
    const durable = this.#tx.commitAsync();
    try {
      this.#tx = this.#begin();
    } catch (error) {
      // The commit could not even begin to be written; why, it says itself.
      await durable;
      throw error;
    }
    this.#committing = durable.finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
  }

  /** Resolves when no commit is on its way to the disk. */
  async settled(): Promise<void> {
    await this.#committing;
  }

  /** Writes the database anew without its free pages, and goes on with that file. Nothing else may be done meanwhile. */
  defragment(): void {
    this.commit();
    this.#tx.rollback();
    const file = rewriteDatabase(this.#options.fs, this.path, this.#db);
    this.#db.close();
    this.#db = DB.open(file);
    this.#tx = this.#begin();
  }

  /** A reader of the last committed state; end it with rollback. */
  beginRead(): Tx {
    return this.#db.begin();
  }

  /** Commits and closes. No commit may be under way. */
  close(): void {
    this.commit();
    this.#tx.rollback();
    this.#db.close();
  }

  /** Closes without a commit. */
  abandon(): void {
    this.#tx.rollback();
    this.#db.close();
  }

  #bucket(name: BucketName): Bucket {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = this.#tx.createBucketIfNotExists(name);
      if (name === Buckets.key) bucket.fillPercent = ASCENDING_FILL_PERCENT;
      this.#buckets.set(name, bucket);
    }
    return bucket;
  }

  #runBeforeCommit(): void {
    // Also when nothing has changed: entries without an effect move the consistent index, and a snapshot relies on it.
    this.#options.beforeCommit?.(this);
    this.#changes = 0;
  }

  #begin(): Tx {
    this.#buckets = new Map();
    return this.#db.beginWrite();
  }
}

const NO_BYTES = new Uint8Array(0);
