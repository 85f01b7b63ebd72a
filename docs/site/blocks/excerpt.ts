// The block `code`: excerpts of sources, by symbol.

import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import { linesOf } from '../source/changes.ts';
import type { FileSymbol } from '../source/symbols.ts';
import { codeFigure, htmlLines, type ShownLine } from './code_html.ts';

// What a page may show of one file in one piece.
const EXCERPT_LINES_MAX = 120;

/** Finds a symbol of a file. Throws an Error that says what there is. */
export function findSymbol(context: Context, file: string, symbol: string): FileSymbol {
  const found = context.file(file);
  if (found === undefined) throw new Error(`no file ${file}`);
  const match = found.symbols.find(({ name }) => name === symbol);
  if (match !== undefined) return match;
  const last = symbol.split('.').at(-1)?.replace('#', '').toLowerCase() ?? '';
  const near = found.symbols.map(({ name }) => name).filter((name) => name.toLowerCase().includes(last));
  throw new Error(`no symbol ${symbol} in ${file}${near.length > 0 ? `; there is ${near.join(', ')}` : ''}`);
}

/** A path as a page writes it: relative to its step, or to the root. */
export function resolvePath(context: Context, { link }: Chapter, path: string): string {
  const own = link === undefined ? undefined : `${link.folder}/${path}`;
  return own !== undefined && context.file(own) !== undefined ? own : path;
}

/** Renders one line of a block: `path` for a whole file, `path#Symbol` for one symbol. Throws an Error when it is not there. */
export function renderExcerpt(context: Context, chapter: Chapter, text: string, base: string): string {
  const at = text.indexOf('#');
  const file = resolvePath(context, chapter, at < 0 ? text : text.slice(0, at));
  const found = context.file(file);
  if (found === undefined) throw new Error(`no file ${file}`);
  const symbol = at < 0 ? undefined : findSymbol(context, file, text.slice(at + 1));
  const first = symbol?.begin ?? 1;
  const last = symbol?.last ?? linesOf(found.text).length;
  if (last - first >= EXCERPT_LINES_MAX)
    throw new Error(`${text} has ${last - first + 1} lines: at most ${EXCERPT_LINES_MAX}`);
  context.shown.add(file);
  const lines = htmlLines(context, file)
    .slice(first - 1, last)
    .map((html, i): ShownLine => ({ tag: 'span', html, oldLine: undefined, newLine: first + i }));
  return codeFigure({ kind: 'excerpt', file, label: file, line: first, note: symbol?.name ?? '', shown: lines, base });
}
