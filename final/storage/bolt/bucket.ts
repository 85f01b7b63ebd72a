// A bucket: ordered keys with values, and further buckets under names. Mirrors bbolt's bucket.go.
//
// Keys are Uint8Array, as the pages hold them: a revision is made as bytes anyway, and comparing 17 bytes costs less than
// making a string of them. Names of buckets may be given as latin1 strings too. What is put is kept by reference until the
// commit, and what is read is part of a page in memory: neither may be changed by anyone.

import { assert, must } from '../../core/assert.ts';
import { bytesToKey, type Key, keyToBytes } from '../../core/keys.ts';
import { Cursor } from './cursor.ts';
import { BoltError } from './errors.ts';
import {
  BUCKET_HEADER_BYTES,
  DEFAULT_FILL_PERCENT,
  INLINE_DIVISOR,
  MAX_FILL_PERCENT,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  MIN_FILL_PERCENT,
  readUint64,
  viewOf,
  writeUint64,
} from './format.ts';
import { LeafNode, nodeBytes } from './node.ts';
import { decodeTreePage } from './page.ts';
import { rebalance } from './rebalance.ts';
import { type PageSink, spill } from './spill.ts';
import { Tree, type TreeHost, type TreeRoot } from './tree.ts';

/** The name of a bucket: bytes, or a string whose characters stand for one byte each. */
export type BucketName = Uint8Array | string;

export class Bucket {
  /**
   * How full the pages are made that this transaction writes for this bucket, from 0.1 to 1. Half leaves room for
   * inserts anywhere; a bucket whose keys only ascend does better with 0.9. It is not stored.
   */
  fillPercent = DEFAULT_FILL_PERCENT;
  readonly #tree: Tree;
  #sequence: number;
  #isDeleted = false;
  // The buckets in this one that were asked for: changes to them must be seen by whoever asks again.
  readonly #children = new Map<Key, Bucket>();

  constructor(host: TreeHost, root: TreeRoot, sequence: number) {
    this.#tree = new Tree(host, root);
    this.#sequence = sequence;
  }

  /** The value of `key`; undefined when it is absent or a bucket. */
  get(key: Uint8Array): Uint8Array | undefined {
    this.#checkOpen();
    const leaf = this.#tree.leafOf(key);
    const found = this.#tree.find(key, leaf);
    return found < 0 || leaf.isBucket(found) ? undefined : leaf.value(found);
  }

