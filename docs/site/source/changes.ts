// The difference of two neighbours, line by line, each line with the symbol that it belongs to. What a page places are sets
// of these lines; the lines of a file that are the same on both sides are context.

import { diffArrays } from 'diff';
import { type FileSymbol, HEADER, isWithin, ownerOf } from './symbols.ts';

/** One side of a comparison. */
export interface Version {
  readonly text: string;
  readonly symbols: readonly FileSymbol[];
}

/** One line of a comparison. Line numbers count from 1. */
export interface Row {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
  /** In the old file; absent for an added line. */
  readonly oldLine: number | undefined;
  /** In the new file; absent for a removed line. */
  readonly newLine: number | undefined;
  /** Name of the innermost symbol that the line belongs to, in the old file for a removed line, else in the new one. */
  readonly owner: string;
}

/** A file that differs between two neighbours. */
export interface FileChange {
  /** Relative to the step. */
  readonly path: string;
  readonly kind: 'new' | 'changed' | 'gone';
  /** All lines of both versions, in order; removed lines stand before the added ones that replace them. */
  readonly rows: readonly Row[];
}

/** Lines of a text, without the end behind the last one. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Compares two versions of a file; undefined when they are the same. One of them may be absent. */
export function compare(path: string, before: Version | undefined, after: Version | undefined): FileChange | undefined {
  if (before?.text === after?.text) return undefined;
  const rows: Row[] = [];
  let oldLine = 0;
  let newLine = 0;
  for (const part of diffArrays(linesOf(before?.text ?? ''), linesOf(after?.text ?? ''))) {
    for (const text of part.value) {
      if (!part.added) oldLine++;
      if (!part.removed) newLine++;
      const isRemoved = part.removed;
      const symbols = (isRemoved ? before : after)?.symbols ?? [];
      rows.push({
        kind: isRemoved ? 'removed' : part.added ? 'added' : 'same',
        text,
        oldLine: part.added ? undefined : oldLine,
        newLine: isRemoved ? undefined : newLine,
        owner: ownerOf(symbols, isRemoved ? oldLine : newLine).name,
      });
    }
  }
  return { path, kind: before === undefined ? 'new' : after === undefined ? 'gone' : 'changed', rows };
}

/** What a line of a `hunks` block asks for: changes of a file, of some of its symbols, or what no other line asks for. */
export interface Placement {
  readonly path: string;
  /** Empty: all of the file that no more exact placement has. */
  readonly symbols: readonly string[];
  /** Line in the page, from 1. */
  readonly line: number;
}

/** Which rows each placement has, and what is wrong with the placements. */
export interface Placed {
  readonly rows: ReadonlyMap<Placement, readonly Row[]>;
  readonly problems: readonly { line: number; text: string }[];
}

/**
 * Gives every changed line to the most exact placement that asks for it. It is a problem when a changed line is left, when two
 * placements ask for the same, and when one gets nothing.
 */
export function place(changes: readonly FileChange[], placements: readonly Placement[]): Placed {
  const rows = new Map<Placement, Row[]>(placements.map((one) => [one, []]));
  const problems: { line: number; text: string }[] = [];
  const unused = new Map<string, Placement>();
  for (const one of placements) {
    for (const name of one.symbols.length === 0 ? [''] : one.symbols) {
      const key = `${one.path}#${name}`;
      const other = unused.get(key);
      if (other !== undefined)
        problems.push({ line: one.line, text: `${key} is placed in line ${other.line} already` });
      else unused.set(key, one);
    }
  }
  for (const change of changes) {
    const candidates = placements.filter(({ path }) => path === change.path);
    const left = new Map<string, number>();
    for (const row of change.rows) {
      if (row.kind === 'same') continue;
      const best = mostExact(candidates, row.owner);
      if (best === undefined) {
        if (!left.has(row.owner)) left.set(row.owner, row.newLine ?? row.oldLine ?? 0);
        continue;
      }
      rows.get(best.placement)?.push(row);
      unused.delete(`${change.path}#${best.symbol}`);
    }
    for (const [owner, line] of left)
      problems.push({ line: 0, text: `not placed: ${change.path}#${owner} (line ${line})` });
  }
  for (const [key, { line }] of unused) problems.push({ line, text: `nothing to place for ${key.replace(/#$/, '')}` });
  return { rows, problems };
}

function mostExact(
  candidates: readonly Placement[],
  owner: string,
): { placement: Placement; symbol: string } | undefined {
  let best: { placement: Placement; symbol: string } | undefined;
  for (const placement of candidates) {
    for (const symbol of placement.symbols.length === 0 ? [''] : placement.symbols) {
      if (symbol !== '' && !isWithin(owner, symbol)) continue;
      if (best === undefined || symbol.length > best.symbol.length) best = { placement, symbol };
    }
  }
  return best;
}

/** The name of a symbol as a heading of its lines. */
export function titleOf(owner: string): string {
  return owner === HEADER ? 'top of the file' : owner;
}
