// The block `hunks`: changes from the step before to this one, placed where the prose speaks of them.

import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import { type FileChange, place, type Placement, type Row, titleOf } from '../source/changes.ts';
import { codeFigure, type Shown, type ShownLine, shownRows } from './code_html.ts';

// Unchanged lines shown around a change.
const CONTEXT_LINES = 3;

/** A line of a block: `path` or `path#Symbol,Symbol`. Throws an Error for another form. */
export function parsePlacement(text: string, line: number): Placement {
  const match = /^([\w./-]+)(?:#([\w$#.,]+))?$/.exec(text.trim());
  if (match === null) throw new Error(`not a path with symbols: ${text}`);
  return { path: match[1] ?? '', symbols: match[2] === undefined ? [] : match[2].split(','), line };
}

/** Renders what each placement of a page has. Reports what is left, what is asked for twice, and what is not there. */
export function renderPlacements(
  context: Context,
  chapter: Chapter,
  placements: readonly Placement[],
  base: string,
): Map<Placement, string> {
  const changes = context.changes(chapter);
  const { rows, problems } = place(changes, placements);
  for (const { line, text } of problems) context.report(chapter.source, line, text);
  const rendered = new Map<Placement, string>();
  for (const [placement, placed] of rows) {
    const change = changes.find(({ path }) => path === placement.path);
    const isShown = change !== undefined && placed.length > 0;
    rendered.set(placement, isShown ? renderPlaced(context, chapter, change, placed, base) : '');
  }
  return rendered;
}

function renderPlaced(
  context: Context,
  chapter: Chapter,
  change: FileChange,
  placed: readonly Row[],
  base: string,
): string {
  const after = `${chapter.link?.folder ?? ''}/${change.path}`;
  const before = `${chapter.before?.folder ?? ''}/${change.path}`;
  const file = change.kind === 'gone' ? before : after;
  const owners = [...new Set(placed.map(({ owner }) => owner))];
  const isWhole = placed.length === change.rows.filter(({ kind }) => kind !== 'same').length;
  const note = change.kind !== 'changed' && isWhole ? '' : shortened(owners.map(titleOf));
  const [first] = placed;
  return codeFigure({
    kind: 'diff',
    file,
    label: change.path,
    line: first?.newLine ?? first?.oldLine ?? 1,
    note,
    badge: change.kind === 'changed' || chapter.before === undefined ? undefined : change.kind,
    isNew: change.kind === 'new',
    shown: folded(context, change, placed, { before, after }),
    base,
  });
}

// Three names say where one is; a row of ten says nothing.
function shortened(names: readonly string[]): string {
  const limit = 3;
  return names.length <= limit
    ? names.join(', ')
    : `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`;
}

/** The placed rows with a few lines around them; the rest is folded. */
function folded(
  context: Context,
  change: FileChange,
  placed: readonly Row[],
  files: { before: string; after: string },
): Shown[] {
  const wanted = new Set(placed);
  const lines = shownRows(context, change.rows, files);
  const visible = visibleRows(change.rows, wanted);
  const touched = new Set(placed.map(({ owner }) => owner));
  const shown: Shown[] = [];
  let hidden: number[] = [];
  const flush = (): void => {
    if (hidden.length > 0) shown.push(fold(change.rows, lines, hidden, touched));
    hidden = [];
  };
  for (const [i, line] of lines.entries()) {
    if (visible[i] === true) {
      flush();
      shown.push(line);
    } else hidden.push(i);
  }
  // What follows the last change and is no part of a touched symbol does not need a fold.
  const isOpen = hidden.some((i) => touched.has(change.rows[i]?.owner ?? ''));
  if (isOpen) flush();
  const [head] = shown;
  const isFirstFoldEmpty = head?.tag === 'fold' && head.lines.length === 0;
  return isFirstFoldEmpty ? shown.slice(1) : shown;
}

function visibleRows(rows: readonly Row[], wanted: ReadonlySet<Row>): boolean[] {
  const visible = rows.map((row) => wanted.has(row));
  for (const [i, row] of rows.entries()) {
    if (!wanted.has(row)) continue;
    for (const step of [-1, 1]) {
      for (let k = 1; k <= CONTEXT_LINES && rows[i + step * k]?.kind === 'same'; k++) visible[i + step * k] = true;
    }
  }
  return visible;
}

function fold(
  rows: readonly Row[],
  lines: readonly ShownLine[],
  hidden: readonly number[],
  touched: ReadonlySet<string>,
): Shown {
  const isElsewhere = hidden.some((i) => rows[i]?.kind !== 'same');
  const count = hidden.length === 1 ? '1 line' : `${hidden.length} lines`;
  // An unchanged rest of a touched function can be opened; what has changes is shown where they are placed.
  const isInside = !isElsewhere && hidden.every((i) => touched.has(rows[i]?.owner ?? ''));
  if (isInside) return { tag: 'fold', text: `⋯ ${count} as before`, lines: hidden.map((i) => lines[i] as ShownLine) };
  return {
    tag: 'fold',
    text: isElsewhere ? `⋯ ${count}, with changes placed elsewhere` : `⋯ ${count} as before`,
    lines: [],
  };
}
