// The numbers of the bbolt file format (spec/storage.md 7) and its limits. All integers are little endian.

import { BoltError } from './errors.ts';

/** Bytes of a page header: u64 id, u16 flags, u16 count, u32 overflow. */
export const PAGE_HEADER_BYTES = 16;

/** Bytes of one element of a branch or leaf page; keys and values lie behind all elements. */
export const ELEMENT_BYTES = 16;

/** Bytes of a bucket's header in the value of its leaf element: u64 root page, u64 sequence. */
export const BUCKET_HEADER_BYTES = 16;

/** Page kinds; a page has exactly one of these flags. */
export const BRANCH_PAGE = 0x01;
export const LEAF_PAGE = 0x02;
export const META_PAGE = 0x04;
export const FREELIST_PAGE = 0x10;

/** Flag of a leaf element whose value is a bucket. */
export const BUCKET_ELEMENT = 0x01;

/** Page size of a new file: that of the operating system on the machines etcd runs on. */
export const DEFAULT_PAGE_BYTES = 4096;

/** Smallest and largest page size that is believed; a meta and its header need 80 bytes. */
export const MIN_PAGE_BYTES = 128;
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/** Longest key, in bytes. */
export const MAX_KEY_BYTES = 32_768;

/** Longest value, in bytes. */
export const MAX_VALUE_BYTES = 2 ** 31 - 2;

/** A count of 0xFFFF on a freelist page says that the real one is the first id. */
export const MAX_COUNT = 0xffff;

/** Deepest tree that is followed. A deeper one can only be a loop of damaged pages: two keys a page make 2^64 pages. */
export const MAX_TREE_DEPTH = 64;

/** How full a page is made when a node is split; see Bucket.fillPercent. */
export const DEFAULT_FILL_PERCENT = 0.5;
export const MIN_FILL_PERCENT = 0.1;
export const MAX_FILL_PERCENT = 1.0;

/** A bucket with a single leaf of at most this part of a page is stored inside its parent. */
export const INLINE_DIVISOR = 4;

/** A node with deletions is merged with a neighbour when it is no larger than this part of a page. */
export const UNDERFULL_DIVISOR = 4;

/** Bytes of pages that are kept in memory for reading by default. Large enough for all branch pages of 8 GiB. */
export const PAGE_CACHE_BYTES = 64 * 1024 * 1024;

/** Adjacent pages of a commit are written together up to this many bytes, so that a commit is few system calls. */
export const WRITE_CHUNK_BYTES = 1024 * 1024;

const TWO_32 = 2 ** 32;

/** Reads a u64 that must be exact as a number: page ids, transaction ids and sequences stay below 2^53 for ages. */
export function readUint64(view: DataView, offset: number): number {
  const value = view.getUint32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
  if (value > Number.MAX_SAFE_INTEGER) throw new BoltError('Corrupt', `the number ${value} is beyond 2^53`);
  return value;
}

/** Writes `value`, an integer from 0 to 2^53 - 1, as a u64. */
export function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value >>> 0, true);
  view.setUint32(offset + 4, Math.floor(value / TWO_32), true);
}

/** A view of the bytes of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
