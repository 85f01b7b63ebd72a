// Branch and leaf pages as they lie in the file, read in place. A page in memory is never changed: keys and values are
// handed out as parts of it and stay valid as long as somebody holds them.

import { BoltError } from './errors.ts';
import {
  BRANCH_PAGE,
  BUCKET_ELEMENT,
  ELEMENT_BYTES,
  LEAF_PAGE,
  PAGE_HEADER_BYTES,
  readUint64,
  viewOf,
  writeUint64,
} from './format.ts';

/** The head of every page. */
export interface PageHeader {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  /** Pages behind this one that belong to it and have no head of their own. */
  readonly overflow: number;
}

/** Reads the header at the start of `page`, which has at least 16 bytes. */
export function decodeHeader(page: Uint8Array): PageHeader {
  const view = viewOf(page);
  return {
    id: readUint64(view, 0),
    flags: view.getUint16(8, true),
    count: view.getUint16(10, true),
    overflow: view.getUint32(12, true),
  };
}

/** Writes `header` to the start of a page. */
export function encodeHeader(view: DataView, header: PageHeader): void {
  writeUint64(view, 0, header.id);
  view.setUint16(8, header.flags, true);
  view.setUint16(10, header.count, true);
  view.setUint32(12, header.overflow, true);
}

// What branch and leaf have in common: a table of elements, each pointing at a key relative to its own start.
abstract class TreePage {
  readonly id: number;
  readonly count: number;
  readonly overflow: number;
  readonly bytes: Uint8Array;
  /** Set by a hit in the cache, cleared by its sweep. */
  wasUsed = false;
  readonly #view: DataView;
  // Where in an element the position is; the size of the key follows it.
  readonly #posOffset: number;

  constructor(bytes: Uint8Array, header: PageHeader, posOffset: number) {
    this.id = header.id;
    this.count = header.count;
    this.overflow = header.overflow;
    this.bytes = bytes;
    this.#view = viewOf(bytes);
    this.#posOffset = posOffset;
    if (PAGE_HEADER_BYTES + header.count * ELEMENT_BYTES > bytes.length) {
      throw new BoltError('Corrupt', `page ${this.id} has no room for ${this.count} elements`);
    }
  }

  /** The key of element `i`. */
  key(i: number): Uint8Array {
    const start = this.keyStart(i);
    return this.bytes.subarray(start, start + this.keySize(i));
  }

  /** Order of the key of element `i` against `key`: negative, zero or positive. */
  compareKey(i: number, key: Uint8Array): number {
    const bytes = this.bytes;
    const start = this.keyStart(i);
    const size = this.keySize(i);
    const shared = Math.min(size, key.length);
    for (let n = 0; n < shared; n++) {
      const difference = (bytes[start + n] as number) - (key[n] as number);
      if (difference !== 0) return difference;
    }
    return size - key.length;
  }

  protected keyStart(i: number): number {
    const element = PAGE_HEADER_BYTES + i * ELEMENT_BYTES;
    return element + this.#view.getUint32(element + this.#posOffset, true);
  }

  protected keySize(i: number): number {
    return this.#view.getUint32(PAGE_HEADER_BYTES + i * ELEMENT_BYTES + this.#posOffset + 4, true);
  }

  protected uint32(i: number, offset: number): number {
    return this.#view.getUint32(PAGE_HEADER_BYTES + i * ELEMENT_BYTES + offset, true);
  }

  protected uint64(i: number, offset: number): number {
    return readUint64(this.#view, PAGE_HEADER_BYTES + i * ELEMENT_BYTES + offset);
  }

  protected outOfBounds(i: number): BoltError {
    return new BoltError('Corrupt', `page ${this.id}: element ${i} reaches out of the page`);
  }
}

/** A leaf page. Element: u32 flags, u32 position, u32 key size, u32 value size; the value follows the key. */
export class LeafPage extends TreePage {
  readonly isLeaf = true;

  constructor(bytes: Uint8Array, header: PageHeader) {
    super(bytes, header, 4);
    for (let i = 0; i < this.count; i++) {
      if (this.keyStart(i) + this.keySize(i) + this.#valueSize(i) > bytes.length) throw this.outOfBounds(i);
    }
  }

  /** The value of element `i`; for a bucket its header and, if it is inline, its page. */
  value(i: number): Uint8Array {
    const start = this.keyStart(i) + this.keySize(i);
    return this.bytes.subarray(start, start + this.#valueSize(i));
  }

  /** Whether the value of element `i` is a bucket. */
  isBucket(i: number): boolean {
    return (this.uint32(i, 0) & BUCKET_ELEMENT) !== 0;
  }

  #valueSize(i: number): number {
    return this.uint32(i, 12);
  }
}

/** A branch page. Element: u32 position, u32 key size, u64 child page. */
export class BranchPage extends TreePage {
  readonly isLeaf = false;

  constructor(bytes: Uint8Array, header: PageHeader) {
    super(bytes, header, 0);
    if (this.count === 0) throw new BoltError('Corrupt', `branch page ${this.id} has no elements`);
    for (let i = 0; i < this.count; i++) {
      if (this.keyStart(i) + this.keySize(i) > bytes.length) throw this.outOfBounds(i);
    }
  }

  /** The page below element `i`. */
  childId(i: number): number {
    return this.uint64(i, 8);
  }
}

/**
 * The tree page that `bytes` (with its overflow) is, checked so far that no access to it can leave it.
 * Throws BoltError Corrupt when it is something else or claims another id than `id`.
 */
export function decodeTreePage(id: number, bytes: Uint8Array): LeafPage | BranchPage {
  const header = decodeHeader(bytes);
  if (header.id !== id) throw new BoltError('Corrupt', `page ${id} says it is page ${header.id}`);
  if (header.flags === LEAF_PAGE) return new LeafPage(bytes, header);
  if (header.flags === BRANCH_PAGE) return new BranchPage(bytes, header);
  throw new BoltError('Corrupt', `page ${id}: invalid type: ${kindOf(header.flags)}`);
}

// What a page is, by its flags, in bbolt's words.
function kindOf(flags: number): string {
  const names: Readonly<Record<number, string>> = { 1: 'branch', 2: 'leaf', 4: 'meta', 16: 'freelist' };
  return names[flags] ?? `unknown<${flags.toString(16).padStart(2, '0')}>`;
}
