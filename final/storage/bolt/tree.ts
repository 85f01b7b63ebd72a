// The tree of one bucket as one transaction sees it: pages of the file, and in a write transaction nodes in memory in
// place of the pages it has changed, always the whole path from the root down to the change. Mirrors the node handling of
// bbolt's bucket.go and node.go.
//
// Invariant: a page is given up exactly when a node takes its place or its bucket is deleted; so a page that is neither
// given up nor free is referenced once.

import { compareBytes } from '../../core/keys.ts';
import { BoltError } from './errors.ts';
import { MAX_TREE_DEPTH } from './format.ts';
import {
  type Branch,
  BranchNode,
  childIndex,
  type DirtyNode,
  type Leaf,
  LeafNode,
  lowerBound,
  type TreeNode,
} from './node.ts';
import type { LeafPage } from './page.ts';
import type { Pager, TreePage } from './pager.ts';

/** What a tree needs from its transaction. */
export interface TreeHost {
  readonly pager: Pager;
  /** Records that the new state does not use `page` any more. */
  giveUp(page: TreePage): void;
  /** Whether the trees may be changed. */
  readonly isWritable: boolean;
  /** Throws BoltError TxClosed when the transaction is over. */
  checkOpen(): void;
}

/** Where a tree begins: a page, or the leaf inside the value of an inline bucket. */
export type TreeRoot = number | LeafPage;

// The leaf of the last change, and the keys that belong to it: low and above, below high. Separators do not move
// before the commit, so it stays right; keys that come in order find their leaf without a descent.
interface Finger {
  readonly leaf: LeafNode;
  readonly low: Uint8Array | undefined;
  readonly high: Uint8Array | undefined;
}

export class Tree {
  readonly host: TreeHost;
  /** Counts changes: a cursor that finds another number looks for its place again. */
  version = 0;
  #root: TreeRoot | DirtyNode;
  #finger: Finger | undefined;

  constructor(host: TreeHost, root: TreeRoot) {
    this.host = host;
    this.#root = root;
  }

  /** The page of the root, or undefined while it is inline or changed. */
  get rootId(): number | undefined {
    return typeof this.#root === 'number' ? this.#root : undefined;
  }

  /** The root if it was changed. */
  get dirtyRoot(): DirtyNode | undefined {
    return this.#root instanceof LeafNode || this.#root instanceof BranchNode ? this.#root : undefined;
  }

  /** Puts `node` in the place of the root, or says that the root is page `node` now. */
  setRoot(node: DirtyNode | number): void {
    this.#root = node;
    this.#finger = undefined;
  }

  root(): TreeNode {
    return typeof this.#root === 'number' ? this.host.pager.node(this.#root) : this.#root;
  }

  child(branch: Branch, i: number): TreeNode {
    const changed = branch instanceof BranchNode ? branch.children[i] : undefined;
    return changed ?? this.host.pager.node(branch.childId(i));
  }

  /** The leaf under which `key` belongs. */
  leafOf(key: Uint8Array): Leaf {
    let node = this.root();
    for (let depth = 0; !node.isLeaf; depth++) {
      checkDepth(depth);
      node = this.child(node, childIndex(node, key));
    }
    return node;
  }

  /** Index of `key` in `leaf`, the leaf it belongs to; -1 when it is not there. */
  find(key: Uint8Array, leaf: Leaf): number {
    const index = lowerBound(leaf, key);
    return index < leaf.count && leaf.compareKey(index, key) === 0 ? index : -1;
  }

