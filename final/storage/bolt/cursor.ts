// A place in the order of a bucket's keys. Mirrors bbolt's cursor.go.
//
// The bucket may be changed while a cursor stands in it: the cursor then finds its key again by itself, or, when that
// was deleted, goes on from where it had been.

import { assert, must } from '../../core/assert.ts';
import { type Branch, childIndex, type Leaf, lowerBound, type TreeNode } from './node.ts';
import { checkDepth, type Tree } from './tree.ts';

export class Cursor {
  readonly #tree: Tree;
  // The branches from the root down, and which child of each was taken.
  #path: { readonly branch: Branch; index: number }[] = [];
  // The leaf and the entry in it; undefined while the cursor stands nowhere.
  #leaf: Leaf | undefined;
  #index = 0;
  #version: number;
  // The key it stands at, kept only where it may have to be found again.
  #key: Uint8Array | undefined;

  /** Use Bucket.cursor. */
  constructor(tree: Tree) {
    this.#tree = tree;
    this.#version = tree.version;
  }

  /** The key it stands at. */
  get key(): Uint8Array {
    return this.#key ?? this.#current().key(this.#index);
  }

  /** The value it stands at; undefined for a bucket. */
  get value(): Uint8Array | undefined {
    const leaf = this.#current();
    return leaf.isBucket(this.#index) ? undefined : leaf.value(this.#index);
  }

  /** Whether it stands at a bucket. */
  get isBucket(): boolean {
    return this.#current().isBucket(this.#index);
  }

  /** Order of the key it stands at against `key`: negative, zero or positive. */
  compareKey(key: Uint8Array): number {
    return this.#current().compareKey(this.#index, key);
  }

  /** Goes to the first key. False, here and below, when there is none; the cursor stands nowhere then. */
  first(): boolean {
    this.#begin();
    this.#descend(this.#tree.root(), 'first');
    return this.#settleForward();
  }

  /** Goes to the last key. */
  last(): boolean {
    this.#begin();
    this.#descend(this.#tree.root(), 'last');
    return this.#settleBackward();
  }

  /** Goes to the first key that is not below `key`. */
  seek(key: Uint8Array): boolean {
    this.#begin();
    let node = this.#tree.root();
    while (!node.isLeaf) {
      const index = childIndex(node, key);
      this.#push(node, index);
      node = this.#tree.child(node, index);
    }
    this.#leaf = node;
    this.#index = lowerBound(node, key);
    return this.#settleForward();
  }

  /** Goes to the next key. A cursor that stands nowhere stays there. */
  next(): boolean {
    this.#tree.host.checkOpen();
    if (this.#leaf === undefined) return false;
    if (this.#version !== this.#tree.version) {
      const key = must(this.#key, 'key of the cursor');
      if (!this.seek(key) || this.compareKey(key) > 0) return this.#leaf !== undefined;
    }
    this.#index++;
    return this.#settleForward();
  }

  /** Goes to the previous key. A cursor that stands nowhere stays there. */
  prev(): boolean {
    this.#tree.host.checkOpen();
    if (this.#leaf === undefined) return false;
    if (this.#version !== this.#tree.version && !this.seek(must(this.#key, 'key of the cursor'))) return this.last();
    this.#index--;
    return this.#settleBackward();
  }

  #current(): Leaf {
    if (this.#leaf !== undefined && this.#version !== this.#tree.version) {
      const key = must(this.#key, 'key of the cursor');
      assert(this.seek(key) && this.#leaf.compareKey(this.#index, key) === 0, 'the key of a cursor was deleted');
    }
    return must(this.#leaf, 'entry of a cursor that stands nowhere');
  }

  #begin(): void {
    this.#tree.host.checkOpen();
    this.#version = this.#tree.version;
    this.#path = [];
    this.#key = undefined;
  }

  #push(branch: Branch, index: number): void {
    checkDepth(this.#path.length);
    this.#path.push({ branch, index });
  }

  // Goes down from `node` to the first or last leaf below it; the index is its first entry, or one behind its last.
  #descend(start: TreeNode, end: 'first' | 'last'): void {
    let node = start;
    while (!node.isLeaf) {
      const index = end === 'first' ? 0 : node.count - 1;
      this.#push(node, index);
      node = this.#tree.child(node, index);
    }
    this.#leaf = node;
    this.#index = end === 'first' ? 0 : node.count - 1;
  }

  // Goes on to the next leaf while the index is behind the end of this one: leaves may be empty.
  #settleForward(): boolean {
    while (this.#leaf !== undefined && this.#index >= this.#leaf.count) {
      let top = this.#path.at(-1);
      while (top !== undefined && top.index === top.branch.count - 1) {
        this.#path.pop();
        top = this.#path.at(-1);
      }
      if (top === undefined) return this.#stop();
      top.index++;
      this.#descend(this.#tree.child(top.branch, top.index), 'first');
    }
    return this.#arrive();
  }

  #settleBackward(): boolean {
    while (this.#leaf !== undefined && this.#index < 0) {
      let top = this.#path.at(-1);
      while (top !== undefined && top.index === 0) {
        this.#path.pop();
        top = this.#path.at(-1);
      }
      if (top === undefined) return this.#stop();
      top.index--;
      this.#descend(this.#tree.child(top.branch, top.index), 'last');
    }
    return this.#arrive();
  }

  #arrive(): boolean {
    this.#key = this.#tree.host.isWritable ? this.#leaf?.key(this.#index) : undefined;
    return true;
  }

  #stop(): boolean {
    this.#leaf = undefined;
    this.#key = undefined;
    return false;
  }
}
