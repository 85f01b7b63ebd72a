// Code as HTML: a figure with a caption that leads to the whole file, and lines that carry their numbers.

import type { Context } from '../context.ts';
import type { Row } from '../source/changes.ts';
import { escapeHtml, languageOf } from '../source/highlight.ts';

/** One line as it is shown. */
export interface ShownLine {
  readonly tag: 'ins' | 'del' | 'span';
  readonly html: string;
  readonly oldLine: number | undefined;
  readonly newLine: number | undefined;
}

/** What a figure of code shows, in order: lines, and folds in between. */
export type Shown = ShownLine | { readonly tag: 'fold'; readonly text: string; readonly lines: readonly ShownLine[] };

/** A figure. `base` is the way from the page to the site's folder, as `../`. */
export function codeFigure(options: {
  kind: 'diff' | 'excerpt';
  /** Path of the file whose whole source the caption leads to, relative to the root. */
  file: string;
  /** What the caption says, instead of the path. */
  label: string;
  /** Line to which the caption leads. */
  line: number;
  note: string;
  badge?: string | undefined;
  /** Nothing of the file was there before. */
  isNew?: boolean;
  shown: readonly Shown[];
  base: string;
}): string {
  const { kind, file, label, line, note, badge, isNew = false, shown, base } = options;
  const counts = kind === 'diff' ? ` <span class=count>${counted(shown)}</span>` : '';
  const tag = badge === undefined ? '' : ` <span class=badge>${escapeHtml(badge)}</span>`;
  return (
    `<figure class="code ${kind}${isNew ? ' new' : ''}" data-file="${escapeHtml(file)}">` +
    `<figcaption><a href="${base}${sourcePage(file)}#L${line}">${escapeHtml(label)}</a>${tag}` +
    ` <span class=note>${escapeHtml(note)}</span>${counts}</figcaption>` +
    `<pre tabindex=0 role=region aria-label="${escapeHtml(`${label} ${note}`.trim())}"><code>${shown.map(shownHtml).join('')}</code></pre></figure>\n`
  );
}

/** Where the site has the whole source of a file. */
export function sourcePage(file: string): string {
  return `source/${file}.html`;
}

/** The rows of a comparison as they are shown. */
export function shownRows(
  context: Context,
  rows: readonly Row[],
  files: { before: string; after: string },
): ShownLine[] {
  const before = htmlLines(context, files.before);
  const after = htmlLines(context, files.after);
  return rows.map(({ kind, oldLine, newLine }) => ({
    tag: kind === 'added' ? 'ins' : kind === 'removed' ? 'del' : 'span',
    html: (newLine === undefined ? before[(oldLine ?? 0) - 1] : after[newLine - 1]) ?? '',
    oldLine,
    newLine,
  }));
}

/** All lines of a file as HTML; none when there is no such file. */
export function htmlLines(context: Context, file: string): string[] {
  const found = context.file(file);
  return found === undefined ? [] : context.colours.lines(found.text, languageOf(file));
}

function shownHtml(one: Shown): string {
  if (one.tag !== 'fold') return lineHtml(one);
  if (one.lines.length === 0) return `<i class=fold>${escapeHtml(one.text)}</i>`;
  return `<details class=fold><summary>${escapeHtml(one.text)}</summary>${one.lines.map(lineHtml).join('')}</details>`;
}

function lineHtml({ tag, html, oldLine, newLine }: ShownLine): string {
  // In two columns a line that stayed has a number on each side.
  const before = oldLine === undefined ? '' : ` data-o=${oldLine}`;
  const after = newLine === undefined ? '' : ` data-n=${newLine}`;
  return `<${tag}${before}${after}>${html}</${tag}>`;
}

function counted(shown: readonly Shown[]): string {
  const added = shown.filter(({ tag }) => tag === 'ins').length;
  const removed = shown.filter(({ tag }) => tag === 'del').length;
  return [added > 0 ? `+${added}` : '', removed > 0 ? `−${removed}` : ''].filter((text) => text !== '').join(' ');
}
