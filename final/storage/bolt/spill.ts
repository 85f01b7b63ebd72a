// Second half of a commit: changed nodes become pages, children before parents, since a parent names the pages of its
// children. A node that outgrew a page is cut. Mirrors node.split and node.spill of bbolt.

import { assert } from '../../core/assert.ts';
import { MAX_COUNT, PAGE_HEADER_BYTES } from './format.ts';
import { BranchNode, type DirtyNode, nodeBytes } from './node.ts';
import type { Tree } from './tree.ts';

/** Where new pages come from and go to. */
export interface PageSink {
  readonly pageSize: number;
  /** Reserves `pages` adjacent pages; returns the first id. */
  allocate(pages: number): number;
  /** Takes a page that is complete, with its overflow. */
  add(id: number, bytes: Uint8Array): void;
}

// A page that was written, as its parent needs it.
interface Written {
  readonly key: Uint8Array;
  readonly id: number;
}

// A node of so few entries is not cut, however large it is; every part of a cut has at least two entries.
const UNCUT_COUNT = 4;
const MIN_PART_COUNT = 2;

/** Writes the changed nodes of `tree`, cutting pages when they are `fillPercent` full, and returns its root page. */
export function spill(tree: Tree, sink: PageSink, fillPercent: number): number {
  let root = tree.dirtyRoot;
  assert(root !== undefined, 'an unchanged tree is spilled');
  let parts = spillNode(root, sink, fillPercent);
  while (parts.length > 1) {
    root = new BranchNode();
    for (const { key, id } of parts) root.push(key, id);
    parts = writeNode(root, sink, fillPercent);
  }
  const { id } = parts[0] as Written;
  tree.setRoot(id);
  return id;
}

function spillNode(node: DirtyNode, sink: PageSink, fillPercent: number): Written[] {
  if (node.isLeaf || node.children.every((child) => child === undefined)) return writeNode(node, sink, fillPercent);
  const written = new BranchNode();
  node.children.forEach((child, i) => {
    if (child === undefined) {
      written.push(node.key(i), node.childId(i));
      return;
    }
    for (const { key, id } of spillNode(child, sink, fillPercent)) written.push(key, id);
  });
  return writeNode(written, sink, fillPercent);
}

function writeNode(node: DirtyNode, sink: PageSink, fillPercent: number): Written[] {
  const parts: Written[] = [];
  let from = 0;
  for (const to of cut(node, sink.pageSize, fillPercent)) {
    assert(to - from < MAX_COUNT, `a node of ${to - from} entries is written as one page`);
    let bytes = PAGE_HEADER_BYTES;
    for (let i = from; i < to; i++) bytes += node.entryBytes(i);
    const pages = Math.ceil(bytes / sink.pageSize);
    const id = sink.allocate(pages);
    const page = new Uint8Array(pages * sink.pageSize);
    node.write(page, { id, overflow: pages - 1, from, to });
    sink.add(id, page);
    // An empty leaf can only be a root, whose key nobody needs.
    parts.push({ key: to > from ? node.key(from) : page.subarray(0, 0), id });
    from = to;
  }
  return parts;
}

/**
 * Where to cut `node`: the ends of its parts, the last being its count. A part is closed before the entry that would
 * fill it beyond `fillPercent` of a page; what is left at the end stays together if it fits a page.
 */
export function cut(node: DirtyNode, pageSize: number, fillPercent: number): number[] {
  const { count } = node;
  const threshold = Math.floor(pageSize * fillPercent);
  const ends: number[] = [];
  let left = nodeBytes(node);
  for (let from = 0; ; ) {
    if (count - from <= UNCUT_COUNT || left < pageSize) break;
    let bytes = PAGE_HEADER_BYTES;
    let to = from;
    for (; to < count - MIN_PART_COUNT; to++) {
      const entry = node.entryBytes(to);
      if (to - from >= MIN_PART_COUNT && bytes + entry > threshold) break;
      bytes += entry;
    }
    ends.push(to);
    left -= bytes - PAGE_HEADER_BYTES;
    from = to;
  }
  ends.push(count);
  return ends;
}