  /**
   * Sets `key`; both arrays are kept as they are until the commit.
   * Throws BoltError IncompatibleValue when `key` is a bucket and `isBucket` is false, or the other way round.
   */
  put(key: Uint8Array, value: Uint8Array, isBucket: boolean): void {
    const leaf = this.#writableLeaf(key);
    const last = leaf.count - 1;
    const index = last >= 0 && leaf.compareKey(last, key) < 0 ? leaf.count : lowerBound(leaf, key);
    if (index < leaf.count && leaf.compareKey(index, key) === 0) {
      if (leaf.isBucket(index) !== isBucket) throw new BoltError('IncompatibleValue');
      leaf.values[index] = value;
    } else {
      leaf.insertAt(index, key, value, isBucket);
    }
    this.version++;
  }

  /** Removes the entry of `key`, which must be there. */
  remove(key: Uint8Array): void {
    const leaf = this.#writableLeaf(key);
    leaf.removeAt(lowerBound(leaf, key));
    this.version++;
  }

  /** The root as a node that may be changed. */
  writableRoot(): DirtyNode {
    const dirty = this.dirtyRoot;
    if (dirty !== undefined) return dirty;
    // The page of an inline root is part of its parent's value: there is nothing to give up.
    const page = typeof this.#root === 'number' ? this.host.pager.node(this.#root) : (this.#root as LeafPage);
    if (typeof this.#root === 'number') this.host.giveUp(page);
    const node = toNode(page);
    this.setRoot(node);
    return node;
  }

  /** Child `i` of `branch` as a node that may be changed. */
  writableChild(branch: BranchNode, i: number): DirtyNode {
    const changed = branch.children[i];
    if (changed !== undefined) return changed;
    const page = this.host.pager.node(branch.childId(i));
    const node = toNode(page);
    this.host.giveUp(page);
    branch.children[i] = node;
    return node;
  }

  /** Gives up every page of the tree, and calls `onBucket` with the name of each bucket in it. */
  giveUpAll(onBucket: (name: Uint8Array) => void): void {
    if (typeof this.#root === 'number') this.#giveUpPage(this.#root, onBucket, 0);
    else this.#giveUpBelow(this.#root, onBucket, 0);
  }

  #giveUpPage(id: number, onBucket: (name: Uint8Array) => void, depth: number): void {
    const page = this.host.pager.readNode(id);
    this.host.giveUp(page);
    this.#giveUpBelow(page, onBucket, depth);
  }

  #giveUpBelow(node: TreeNode, onBucket: (name: Uint8Array) => void, depth: number): void {
    checkDepth(depth);
    for (let i = 0; i < node.count; i++) {
      if (node.isLeaf) {
        if (node.isBucket(i)) onBucket(node.key(i));
        continue;
      }
      const changed = node instanceof BranchNode ? node.children[i] : undefined;
      if (changed === undefined) this.#giveUpPage(node.childId(i), onBucket, depth + 1);
      else this.#giveUpBelow(changed, onBucket, depth + 1);
    }
  }

  #writableLeaf(key: Uint8Array): LeafNode {
    if (this.#finger !== undefined && belongsTo(this.#finger, key)) return this.#finger.leaf;
    let node = this.writableRoot();
    let low: Uint8Array | undefined;
    let high: Uint8Array | undefined;
    for (let depth = 0; !node.isLeaf; depth++) {
      checkDepth(depth);
      const i = childIndex(node, key);
      if (i > 0) low = node.key(i);
      if (i + 1 < node.count) high = node.key(i + 1);
      node = this.writableChild(node, i);
    }
    this.#finger = { leaf: node, low, high };
    return node;
  }
}

/** Throws BoltError Corrupt when a descent has gone deeper than any tree is. */
export function checkDepth(depth: number): void {
  if (depth > MAX_TREE_DEPTH) throw new BoltError('Corrupt', `a tree is deeper than ${MAX_TREE_DEPTH} pages`);
}

function toNode(page: TreePage): DirtyNode {
  return page.isLeaf ? new LeafNode(page) : new BranchNode(page);
}

function belongsTo({ low, high }: Finger, key: Uint8Array): boolean {
  return (low === undefined || compareBytes(key, low) >= 0) && (high === undefined || compareBytes(key, high) < 0);
}
