// Branches and leaves that a write transaction has changed or made: arrays in memory until the commit writes them as
// pages. A leaf may hold any number of entries meanwhile; the commit cuts it (spill.ts).

import { assert, must } from '../../core/assert.ts';
import { compareBytes } from '../../core/keys.ts';
import {
  BRANCH_PAGE,
  BUCKET_ELEMENT,
  ELEMENT_BYTES,
  LEAF_PAGE,
  PAGE_HEADER_BYTES,
  viewOf,
  writeUint64,
} from './format.ts';
import { type BranchPage, encodeHeader, type LeafPage } from './page.ts';

/** A leaf, changed or as in the file. */
export type Leaf = LeafNode | LeafPage;
/** A branch, changed or as in the file. */
export type Branch = BranchNode | BranchPage;
export type TreeNode = Leaf | Branch;
export type DirtyNode = LeafNode | BranchNode;

/** Where a node is written: `overflow` pages behind page `id`; elements `from` to before `to`. */
export interface Placement {
  readonly id: number;
  readonly overflow: number;
  readonly from: number;
  readonly to: number;
}

// A position in an element is 32 bits wide.
const MAX_NODE_BYTES = 2 ** 32 - 1;

/** A leaf in memory. Entry `i` is keys[i], values[i]; the keys ascend. */
export class LeafNode {
  readonly isLeaf = true;
  readonly keys: Uint8Array[];
  readonly values: Uint8Array[];
  readonly buckets: boolean[];
  /** Whether an entry was removed, so that the commit has to look whether it became too small. */
  hasDeletions = false;

  constructor(page?: LeafPage) {
    const count = page?.count ?? 0;
    this.keys = [];
    this.values = [];
    this.buckets = [];
    for (let i = 0; i < count; i++) {
      this.keys.push((page as LeafPage).key(i));
      this.values.push((page as LeafPage).value(i));
      this.buckets.push((page as LeafPage).isBucket(i));
    }
  }

  get count(): number {
    return this.keys.length;
  }

  key(i: number): Uint8Array {
    return this.keys[i] as Uint8Array;
  }

  compareKey(i: number, key: Uint8Array): number {
    return compareBytes(this.keys[i] as Uint8Array, key);
  }

  value(i: number): Uint8Array {
    return this.values[i] as Uint8Array;
  }

  isBucket(i: number): boolean {
    return this.buckets[i] as boolean;
  }

  /** Whether any entry is a bucket. */
  hasBuckets(): boolean {
    return this.buckets.includes(true);
  }

  insertAt(i: number, key: Uint8Array, value: Uint8Array, isBucket: boolean): void {
    // A splice at the end costs several times a push, and most keys come in order.
    if (i === this.keys.length) {
      this.keys.push(key);
      this.values.push(value);
      this.buckets.push(isBucket);
      return;
    }
    this.keys.splice(i, 0, key);
    this.values.splice(i, 0, value);
    this.buckets.splice(i, 0, isBucket);
  }

  removeAt(i: number): void {
    this.keys.splice(i, 1);
    this.values.splice(i, 1);
    this.buckets.splice(i, 1);
    this.hasDeletions = true;
  }

  /** Adds the entries of the leaf right of this one. */
  append(right: LeafNode): void {
    for (let i = 0; i < right.count; i++) this.insertAt(this.count, right.key(i), right.value(i), right.isBucket(i));
    this.hasDeletions ||= right.hasDeletions;
  }

  /** Bytes of entry `i` on a page. */
  entryBytes(i: number): number {
    return ELEMENT_BYTES + (this.keys[i] as Uint8Array).length + (this.values[i] as Uint8Array).length;
  }

