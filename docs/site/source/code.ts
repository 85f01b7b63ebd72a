// The code of one element of the chain, as a reader looks at it: which symbol a line is in, where something is used, who
// calls whom. Names are resolved by the compiler, so two things of the same name are never mixed up.

import { type Node, type SourceFile, type Sources, SyntaxKind } from './program.ts';
import { type FileSymbol, LineIndex, ownerOf, symbolsOf } from './symbols.ts';

/** A place in the code. */
export interface Place {
  /** Relative to the root of the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The symbol that the line belongs to. */
  readonly symbol: string;
}

/** One mention of a declared thing, other than its declaration. */
export interface Use extends Place {
  readonly node: Node;
}

/** A symbol with its file. */
export interface Owned {
  readonly file: string;
  readonly symbol: FileSymbol;
}

/** `file#Symbol`: what a symbol is known by here. */
export function keyOf(place: { readonly file: string; readonly symbol: string }): string {
  return `${place.file}#${place.symbol}`;
}

interface FileCode {
  readonly tree: SourceFile;
  readonly symbols: readonly FileSymbol[];
  readonly lines: LineIndex;
}

export class TsCode {
  readonly sources: Sources;
  /** Relative to the root. */
  readonly folder: string;
  readonly #files = new Map<string, FileCode>();
  // By position of the declaration.
  readonly #uses = new Map<string, Use[]>();
  // The symbols that are declared at a position.
  readonly #declared = new Map<string, Owned>();

  /** Reads all files below `folder` and resolves every name in them. */
  constructor(sources: Sources, folder: string) {
    this.sources = sources;
    this.folder = folder;
    for (const file of sources.paths(folder)) this.#add(file);
    for (const [file, { symbols }] of this.#files) {
      for (const symbol of symbols) {
        if (symbol.node !== undefined) this.#declared.set(positionOf(file, symbol.node), { file, symbol });
      }
    }
    this.#resolveNames();
  }

  /** The files, sorted. */
  get files(): string[] {
    return [...this.#files.keys()];
  }

  /** The tree of a file of this code. Throws an Error for any other file. */
  tree(file: string): SourceFile {
    return this.#file(file).tree;
  }

  symbols(file: string): readonly FileSymbol[] {
    return this.#file(file).symbols;
  }

  /** The symbol `name` of a file, or undefined. */
  find(file: string, name: string): Owned | undefined {
    const symbol = this.#files.get(file)?.symbols.find((one) => one.name === name);
    return symbol === undefined ? undefined : { file, symbol };
  }

  /** Where a node stands. */
  placeOf(node: Node): Place {
    const file = this.sources.pathOf(node.getSourceFile().fileName);
    const { symbols, lines } = this.#file(file);
    const line = lines.of(node.getStart());
    return { file, line, symbol: ownerOf(symbols, line).name };
  }

  /** The line of the code where a symbol begins, behind its comment. */
  lineOf({ file, symbol }: Owned): number {
    return symbol.node === undefined ? symbol.first : this.#file(file).lines.of(symbol.node.getStart());
  }

  /** The text of one line, without the blanks at its ends. */
  lineText(file: string, line: number): string {
    return (this.#file(file).tree.text.split('\n')[line - 1] ?? '').trim();
  }

  /** All mentions of what a node declares, in the order of files and lines. */
  usesOf(declaration: Node): readonly Use[] {
    const file = this.sources.pathOf(declaration.getSourceFile().fileName);
    return this.#uses.get(positionOf(file, declaration)) ?? [];
  }

  /** The symbol that a declaration belongs to when it is one itself: a function, a member, a constant; not a local variable. */
  symbolAt(declaration: Node): Owned | undefined {
    const file = this.sources.pathOf(declaration.getSourceFile().fileName);
    const isVariable = declaration.kind === SyntaxKind.VariableDeclaration;
    return this.#declared.get(positionOf(file, isVariable ? declaration.parent.parent : declaration));
  }

  /** The first sentence of the comment above a symbol, or nothing. */
  summaryOf({ file, symbol }: Owned): string {
    const text = this.#file(file).tree.text.split('\n');
    const comment = text.slice(symbol.first - 1, this.lineOf({ file, symbol }) - 1).map((line) => line.trim());
    const words = comment
      .join(' ')
      .replaceAll(/\/\*\*|\*\/|\/\/|(^|\s)\*(?=\s)/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
    return /^.*?\.(?=\s|$)/.exec(words)?.[0] ?? words;
  }

  #file(file: string): FileCode {
    const code = this.#files.get(file);
    if (code === undefined) throw new Error(`${file} is not below ${this.folder}`);
    return code;
  }

  #add(file: string): void {
    const tree = this.sources.tree(file);
    if (tree !== undefined) this.#files.set(file, { tree, symbols: symbolsOf(tree), lines: new LineIndex(tree.text) });
  }

  #resolveNames(): void {
    const names = this.files.flatMap((file) => namesIn(this.tree(file)));
    const declarations = this.sources.declarations(names);
    names.forEach((node, i) => {
      for (const declaration of declarations[i] ?? []) {
        if (isNameOf(node, declaration)) continue;
        const file = this.sources.pathOf(declaration.getSourceFile().fileName);
        const key = positionOf(file, declaration);
        const uses = this.#uses.get(key) ?? [];
        uses.push({ ...this.placeOf(node), node });
        this.#uses.set(key, uses);
      }
    });
  }
}

/** All nodes below `root` for which `wanted` is true, in the order of the text. */
export function nodesIn(root: Node, wanted: (node: Node) => boolean): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (wanted(node)) found.push(node);
    node.forEachChild(visit);
  };
  visit(root);
  return found;
}

function namesIn(root: Node): Node[] {
  return nodesIn(root, ({ kind }) => kind === SyntaxKind.Identifier || kind === SyntaxKind.PrivateIdentifier);
}

function isNameOf(node: Node, declaration: Node): boolean {
  return (
    (declaration as Node & { readonly name?: Node }).name?.getStart() === node.getStart() && node.parent === declaration
  );
}

function positionOf(file: string, node: Node): string {
  return `${file}:${node.pos}:${node.end}`;
}
