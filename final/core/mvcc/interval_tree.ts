// Which of many ranges of keys hold a key: a search tree over the ranges, balanced as an AVL tree, in which every node
// knows the highest end below it. It stands where etcd has its adt/interval_tree.go.
//
// A whole subtree is passed by when no end in it is above the key. A subtree that is not, and whose ranges all begin at or
// before the key, holds a range with the key in it: so a search visits O(log n) nodes, and O(log n) more for each hit.

import type { Key } from '../keys.ts';

/** The end of a range that has none: above every key, whose characters go up to U+00FF. */
export const END_OF_KEYS = '\u0100';

interface Node<T> {
  /** The half-open range [start, end). */
  readonly start: Key;
  readonly end: Key;
  value: T;
  left: Node<T> | undefined;
  right: Node<T> | undefined;
  /** Nodes on the longest way down from here, this one included. */
  height: number;
  /** The highest end in this subtree. */
  maxEnd: Key;
}

export class IntervalTree<T> {
  #root: Node<T> | undefined;
  #size = 0;

  /** Number of ranges. */
  get size(): number {
    return this.#size;
  }

  /** The value of the range [start, end), or undefined when the range is not there. */
  get(start: Key, end: Key): T | undefined {
    let node = this.#root;
    while (node !== undefined) {
      const order = compare(start, end, node);
      if (order === 0) return node.value;
      node = order < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** Gives the range [start, end), which must not be empty, a value. A value it has is replaced. */
  set(start: Key, end: Key, value: T): void {
    this.#root = this.#insert(this.#root, { start, end, value });
  }

  /** Removes the range [start, end) if it is there. */
  delete(start: Key, end: Key): void {
    this.#root = this.#remove(this.#root, start, end);
  }

  /** Visits the value of every range that `key` lies in, ordered by start, then by end. The tree must not change meanwhile. */
  stab(key: Key, visit: (value: T) => void): void {
    stab(this.#root, key, visit);
  }

  #insert(node: Node<T> | undefined, entry: Pick<Node<T>, 'start' | 'end' | 'value'>): Node<T> {
    if (node === undefined) {
      this.#size++;
      return { ...entry, left: undefined, right: undefined, height: 1, maxEnd: entry.end };
    }
    const order = compare(entry.start, entry.end, node);
    if (order < 0) node.left = this.#insert(node.left, entry);
    else if (order > 0) node.right = this.#insert(node.right, entry);
    else node.value = entry.value;
    return balance(node);
  }

  #remove(node: Node<T> | undefined, start: Key, end: Key): Node<T> | undefined {
    if (node === undefined) return undefined;
    const order = compare(start, end, node);
    if (order < 0) node.left = this.#remove(node.left, start, end);
    else if (order > 0) node.right = this.#remove(node.right, start, end);
    else {
      this.#size--;
      return joined(node.left, node.right);
    }
    return balance(node);
  }
}

function compare<T>(start: Key, end: Key, node: Node<T>): number {
  if (start !== node.start) return start < node.start ? -1 : 1;
  return end === node.end ? 0 : end < node.end ? -1 : 1;
}

function stab<T>(node: Node<T> | undefined, key: Key, visit: (value: T) => void): void {
  if (node === undefined || node.maxEnd <= key) return;
  stab(node.left, key, visit);
  if (node.start > key) return;
  if (node.end > key) visit(node.value);
  stab(node.right, key, visit);
}

// One tree of two, all of `left` being before all of `right`: the first node of `right` becomes the root.
function joined<T>(left: Node<T> | undefined, right: Node<T> | undefined): Node<T> | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const { first, rest } = withoutFirst(right);
  first.left = left;
  first.right = rest;
  return balance(first);
}

function withoutFirst<T>(node: Node<T>): { readonly first: Node<T>; readonly rest: Node<T> | undefined } {
  if (node.left === undefined) return { first: node, rest: node.right };
  const { first, rest } = withoutFirst(node.left);
  node.left = rest;
  return { first, rest: balance(node) };
}

// Sets height and maxEnd of a node whose children are right, and rotates when one side has become two higher. Returns the root.
function balance<T>(node: Node<T>): Node<T> {
  const lean = heightOf(node.left) - heightOf(node.right);
  if (lean > 1) {
    const left = node.left as Node<T>;
    if (heightOf(left.left) < heightOf(left.right)) node.left = rotateLeft(left);
    return rotateRight(node);
  }
  if (lean < -1) {
    const right = node.right as Node<T>;
    if (heightOf(right.right) < heightOf(right.left)) node.right = rotateRight(right);
    return rotateLeft(node);
  }
  update(node);
  return node;
}

function rotateRight<T>(node: Node<T>): Node<T> {
  const root = node.left as Node<T>;
  node.left = root.right;
  root.right = node;
  update(node);
  update(root);
  return root;
}

function rotateLeft<T>(node: Node<T>): Node<T> {
  const root = node.right as Node<T>;
  node.right = root.left;
  root.left = node;
  update(node);
  update(root);
  return root;
}

function heightOf(node: Node<unknown> | undefined): number {
  return node === undefined ? 0 : node.height;
}

function update<T>(node: Node<T>): void {
  const { left, right } = node;
  node.height = Math.max(heightOf(left), heightOf(right)) + 1;
  let end = node.end;
  if (left !== undefined && left.maxEnd > end) end = left.maxEnd;
  if (right !== undefined && right.maxEnd > end) end = right.maxEnd;
  node.maxEnd = end;
}
