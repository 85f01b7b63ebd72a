// A transaction: one state of the database to read, or the one next state in the making. Mirrors bbolt's tx.go.
//
// A commit never overwrites a page of the state it came from. It writes all new pages, syncs, writes the meta page that
// names them, syncs: a crash before the meta is whole leaves the old state, one after it the new.

import { assert } from '../../core/assert.ts';
import { Bucket, type BucketName } from './bucket.ts';
import type { BoltFile } from './file.ts';
import { encodeFreelist, type Freelist, freelistBytes } from './freelist.ts';
import { BoltError } from './errors.ts';
import { encodeMeta, type Meta } from './meta.ts';
import { decodeHeader, decodeTreePage } from './page.ts';
import type { Pager, PageWrite, TreePage } from './pager.ts';

/** What a transaction needs from the database it belongs to. */
export interface TxStore {
  readonly file: BoltFile;
  readonly pager: Pager;
  /** The free pages; only for the writer. */
  freelist(): Freelist;
  /** Whether commits store the freelist. */
  readonly syncFreelist: boolean;
  /** Page 0 or 1: where the next meta goes, which is not where the current one is. */
  nextMetaSlot(): 0 | 1;
  /** A commit begins: pages that nobody needs any more become free. The commit before it must be done. */
  prepare(): void;
  /** Makes `meta` the current state, whose pages are written; the next write transaction may begin. */
  publish(meta: Meta): void;
  /** The current state is on the disk now. */
  settle(): void;
  /** The transaction is over. `failure`: a commit broke off, so that the content of the file is unknown. */
  close(tx: Tx, failure?: unknown): void;
}

export class Tx {
  readonly isWritable: boolean;
  /** The state it reads; for a writer the one it started from. */
  readonly meta: Meta;
  readonly #store: TxStore;
  readonly #root: Bucket;
  #state: 'open' | 'committing' | 'closed' = 'open';
  // Pages of the old state that the new one does not use.
  readonly #givenUp: number[] = [];
  readonly #pages: PageWrite[] = [];
  #pgid: number;

  /** Use DB.begin and DB.beginWrite. */
  constructor(store: TxStore, meta: Meta, isWritable: boolean) {
    this.#store = store;
    this.meta = meta;
    this.isWritable = isWritable;
    this.#pgid = meta.pgid;
    this.#root = new Bucket(this, meta.root, meta.sequence);
  }

  /** Number of the state it reads, or, for a writer, makes. */
  get id(): number {
    return this.isWritable ? this.meta.txid + 1 : this.meta.txid;
  }

  /** Bytes of the state it reads, free pages included: the length of a snapshot. */
  get sizeBytes(): number {
    return this.meta.pgid * this.meta.pageSize;
  }

  get pager(): Pager {
    return this.#store.pager;
  }

  get pageSize(): number {
    return this.meta.pageSize;
  }

  /** The bucket `name` of the top level, or undefined. */
  bucket(name: BucketName): Bucket | undefined {
    return this.#root.bucket(name);
  }

  /** As Bucket.createBucket, at the top level. */
  createBucket(name: BucketName): Bucket {
    return this.#root.createBucket(name);
  }

  /** As Bucket.createBucketIfNotExists, at the top level. */
  createBucketIfNotExists(name: BucketName): Bucket {
    return this.#root.createBucketIfNotExists(name);
  }

  /** As Bucket.deleteBucket, at the top level. */
  deleteBucket(name: BucketName): void {
    this.#root.deleteBucket(name);
  }

  /** Names of the buckets of the top level, in order. */
  bucketNames(): Uint8Array[] {
    return this.#root.bucketNames();
  }

  /**
   * Up to `length` bytes of the snapshot of this state from `position` on, fewer only at its end ({@link sizeBytes}). A
   * snapshot is the file with this state in meta page 0 and the same under the number before in meta page 1.
   */
  readSnapshot(position: number, length: number): Uint8Array {
    this.checkOpen();
    assert(!this.isWritable, 'a snapshot of a state that is not there yet');
    const bytes = this.pager.readRaw(position, Math.max(0, Math.min(length, this.sizeBytes - position)));
    for (const slot of [0, 1]) {
      const start = slot * this.pageSize;
      const from = Math.max(position, start);
      const to = Math.min(position + bytes.length, start + this.pageSize);
      if (from >= to) continue;
      const page = new Uint8Array(this.pageSize);
      encodeMeta(page, slot, { ...this.meta, txid: Math.max(0, this.meta.txid - slot) });
      bytes.set(page.subarray(from - start, to - start), from - position);
    }
    return bytes;
  }