  /**
   * Sets `key` to `value`. Throws BoltError: TxNotWritable, KeyRequired (empty), KeyTooLarge (over 32,768 bytes),
   * ValueTooLarge (over 2^31 - 2 bytes), IncompatibleValue (the key is a bucket).
   */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#checkWritable();
    if (key.length === 0) throw new BoltError('KeyRequired');
    if (key.length > MAX_KEY_BYTES) throw new BoltError('KeyTooLarge', `${key.length} bytes, over ${MAX_KEY_BYTES}`);
    if (value.length > MAX_VALUE_BYTES) {
      throw new BoltError('ValueTooLarge', `${value.length} bytes, over ${MAX_VALUE_BYTES}`);
    }
    this.#tree.put(key, value, false);
  }

  /** Removes `key` if it is there. Throws BoltError: TxNotWritable, IncompatibleValue (the key is a bucket). */
  delete(key: Uint8Array): void {
    this.#checkWritable();
    const leaf = this.#tree.leafOf(key);
    const found = this.#tree.find(key, leaf);
    if (found < 0) return;
    if (leaf.isBucket(found)) throw new BoltError('IncompatibleValue', 'a bucket cannot be deleted as a key');
    this.#tree.remove(key);
  }

  /** A cursor over keys and names of buckets; it stands nowhere at first. */
  cursor(): Cursor {
    this.#checkOpen();
    return new Cursor(this.#tree);
  }

  /** Calls `visit` with each key in order; the value is undefined for a bucket. */
  forEach(visit: (key: Uint8Array, value: Uint8Array | undefined) => void): void {
    const cursor = this.cursor();
    for (let found = cursor.first(); found; found = cursor.next()) visit(cursor.key, cursor.value);
  }

  /** The bucket `name` in this one, or undefined. */
  bucket(name: BucketName): Bucket | undefined {
    this.#checkOpen();
    const id = typeof name === 'string' ? name : bytesToKey(name);
    const open = this.#children.get(id);
    if (open !== undefined) return open;
    const key = toBytes(name);
    const leaf = this.#tree.leafOf(key);
    const found = this.#tree.find(key, leaf);
    if (found < 0 || !leaf.isBucket(found)) return undefined;
    const { root, sequence } = decodeBucket(leaf.value(found));
    const bucket = new Bucket(this.#tree.host, root, sequence);
    this.#children.set(id, bucket);
    return bucket;
  }

  /** Names of the buckets in this one, in order. */
  bucketNames(): Uint8Array[] {
    const names: Uint8Array[] = [];
    const cursor = this.cursor();
    for (let found = cursor.first(); found; found = cursor.next()) if (cursor.isBucket) names.push(cursor.key);
    return names;
  }

  /**
   * Makes an empty bucket. Throws BoltError: TxNotWritable, BucketNameRequired, KeyTooLarge, BucketExists,
   * IncompatibleValue (the name is a key).
   */
  createBucket(name: BucketName): Bucket {
    this.#checkWritable();
    const key = toBytes(name);
    if (key.length === 0) throw new BoltError('BucketNameRequired');
    if (key.length > MAX_KEY_BYTES) throw new BoltError('KeyTooLarge', `a bucket name of ${key.length} bytes`);
    const leaf = this.#tree.leafOf(key);
    const found = this.#tree.find(key, leaf);
    if (found >= 0) throw new BoltError(leaf.isBucket(found) ? 'BucketExists' : 'IncompatibleValue');
    this.#tree.put(key, encodeInline(new LeafNode(), 0), true);
    return must(this.bucket(key), 'bucket just made');
  }

  /** The bucket `name`, made if it is not there. Throws as `createBucket`, but for BucketExists. */
  createBucketIfNotExists(name: BucketName): Bucket {
    this.#checkWritable();
    return this.bucket(name) ?? this.createBucket(name);
  }

  /**
   * Removes a bucket with all it holds; it must not be used any more.
   * Throws BoltError: TxNotWritable, BucketNotFound, IncompatibleValue (the name is a key).
   */
  deleteBucket(name: BucketName): void {
    this.#checkWritable();
    const key = toBytes(name);
    const leaf = this.#tree.leafOf(key);
    const found = this.#tree.find(key, leaf);
    if (found < 0) throw new BoltError('BucketNotFound');
    if (!leaf.isBucket(found)) throw new BoltError('IncompatibleValue', 'a key cannot be deleted as a bucket');
    must(this.bucket(key), 'bucket').#giveUpAll();
    this.#children.delete(bytesToKey(key));
    this.#tree.remove(key);
  }

  /** A number that the bucket carries for its user. */
  get sequence(): number {
    this.#checkOpen();
    return this.#sequence;
  }

  /** Sets the sequence to `value`, an integer from 0 to 2^53 - 1. Throws BoltError TxNotWritable. */
  setSequence(value: number): void {
    this.#checkWritable();
    assert(Number.isSafeInteger(value) && value >= 0, `sequence ${value}`);
    // Rewriting the root is what makes the header be written, for an inline bucket too.
    this.#tree.writableRoot();
    this.#sequence = value;
  }

  /** Adds one to the sequence and returns it. Throws BoltError TxNotWritable. */
  nextSequence(): number {
    this.setSequence(this.sequence + 1);
    return this.#sequence;
  }

  /** For the commit: whether anything in the bucket or below it was changed. */
  isChanged(): boolean {
    if (this.#tree.dirtyRoot !== undefined) return true;
    for (const child of this.#children.values()) if (child.isChanged()) return true;
    return false;
  }

  /** For the commit: writes the changed pages of the bucket, which {@link isChanged}, and returns its root page. */
  flush(sink: PageSink): number {
    this.#gather(sink);
    return spill(this.#tree, sink, this.#clampedFillPercent());
  }

  // The changed bucket as its parent stores it: small ones whole, others as a header.
  #encode(sink: PageSink): Uint8Array {
    this.#gather(sink);
    const root = this.#tree.dirtyRoot;
    if (root instanceof LeafNode && !root.hasBuckets() && nodeBytes(root) <= sink.pageSize / INLINE_DIVISOR) {
      return encodeInline(root, this.#sequence);
    }
    const header = new Uint8Array(BUCKET_HEADER_BYTES);
    writeUint64(viewOf(header), 0, spill(this.#tree, sink, this.#clampedFillPercent()));
    writeUint64(viewOf(header), 8, this.#sequence);
    return header;
  }

  // Everything below first: a child that moved changes an entry here.
  #gather(sink: PageSink): void {
    for (const [name, child] of this.#children) {
      if (child.isChanged()) this.#tree.put(keyToBytes(name), child.#encode(sink), true);
    }
    rebalance(this.#tree);
  }

  #giveUpAll(): void {
    this.#tree.giveUpAll((name) => must(this.bucket(name), 'bucket').#giveUpAll());
    this.#isDeleted = true;
  }

  #clampedFillPercent(): number {
    return Math.min(MAX_FILL_PERCENT, Math.max(MIN_FILL_PERCENT, this.fillPercent));
  }

  #checkOpen(): void {
    this.#tree.host.checkOpen();
    if (this.#isDeleted) throw new BoltError('BucketNotFound', 'it was deleted in this transaction');
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (!this.#tree.host.isWritable) throw new BoltError('TxNotWritable');
  }
}

/** Reads the value of a bucket's element. Throws BoltError Corrupt. */
export function decodeBucket(value: Uint8Array): { readonly root: TreeRoot; readonly sequence: number } {
  if (value.length < BUCKET_HEADER_BYTES) throw new BoltError('Corrupt', `a bucket header of ${value.length} bytes`);
  const view = viewOf(value);
  const root = readUint64(view, 0);
  const sequence = readUint64(view, 8);
  if (root !== 0) return { root, sequence };
  if (value.length < 2 * BUCKET_HEADER_BYTES) throw new BoltError('Corrupt', 'an inline bucket without a page');
  const page = decodeTreePage(0, value.subarray(BUCKET_HEADER_BYTES));
  if (!page.isLeaf) throw new BoltError('Corrupt', 'an inline bucket with a branch page');
  return { root: page, sequence };
}

function encodeInline(root: LeafNode, sequence: number): Uint8Array {
  const value = new Uint8Array(BUCKET_HEADER_BYTES + nodeBytes(root));
  writeUint64(viewOf(value), 8, sequence);
  root.write(value.subarray(BUCKET_HEADER_BYTES), { id: 0, overflow: 0, from: 0, to: root.count });
  return value;
}

function toBytes(name: BucketName): Uint8Array {
  return typeof name === 'string' ? keyToBytes(name) : name;
}
