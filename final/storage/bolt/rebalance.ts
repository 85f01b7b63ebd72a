// First half of a commit: nodes that deletions have left too small are merged with a neighbour, empty ones vanish, and a
// root with a single child gives way to it. Mirrors node.rebalance of bbolt, with its thresholds.
//
// A merge may make a node too large; spill.ts cuts it again.

import { UNDERFULL_DIVISOR } from './format.ts';
import { BranchNode, type DirtyNode, LeafNode, nodeBytes } from './node.ts';
import type { Tree } from './tree.ts';

/** Rebalances the changed part of `tree`. */
export function rebalance(tree: Tree): void {
  let root = tree.dirtyRoot;
  if (root === undefined || root.isLeaf) return;
  rebalanceChildren(tree, root);
  while (!root.isLeaf && root.count === 1) {
    root = tree.writableChild(root, 0);
    tree.setRoot(root);
  }
  if (!root.isLeaf && root.count === 0) tree.setRoot(new LeafNode());
}

function rebalanceChildren(tree: Tree, branch: BranchNode): void {
  for (const child of branch.children) {
    if (child instanceof BranchNode) rebalanceChildren(tree, child);
  }
  for (let i = 0; i < branch.count; ) {
    const child = branch.children[i];
    if (child === undefined || !isUnderfull(child, tree.host.pager.pageSize)) {
      i++;
    } else if (child.count === 0) {
      branch.removeAt(i);
    } else if (branch.count === 1) {
      // Without a neighbour it is left to the parent, which is too small itself now.
      branch.hasDeletions = true;
      return;
    } else {
      // The first child takes in its right neighbour, any other is taken in by its left one; the result is looked at
      // again, and each turn makes the branch shorter.
      const left = Math.max(0, i - 1);
      mergeWithRight(tree, branch, left);
      i = left;
    }
  }
}

function mergeWithRight(tree: Tree, branch: BranchNode, i: number): void {
  const left = tree.writableChild(branch, i);
  const right = tree.writableChild(branch, i + 1);
  if (left instanceof LeafNode && right instanceof LeafNode) left.append(right);
  else (left as BranchNode).append(right as BranchNode);
  branch.removeAt(i + 1);
}

// Only a node with deletions can be: one that was written small is left alone.
function isUnderfull(node: DirtyNode, pageSize: number): boolean {
  if (!node.hasDeletions) return false;
  return node.count <= (node.isLeaf ? 1 : 2) || nodeBytes(node) <= pageSize / UNDERFULL_DIVISOR;
}