  /**
   * Makes the changes durable and visible to transactions that begin later. Errors of the file end the database: the
   * transaction and every later call fail. Throws BoltError: TxNotWritable, TxClosed.
   */
  commit(): void {
    const steps = this.#commitSteps();
    while (!steps.next().done) this.#sync();
  }

  /**
   * As `commit`, waiting for the disk without holding up the process. The next write transaction may begin at once, on the
   * state that this one makes; it must not be committed before this one is done.
   */
  async commitAsync(): Promise<void> {
    const steps = this.#commitSteps();
    while (!steps.next().done) {
      try {
        await this.#store.file.syncDataAsync();
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** Ends the transaction without a trace; one that is over stays so. A reader has nothing else to end with. */
  rollback(): void {
    assert(this.#state !== 'committing', 'a transaction is rolled back during its commit');
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#store.close(this);
  }

  /** Throws BoltError TxClosed when the transaction is over, or its commit has begun. */
  checkOpen(): void {
    if (this.#state !== 'open' && !this.#isSpilling) throw new BoltError('TxClosed');
  }

  /** For the trees: records that the new state does not use `page`. */
  giveUp(page: TreePage): void {
    for (let n = 0; n <= page.overflow; n++) this.#givenUp.push(page.id + n);
  }

  /** For the commit: reserves adjacent pages, at the end of the file when no free run is long enough. */
  allocate(pages: number): number {
    const free = this.#store.freelist().allocate(pages);
    if (free !== undefined) return free;
    const id = this.#pgid;
    this.#pgid += pages;
    return id;
  }

  /** For the commit: takes a page to be written. */
  add(id: number, bytes: Uint8Array): void {
    this.#pages.push({ id, bytes });
  }

  // While the trees are written they read pages, though nobody else may use the transaction any more.
  #isSpilling = false;

  // The commit up to each point at which the disk has to catch up.
  *#commitSteps(): Generator<void, void> {
    this.checkOpen();
    if (!this.isWritable) throw new BoltError('TxNotWritable');
    this.#state = 'committing';
    let meta: Meta;
    try {
      this.#store.prepare();
      meta = this.#spill();
      this.#pages.sort((a, b) => a.id - b.id);
      this.pager.write(this.#pages);
    } catch (error) {
      this.#fail(error);
    }
    // From here on the new state can be read and built upon: its pages can be read from the file, if not yet from the disk.
    this.#store.publish(meta);
    if (this.#pages.length > 0) yield;
    try {
      const slot = this.#store.nextMetaSlot();
      const page = new Uint8Array(meta.pageSize);
      encodeMeta(page, slot, meta);
      this.#store.file.write(page, slot * meta.pageSize);
    } catch (error) {
      this.#fail(error);
    }
    yield;
    this.#state = 'closed';
    this.#store.settle();
    this.#store.close(this);
  }

  // Turns the changes into pages; returns the state they make.
  #spill(): Meta {
    this.#isSpilling = true;
    const root = this.#root.isChanged() ? this.#root.flush(this) : this.meta.root;
    this.#isSpilling = false;
    // Decoding what was encoded proves it well-formed, and later reads find it in memory.
    for (const { id, bytes } of this.#pages) this.pager.remember(decodeTreePage(id, bytes));
    const freelist = this.#freePages();
    return { ...this.meta, root, freelist, pgid: this.#pgid, txid: this.id };
  }

  // Hands over the pages that are not used any more, the old freelist among them; writes the new one if it is to be kept.
  #freePages(): number | undefined {
    const freelist = this.#store.freelist();
    if (this.meta.freelist !== undefined) {
      const { overflow } = decodeHeader(this.pager.readPage(this.meta.freelist));
      for (let n = 0; n <= overflow; n++) this.#givenUp.push(this.meta.freelist + n);
    }
    freelist.addPending(this.id, this.#givenUp);
    if (!this.#store.syncFreelist) return undefined;
    // The place for the list comes out of the list itself, which only makes it shorter.
    const pages = Math.ceil(freelistBytes(freelist.freeCount + freelist.pendingCount) / this.pageSize);
    const id = this.allocate(pages);
    const page = new Uint8Array(pages * this.pageSize);
    encodeFreelist(page, id, pages - 1, freelist.allIds());
    this.add(id, page);
    return id;
  }

  #sync(): void {
    try {
      this.#store.file.syncData();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    this.#state = 'closed';
    this.#isSpilling = false;
    this.#store.close(this, error);
    throw error;
  }
}
