// The figures `broken-a` and so on: the one line by which a broken raft of the live cluster differs from the step's.

import { codeFigure, htmlLines, type ShownLine } from '../blocks/code_html.ts';
import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import { brokenFigure } from '../live_bundle.ts';
import type { FigureOptions } from './registry.ts';

const CONTEXT_LINES = 3;

/** Renders the line that the broken raft changes, with a few around it. Throws an Error when there is no such raft or line. */
export function broken(context: Context, _chapter: Chapter, { name, base }: FigureOptions): string {
  const { file, line, newLine } = brokenFigure(name.slice('broken-'.length));
  const lines = htmlLines(context, file);
  const same = (number: number): ShownLine => ({
    tag: 'span',
    html: lines[number - 1] ?? '',
    oldLine: number,
    newLine: number,
  });
  const before = [...Array(CONTEXT_LINES).keys()].map((i) => same(line - CONTEXT_LINES + i));
  const after = [...Array(CONTEXT_LINES).keys()]
    .map((i) => same(line + 1 + i))
    .filter(({ newLine: n }) => (n ?? 0) <= lines.length);
  const [html = ''] = context.colours.lines(newLine, 'typescript');
  context.shown.add(file);
  return codeFigure({
    kind: 'diff',
    file,
    label: file,
    line,
    note: '',
    shown: [
      ...before,
      { tag: 'del', html: lines[line - 1] ?? '', oldLine: line, newLine: undefined },
      { tag: 'ins', html, oldLine: undefined, newLine: line },
      ...after,
    ],
    base,
  });
}