  /** Writes entries as a leaf page into the zeroed `page`. */
  write(page: Uint8Array, { id, overflow, from, to }: Placement): void {
    const view = viewOf(page);
    encodeHeader(view, { id, flags: LEAF_PAGE, count: to - from, overflow });
    let element = PAGE_HEADER_BYTES;
    let data = element + (to - from) * ELEMENT_BYTES;
    for (let i = from; i < to; i++) {
      const key = this.keys[i] as Uint8Array;
      const value = this.values[i] as Uint8Array;
      if (this.buckets[i]) view.setUint32(element, BUCKET_ELEMENT, true);
      view.setUint32(element + 4, data - element, true);
      view.setUint32(element + 8, key.length, true);
      view.setUint32(element + 12, value.length, true);
      page.set(key, data);
      page.set(value, data + key.length);
      data += key.length + value.length;
      element += ELEMENT_BYTES;
    }
    assert(data <= page.length, `leaf of ${data} bytes on a page of ${page.length}`);
  }
}

/** A branch in memory. Below keys[i] is children[i] if that was changed, else page ids[i]. */
export class BranchNode {
  readonly isLeaf = false;
  readonly keys: Uint8Array[];
  readonly ids: number[];
  readonly children: (DirtyNode | undefined)[];
  hasDeletions = false;

  constructor(page?: BranchPage) {
    const count = page?.count ?? 0;
    this.keys = [];
    this.ids = [];
    this.children = [];
    for (let i = 0; i < count; i++) this.push((page as BranchPage).key(i), (page as BranchPage).childId(i));
  }

  get count(): number {
    return this.keys.length;
  }

  key(i: number): Uint8Array {
    return this.keys[i] as Uint8Array;
  }

  compareKey(i: number, key: Uint8Array): number {
    return compareBytes(this.keys[i] as Uint8Array, key);
  }

  /** The page below element `i`; meaningless once the child was changed. */
  childId(i: number): number {
    return this.ids[i] as number;
  }

  /** Adds an unchanged child at the end. */
  push(key: Uint8Array, id: number): void {
    this.keys.push(key);
    this.ids.push(id);
    this.children.push(undefined);
  }

  removeAt(i: number): void {
    this.keys.splice(i, 1);
    this.ids.splice(i, 1);
    this.children.splice(i, 1);
    this.hasDeletions = true;
  }

  /** Adds the children of the branch right of this one. */
  append(right: BranchNode): void {
    for (let i = 0; i < right.count; i++) {
      this.push(right.key(i), right.childId(i));
      this.children[this.count - 1] = right.children[i];
    }
    this.hasDeletions ||= right.hasDeletions;
  }

  entryBytes(i: number): number {
    return ELEMENT_BYTES + (this.keys[i] as Uint8Array).length;
  }

  /** Writes entries as a branch page into the zeroed `page`; no child may be left unwritten. */
  write(page: Uint8Array, { id, overflow, from, to }: Placement): void {
    const view = viewOf(page);
    encodeHeader(view, { id, flags: BRANCH_PAGE, count: to - from, overflow });
    let element = PAGE_HEADER_BYTES;
    let data = element + (to - from) * ELEMENT_BYTES;
    for (let i = from; i < to; i++) {
      assert(this.children[i] === undefined, 'a branch is written before its children');
      const key = this.keys[i] as Uint8Array;
      view.setUint32(element, data - element, true);
      view.setUint32(element + 4, key.length, true);
      writeUint64(view, element + 8, must(this.ids[i], 'child page'));
      page.set(key, data);
      data += key.length;
      element += ELEMENT_BYTES;
    }
    assert(data <= page.length, `branch of ${data} bytes on a page of ${page.length}`);
  }
}

/** Bytes of the whole node as a page. */
export function nodeBytes(node: DirtyNode): number {
  let bytes = PAGE_HEADER_BYTES;
  for (let i = 0; i < node.count; i++) bytes += node.entryBytes(i);
  assert(bytes <= MAX_NODE_BYTES, `a node of ${bytes} bytes has no page form`);
  return bytes;
}

/** Index of the first key that is not below `key`; `count` when all are. */
export function lowerBound(node: TreeNode, key: Uint8Array): number {
  let low = 0;
  let high = node.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (node.compareKey(middle, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the child under which `key` belongs: the last whose key is not above it, or the first child. */
export function childIndex(branch: Branch, key: Uint8Array): number {
  let low = 1;
  let high = branch.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (branch.compareKey(middle, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
