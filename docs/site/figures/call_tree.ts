// The figure `call-tree`: who calls whom from `main` until the server serves, made from the sources. What a function only hands
// over to be called later is not in it.

import { sourcePage } from '../blocks/code_html.ts';
import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import type { CallGraph } from '../source/call_graph.ts';
import { escapeHtml } from '../source/highlight.ts';
import { noveltyOf } from './novelty.ts';
import type { FigureOptions } from './registry.ts';
import { splitName } from '../source/symbols.ts';

const ROOT = 'etcdmain/main.ts#main';
const DEPTH_MAX = 6;
// Helpers that are called from everywhere and tell nothing of the way.
const LEFT_OUT = /^(ports(_node)?|core\/keys)\.ts#|#CleanupStack\.push$|Error(\.constructor)?$/;

interface TreeNode {
  readonly name: string;
  readonly children: readonly TreeNode[];
  /** Whether its calls are shown elsewhere in the tree, nearer to the root. */
  readonly isRepeated: boolean;
}

/** Renders the tree as nested lists, open where there is something new. */
export function callTree(context: Context, chapter: Chapter, { base }: FigureOptions): string {
  const { link } = chapter;
  if (link === undefined) throw new Error('call-tree belongs on the page of a step');
  const tree = treeOf(context.callGraph(link.folder), link.folder);
  const render = (node: TreeNode): string => {
    const { path, symbol } = splitName(node.name);
    const file = `${link.folder}/${path}`;
    const line = context.file(file)?.symbols.find(({ name }) => name === symbol)?.begin ?? 1;
    const novelty = noveltyOf(context, chapter, node.name);
    const mark = novelty === 'same' ? '' : ` <span class="badge ${novelty}">${novelty}</span>`;
    const repeated = node.isRepeated ? ' <span class=note>see above</span>' : '';
    const label = `<a href="${base}${sourcePage(file)}#L${line}">${escapeHtml(symbol)}</a> <span class=note>${escapeHtml(path)}</span>${mark}${repeated}`;
    if (node.children.length === 0) return `<li>${label}</li>`;
    const open = hasNovelty(context, chapter, node) || chapter.before === undefined ? ' open' : '';
    const count = node.children.length === 1 ? '1 call' : `${node.children.length} calls`;
    const inner = node.children.map(render).join('');
    return `<li>${label}<details${open}><summary>${count}</summary><ul>${inner}</ul></details></li>`;
  };
  return `<ul class=tree>${render(tree)}</ul>`;
}

function treeOf(graph: CallGraph, folder: string): TreeNode {
  const depths = depthsOf(graph, folder);
  const expanded = new Set<string>();
  const grow = (name: string, depth: number): TreeNode => {
    const isFirst = !expanded.has(name) && depths.get(name) === depth;
    const calls = calledAtOnce(graph, folder, name);
    if (!isFirst || depth >= DEPTH_MAX)
      return { name, children: [], isRepeated: calls.length > 0 && depth < DEPTH_MAX };
    expanded.add(name);
    return { name, children: calls.map((to) => grow(to, depth + 1)), isRepeated: false };
  };
  return grow(ROOT, 0);
}

// A function is opened where it is nearest to the root.
function depthsOf(graph: CallGraph, folder: string): Map<string, number> {
  const depths = new Map<string, number>([[ROOT, 0]]);
  const queue: string[] = [ROOT];
  for (const name of queue) {
    for (const to of calledAtOnce(graph, folder, name)) {
      if (depths.has(to)) continue;
      depths.set(to, (depths.get(name) ?? 0) + 1);
      queue.push(to);
    }
  }
  return depths;
}

function calledAtOnce(graph: CallGraph, folder: string, name: string): string[] {
  return graph
    .calledAtOnce(`${folder}/${name}`)
    .map((key) => key.slice(folder.length + 1))
    .filter((to) => !LEFT_OUT.test(to));
}

function hasNovelty(context: Context, chapter: Chapter, node: TreeNode): boolean {
  return (
    noveltyOf(context, chapter, node.name) !== 'same' ||
    node.children.some((child) => hasNovelty(context, chapter, child))
  );
}
