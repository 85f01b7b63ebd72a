// The two meta pages: where the tree begins, how many pages are in use, which transaction wrote it. A commit is the
// write of one meta page, and the checksum makes a torn one count as not written: the other one rules then.

import { BoltError } from './errors.ts';
import {
  MAX_PAGE_BYTES,
  META_PAGE,
  MIN_PAGE_BYTES,
  PAGE_HEADER_BYTES,
  readUint64,
  viewOf,
  writeUint64,
} from './format.ts';

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const CHECKED_BYTES = 56;
const NOT_STORED = 0xffffffff;

/** Bytes at the start of a meta page that mean something. */
export const META_BYTES = PAGE_HEADER_BYTES + CHECKED_BYTES + 8;

/** One state of the database. */
export interface Meta {
  readonly pageSize: number;
  /** Root page of the bucket of buckets. */
  readonly root: number;
  /** Sequence of the bucket of buckets; always 0 in practice. */
  readonly sequence: number;
  /** Page of the stored freelist; undefined = not stored, to be found by scanning. */
  readonly freelist: number | undefined;
  /** High water mark: every page in use, free ones included, has an id below it. */
  readonly pgid: number;
  /** Transaction that wrote this state. */
  readonly txid: number;
}

/** Writes `meta` into the zeroed page `page` with page id `id` (0 or 1). */
export function encodeMeta(page: Uint8Array, id: number, meta: Meta): void {
  const view = viewOf(page);
  writeUint64(view, 0, id);
  view.setUint16(8, META_PAGE, true);
  const start = PAGE_HEADER_BYTES;
  view.setUint32(start, MAGIC, true);
  view.setUint32(start + 4, VERSION, true);
  view.setUint32(start + 8, meta.pageSize, true);
  writeUint64(view, start + 16, meta.root);
  writeUint64(view, start + 24, meta.sequence);
  if (meta.freelist === undefined) view.setBigUint64(start + 32, 0xffffffffffffffffn, true);
  else writeUint64(view, start + 32, meta.freelist);
  writeUint64(view, start + 40, meta.pgid);
  writeUint64(view, start + 48, meta.txid);
  const checksum = fnv1a64(page.subarray(start, start + CHECKED_BYTES));
  view.setBigUint64(start + CHECKED_BYTES, checksum, true);
}

/**
 * Reads the meta of a page that begins `page`.
 * Throws BoltError: Invalid (no magic, absurd page size), VersionMismatch, Checksum. A stored checksum of 0 is an error,
 * as from bbolt 1.3.7 on.
 */
export function decodeMeta(page: Uint8Array): Meta {
  if (page.length < META_BYTES) throw new BoltError('Invalid', `${page.length} bytes are no meta page`);
  const view = viewOf(page);
  const start = PAGE_HEADER_BYTES;
  if (view.getUint32(start, true) !== MAGIC) throw new BoltError('Invalid', 'a meta page has no magic number');
  const version = view.getUint32(start + 4, true);
  if (version !== VERSION) throw new BoltError('VersionMismatch', `version ${version}, not ${VERSION}`);
  const checksum = fnv1a64(page.subarray(start, start + CHECKED_BYTES));
  if (view.getBigUint64(start + CHECKED_BYTES, true) !== checksum) throw new BoltError('Checksum');
  const pageSize = view.getUint32(start + 8, true);
  if (pageSize < MIN_PAGE_BYTES || pageSize > MAX_PAGE_BYTES) throw new BoltError('Invalid', `page size ${pageSize}`);
  const hasFreelist =
    view.getUint32(start + 32, true) !== NOT_STORED || view.getUint32(start + 36, true) !== NOT_STORED;
  const meta: Meta = {
    pageSize,
    root: readUint64(view, start + 16),
    sequence: readUint64(view, start + 24),
    freelist: hasFreelist ? readUint64(view, start + 32) : undefined,
    pgid: readUint64(view, start + 40),
    txid: readUint64(view, start + 48),
  };
  if (meta.root < 2 || meta.root >= meta.pgid) {
    throw new BoltError('Invalid', `root page ${meta.root} is not within the ${meta.pgid} pages`);
  }
  return meta;
}

/** What {@link chooseMeta} found. */
export interface MetaChoice {
  readonly meta: Meta;
  /** Page that holds it, 0 or 1; the next commit writes the other one. */
  readonly slot: 0 | 1;
  /** Why the other meta page was passed over; undefined when it is valid too. */
  readonly damage: BoltError | undefined;
}

/**
 * Picks the state to go on from: of the valid metas the one with the larger transaction id, page 0 on a tie.
 * `readAt(offset)` returns up to META_BYTES bytes of the file. Throws the error of meta page 0 when neither is valid.
 */
export function chooseMeta(readAt: (offset: number) => Uint8Array): MetaChoice {
  const first = tryDecode(readAt(0));
  const second = first instanceof BoltError ? findSecond(readAt) : tryDecode(readAt(first.pageSize));
  if (first instanceof BoltError) {
    if (second instanceof BoltError) throw first;
    return { meta: second, slot: 1, damage: first };
  }
  if (second instanceof BoltError) return { meta: first, slot: 0, damage: second };
  return second.txid > first.txid
    ? { meta: second, slot: 1, damage: undefined }
    : { meta: first, slot: 0, damage: undefined };
}

// Without meta 0 the page size is unknown: page 1 is looked for at each power of two.
function findSecond(readAt: (offset: number) => Uint8Array): Meta | BoltError {
  for (let pageSize = MIN_PAGE_BYTES; pageSize <= MAX_PAGE_BYTES; pageSize *= 2) {
    const meta = tryDecode(readAt(pageSize));
    if (!(meta instanceof BoltError) && meta.pageSize === pageSize) return meta;
  }
  return new BoltError('Invalid', 'no meta page');
}

function tryDecode(page: Uint8Array): Meta | BoltError {
  try {
    return decodeMeta(page);
  } catch (error) {
    if (error instanceof BoltError) return error;
    throw error;
  }
}

/** FNV-1a of 64 bits. */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash;
}
