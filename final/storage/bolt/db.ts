// A bbolt database: opens the file, knows the current state, hands out transactions. Mirrors bbolt's db.go.
//
//   const db = DB.open(nodeFileSystem.open('member/snap/db', 'create'));
//   db.update((tx) => tx.createBucketIfNotExists('key').put(key, value));   // or beginWrite … commitAsync
//   const reader = db.begin();                                              // a state that stays as it is
//   reader.bucket('key')?.get(key);
//   reader.rollback();
//
// Everything is synchronous but the optional commitAsync. There is at most one write transaction; readers are not held
// up by it, and pages that they see are not used again while they are open.

import { assert, must } from '../../core/assert.ts';
import { BoltError } from './errors.ts';
import type { BoltFile } from './file.ts';
import { DEFAULT_PAGE_BYTES, FREELIST_PAGE, LEAF_PAGE, PAGE_CACHE_BYTES, viewOf } from './format.ts';
import { decodeFreelist, Freelist } from './freelist.ts';
import { chooseMeta, encodeMeta, META_BYTES, type Meta } from './meta.ts';
import { encodeHeader } from './page.ts';
import { Pager } from './pager.ts';
import { Tx, type TxStore } from './tx.ts';
import { PageWalk } from './walk.ts';

/** How to open a database; every field has a default. */
export interface OpenOptions {
  /** Refuse write transactions, and leave the file as it is. */
  readonly readOnly?: boolean;
  /** Page size of a new file, in bytes; an existing one says its own. */
  readonly pageSize?: number;
  /** Store the list of free pages with each commit. etcd does not: it is found again at the next open. */
  readonly syncFreelist?: boolean;
  /** Bytes of pages to keep in memory for reading. */
  readonly cacheBytes?: number;
}

/** Numbers about the current state. */
export interface DBStats {
  readonly pageSize: number;
  /** Pages up to the high water mark. */
  readonly pages: number;
  /** Pages that can be used again at once, and such that wait for readers. */
  readonly freePages: number;
  readonly pendingPages: number;
  readonly openReaders: number;
  /** Bytes of pages held in memory. */
  readonly cachedBytes: number;
}

export class DB {
  readonly isReadOnly: boolean;
  /** Why one of the two meta pages was passed over at the open; undefined when both were good. */
  readonly metaDamage: BoltError | undefined;
  readonly pager: Pager;
  readonly #file: BoltFile;
  readonly #freelist: Freelist | undefined;
  readonly #store: TxStore;
  readonly #readers = new Set<Tx>();
  #writer: Tx | undefined;
  #meta: Meta;
  #metaSlot: 0 | 1;
  // Number of the state that is on the disk; the current one may be on its way there.
  #settledTxid: number;
  #isOpen = true;
  // Why a commit broke off; nothing may be done with the file then.
  #failure: string | undefined;

