// The symbols of a file and the lines that belong to each. Every line belongs to exactly one symbol: a comment or blank line
// to what stands below it. Names: `Class`, `Class.method`, `Class.#private`, `Interface.member`, `function`, `CONSTANT`; the
// comment and imports at the top are `header`.

import { type Node, type SourceFile, SyntaxKind } from './program.ts';

/** A symbol of a file. Lines count from 1. */
export interface FileSymbol {
  readonly name: string;
  readonly kind: 'header' | 'function' | 'class' | 'member' | 'type' | 'value';
  /** The first line that belongs to it; it may be blank. */
  readonly first: number;
  /** The line where its comment, or else it itself, begins. */
  readonly begin: number;
  readonly last: number;
  /** Absent for the header. */
  readonly node: Node | undefined;
}

export const HEADER = 'header';

/** The symbols of a file in order of their first line; members follow their class or interface. */
export function symbolsOf(tree: SourceFile): FileSymbol[] {
  const lines = new LineIndex(tree.text);
  const symbols: Range[] = [];
  let end = 0;
  let first = 1;
  for (const statement of tree.statements) {
    const isImport = statement.kind === SyntaxKind.ImportDeclaration;
    if (isImport) {
      end = lines.of(statement.getEnd());
      continue;
    }
    if (symbols.length === 0) {
      // The comment at the top belongs to the header even where there are no imports: it ends at the first blank line.
      const header = end > 0 ? end : commentEnd(tree.text);
      if (header > 0) symbols.push({ name: HEADER, kind: 'header', first: 1, last: header, node: undefined });
      first = header + 1;
    }
    const last = lines.of(statement.getEnd());
    for (const { name, kind } of namesOf(statement)) {
      symbols.push({ name, kind, first, last, node: statement });
      symbols.push(...membersOf(statement, name, lines));
    }
    first = last + 1;
  }
  if (symbols.length === 0)
    symbols.push({ name: HEADER, kind: 'header', first: 1, last: lines.count, node: undefined });
  const text = tree.text.split('\n');
  return symbols.map((symbol) => ({ ...symbol, begin: beginOf(symbol, text) }));
}

type Range = Omit<FileSymbol, 'begin'>;

function beginOf({ first, last }: Range, text: readonly string[]): number {
  let begin = first;
  while (begin < last && text[begin - 1]?.trim() === '') begin++;
  return begin;
}

/** The innermost symbol that a line belongs to. What stands behind the last symbol belongs to it. */
export function ownerOf(symbols: readonly FileSymbol[], line: number): FileSymbol {
  const found = symbols.filter(({ first, last }) => first <= line && line <= last).at(-1);
  const owner = found ?? symbols.at(-1);
  if (owner === undefined) throw new Error('a file without symbols');
  return owner;
}

/** Whether `name` is `owner` or a member of it. */
export function isWithin(name: string, owner: string): boolean {
  return name === owner || name.startsWith(`${owner}.`);
}

/** Line numbers of positions in a text. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
    if (this.#starts.at(-1) === text.length) this.#starts.pop();
  }

  get count(): number {
    return this.#starts.length;
  }

  /** The line, from 1, that the character at `position` is on. */
  of(position: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) <= position) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}

function commentEnd(text: string): number {
  const lines = text.split('\n');
  const blank = lines.findIndex((line) => !line.startsWith('//'));
  return lines[blank] === '' ? blank : 0;
}

const KINDS: Partial<Record<SyntaxKind, FileSymbol['kind']>> = {
  [SyntaxKind.FunctionDeclaration]: 'function',
  [SyntaxKind.ClassDeclaration]: 'class',
  [SyntaxKind.InterfaceDeclaration]: 'type',
  [SyntaxKind.TypeAliasDeclaration]: 'type',
};

interface Named extends Node {
  readonly name?: Node;
}

function namesOf(statement: Node): { name: string; kind: FileSymbol['kind'] }[] {
  if (statement.kind === SyntaxKind.VariableStatement) {
    const { declarations } = (statement as Node & { declarationList: { declarations: readonly Named[] } })
      .declarationList;
    return declarations.map((one) => ({ name: one.name?.getText() ?? '?', kind: 'value' }));
  }
  const kind = KINDS[statement.kind];
  const name = (statement as Named).name?.getText();
  if (kind !== undefined && name !== undefined) return [{ name, kind }];
  // A statement without a name, as a call at the end of a program, is named by its beginning.
  return [{ name: statement.getText().split(/\W/)[0] ?? 'statement', kind: 'value' }];
}

function membersOf(statement: Node, owner: string, lines: LineIndex): Range[] {
  const { members } = statement as Node & { members?: readonly Named[] };
  if (members === undefined) return [];
  const symbols: Range[] = [];
  // The head of the class, up to its brace, is its own.
  let first = lines.of((members[0]?.getFullStart() ?? statement.getEnd()) - 1) + 1;
  for (const member of members) {
    const last = lines.of(member.getEnd());
    const name = member.kind === SyntaxKind.Constructor ? 'constructor' : member.name?.getText();
    if (name !== undefined && first <= last) {
      symbols.push({ name: `${owner}.${name}`, kind: 'member', first, last, node: member });
    }
    first = last + 1;
  }
  return symbols;
}

/** Takes `path#Symbol` apart; the symbol may have a `#` of its own. */
export function splitName(name: string): { path: string; symbol: string } {
  const at = name.indexOf('#');
  return at < 0 ? { path: name, symbol: '' } : { path: name.slice(0, at), symbol: name.slice(at + 1) };
}