  /**
   * Opens the database in `file`, which is taken over; an empty file becomes a new database.
   * Throws BoltError: Invalid, VersionMismatch, Checksum (no good meta page: that of page 0), Corrupt (damaged tree).
   */
  static open(file: BoltFile, options: OpenOptions = {}): DB {
    try {
      if (file.size() === 0 && !options.readOnly) writeNewFile(file, options.pageSize ?? DEFAULT_PAGE_BYTES);
      return new DB(file, options);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  private constructor(file: BoltFile, options: OpenOptions) {
    const { meta, slot, damage } = chooseMeta((offset) => readAvailable(file, offset));
    const bytes = meta.pgid * meta.pageSize;
    if (file.size() < bytes) {
      throw new BoltError('Invalid', `${file.name} has ${file.size()} bytes, its ${meta.pgid} pages need ${bytes}`);
    }
    this.#file = file;
    this.#meta = meta;
    this.#metaSlot = slot;
    this.#settledTxid = meta.txid;
    this.metaDamage = damage;
    this.isReadOnly = options.readOnly ?? false;
    this.pager = new Pager(file, meta.pageSize, options.cacheBytes ?? PAGE_CACHE_BYTES);
    this.#freelist = this.isReadOnly ? undefined : loadFreelist(this.pager, meta);
    this.#store = this.#makeStore(options.syncFreelist ?? false);
  }

  /** The current state. */
  get meta(): Meta {
    return this.#meta;
  }

  /** Begins to read the current state; end it with rollback. Throws BoltError DatabaseNotOpen. */
  begin(): Tx {
    this.#checkOpen();
    const tx = new Tx(this.#store, this.#meta, false);
    this.#readers.add(tx);
    return tx;
  }

  /**
   * Begins the next state; end it with commit, commitAsync or rollback. The one before must have ended.
   * Throws BoltError: DatabaseNotOpen, DatabaseReadOnly.
   */
  beginWrite(): Tx {
    this.#checkOpen();
    if (this.#freelist === undefined) throw new BoltError('DatabaseReadOnly');
    assert(this.#writer === undefined, 'a second write transaction begins');
    this.#writer = new Tx(this.#store, this.#meta, true);
    return this.#writer;
  }

  /** Calls `read` with the current state and returns its result. */
  view<T>(read: (tx: Tx) => T): T {
    const tx = this.begin();
    try {
      return read(tx);
    } finally {
      tx.rollback();
    }
  }

  /** Calls `change` in a write transaction, which is committed behind it, or undone when it throws. */
  update<T>(change: (tx: Tx) => T): T {
    const tx = this.beginWrite();
    let result: T;
    try {
      result = change(tx);
    } catch (error) {
      tx.rollback();
      throw error;
    }
    tx.commit();
    return result;
  }

  stats(): DBStats {
    return {
      pageSize: this.#meta.pageSize,
      pages: this.#meta.pgid,
      freePages: this.#freelist?.freeCount ?? 0,
      pendingPages: this.#freelist?.pendingCount ?? 0,
      openReaders: this.#readers.size,
      cachedBytes: this.pager.cachedBytes,
    };
  }

  /** Ids that are free or pending, ascending; undefined for a database open for reading. */
  freeIds(): number[] | undefined {
    return this.#freelist?.allIds();
  }

  /** Ends all transactions, without a commit, and closes the file. No commit may be under way. */
  close(): void {
    if (!this.#isOpen) return;
    this.#writer?.rollback();
    for (const reader of this.#readers) reader.rollback();
    this.#isOpen = false;
    this.#file.close();
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new BoltError('DatabaseNotOpen');
    if (this.#failure !== undefined) throw new BoltError('DatabaseNotOpen', `a commit failed: ${this.#failure}`);
  }

  // Pages may be used again that neither a reader nor the state on the disk needs.
  #releasePages(): void {
    assert(this.#settledTxid === this.#meta.txid, 'a commit begins before the one before it is on the disk');
    let oldest = this.#meta.txid;
    for (const reader of this.#readers) oldest = Math.min(oldest, reader.id);
    must(this.#freelist, 'freelist of a read-only database').release(oldest);
  }

  #makeStore(syncFreelist: boolean): TxStore {
    return {
      file: this.#file,
      pager: this.pager,
      syncFreelist,
      freelist: () => must(this.#freelist, 'freelist of a read-only database'),
      nextMetaSlot: () => (this.#metaSlot === 0 ? 1 : 0),
      prepare: () => this.#releasePages(),
      publish: (meta) => {
        this.#meta = meta;
        this.#writer = undefined;
      },
      settle: () => {
        this.#settledTxid++;
        this.#metaSlot = this.#metaSlot === 0 ? 1 : 0;
      },
      close: (tx, failure) => {
        if (this.#writer === tx) this.#writer = undefined;
        this.#readers.delete(tx);
        if (failure !== undefined) this.#failure = failure instanceof Error ? failure.message : 'unknown';
      },
    };
  }
}

// A new database: two metas, an empty freelist, an empty root leaf (spec/storage.md 7.13).
function writeNewFile(file: BoltFile, pageSize: number): void {
  const pages = new Uint8Array(4 * pageSize);
  const page = (id: number): Uint8Array => pages.subarray(id * pageSize, (id + 1) * pageSize);
  for (const id of [0, 1]) encodeMeta(page(id), id, { pageSize, root: 3, sequence: 0, freelist: 2, pgid: 4, txid: id });
  encodeHeader(viewOf(page(2)), { id: 2, flags: FREELIST_PAGE, count: 0, overflow: 0 });
  encodeHeader(viewOf(page(3)), { id: 3, flags: LEAF_PAGE, count: 0, overflow: 0 });
  file.write(pages, 0);
  file.syncData();
}

function readAvailable(file: BoltFile, offset: number): Uint8Array {
  const bytes = new Uint8Array(META_BYTES);
  return bytes.subarray(0, file.read(bytes, offset));
}

// The stored list, or every page that the tree does not use.
function loadFreelist(pager: Pager, meta: Meta): Freelist {
  if (meta.freelist !== undefined) return new Freelist(decodeFreelist(meta.freelist, pager.readPage(meta.freelist)));
  const fail = (text: string): never => {
    throw new BoltError('Corrupt', text);
  };
  const walk = new PageWalk(pager, meta.pgid, fail, false);
  walk.bucket(meta.root);
  return new Freelist(walk.unreached());
}
