// Who calls whom in one step, as the compiler understands it. A call of an interface's method counts as one of every class that
// implements the interface.

import { type Node, type Sources, SyntaxKind } from './program.ts';
import { type FileSymbol, LineIndex, ownerOf, symbolsOf } from './symbols.ts';

/** A function or method: `server/server.ts#EtcdServer.put`, the path relative to the folder. */
export type FunctionName = string;

export interface Call {
  readonly to: FunctionName;
  /** Whether it stands in a function within the function, and so happens later, if at all. */
  readonly isLater: boolean;
}

interface Named extends Node {
  readonly name?: Node;
  readonly expression?: Node;
}

export class CallGraph {
  /** The calls of each function, in the order of the source, each target once. */
  readonly calls: ReadonlyMap<FunctionName, readonly Call[]>;

  private constructor(calls: ReadonlyMap<FunctionName, readonly Call[]>) {
    this.calls = calls;
  }

  /** The graph of the sources below `folder`. */
  static of(sources: Sources, folder: string): CallGraph {
    return new CallGraph(new Builder(sources, folder).build());
  }

  /** Whether `to` is called by `from`, directly or through at most `hops - 1` others. */
  reaches(from: FunctionName, to: FunctionName, hops: number): boolean {
    if (hops === 0) return false;
    const calls = this.calls.get(from) ?? [];
    return calls.some((call) => call.to === to || this.reaches(call.to, to, hops - 1));
  }

  /** Who calls `to`. */
  callers(to: FunctionName): FunctionName[] {
    return [...this.calls].filter(([, calls]) => calls.some((call) => call.to === to)).map(([from]) => from);
  }
}

interface File {
  readonly symbols: readonly FileSymbol[];
  readonly lines: LineIndex;
}

interface Site {
  readonly from: FunctionName;
  readonly callee: Node;
  readonly isNew: boolean;
  readonly isLater: boolean;
}

class Builder {
  readonly #sources: Sources;
  readonly #folder: string;
  readonly #files = new Map<string, File>();
  readonly #sites: Site[] = [];
  // By interface method: the methods of the classes that implement it.
  readonly #implementations = new Map<FunctionName, FunctionName[]>();

  constructor(sources: Sources, folder: string) {
    this.#sources = sources;
    this.#folder = folder;
  }

  build(): Map<FunctionName, Call[]> {
    for (const path of this.#sources.paths(this.#folder)) this.#readFile(path);
    const targets = this.#sources.declarations(this.#sites.map(({ callee }) => callee));
    const calls = new Map<FunctionName, Call[]>();
    for (const [i, { from, isNew, isLater }] of this.#sites.entries()) {
      const list = calls.get(from) ?? [];
      calls.set(from, list);
      for (const declaration of targets[i] ?? []) {
        const name = this.#functionAt(declaration, isNew);
        for (const to of name === undefined ? [] : (this.#implementations.get(name) ?? [name])) {
          const known = list.findIndex((call) => call.to === to);
          // Called both at once and later: at once counts.
          if (known < 0) list.push({ to, isLater });
          else if (list[known]?.isLater === true && !isLater) list[known] = { to, isLater };
        }
      }
    }
    return calls;
  }

  #readFile(path: string): void {
    const tree = this.#sources.tree(path);
    if (tree === undefined) return;
    const symbols = symbolsOf(tree);
    this.#files.set(path, { symbols, lines: new LineIndex(tree.text) });
    for (const { name, kind, node } of symbols) {
      if (node === undefined) continue;
      if (kind === 'class') this.#readClass(path, name, node);
      else if (kind !== 'type') this.#collect(node, this.#shortened(path, bodyOwner(name, kind, node, symbols)));
    }
  }

  #readClass(path: string, name: string, node: Node): void {
    const { heritageClauses } = node as Node & { heritageClauses?: readonly { types: readonly Named[] }[] };
    const interfaces = (heritageClauses ?? []).flatMap(({ types }) => types.map((type) => type.expression));
    const found = this.#sources.declarations(interfaces.filter((one) => one !== undefined));
    for (const declaration of found.flat()) {
      const file = this.#sources.pathOf(declaration.getSourceFile().fileName);
      const owner = (declaration as Named).name?.getText() ?? '';
      for (const member of (declaration as Node & { members?: readonly Named[] }).members ?? []) {
        const method = member.name?.getText() ?? '';
        const key = this.#shortened(file, `${owner}.${method}`);
        const list = this.#implementations.get(key) ?? [];
        list.push(this.#shortened(path, `${name}.${method}`));
        this.#implementations.set(key, list);
      }
    }
  }

  #collect(node: Node, from: FunctionName): void {
    const visit = (child: Node, isInner: boolean): void => {
      const isNew = child.kind === SyntaxKind.NewExpression;
      if (isNew || child.kind === SyntaxKind.CallExpression) {
        const target = (child as Named).expression as Named;
        this.#sites.push({ from, callee: target.name ?? target, isNew, isLater: isInner });
      } else if (child.kind === SyntaxKind.PropertyAccessExpression && isRead(child)) {
        // A getter is called without parentheses; what is no function is dropped when it is resolved.
        this.#sites.push({ from, callee: (child as Named).name ?? child, isNew: false, isLater: isInner });
      }
      const isClosure = CLOSURES.has(child.kind);
      child.forEachChild((next) => visit(next, isInner || isClosure));
    };
    node.forEachChild((child) => visit(child, false));
  }

  /** The function that a declaration is, if it is one of the step. */
  #functionAt(declaration: Node, isNew: boolean): FunctionName | undefined {
    const path = this.#sources.pathOf(declaration.getSourceFile().fileName);
    const file = this.#files.get(path);
    if (file === undefined || !(CALLED.has(declaration.kind) || FUNCTION_MEMBERS.has(declaration.kind)))
      return undefined;
    const { name, kind, node } = ownerOf(file.symbols, file.lines.of(declaration.getStart()));
    if (isNew && kind === 'class') {
      const isThere = file.symbols.some((symbol) => symbol.name === `${name}.constructor`);
      return this.#shortened(path, isThere ? `${name}.constructor` : name);
    }
    const isFunction = kind === 'function' || (node !== undefined && FUNCTION_MEMBERS.has(node.kind));
    return isFunction ? this.#shortened(path, name) : undefined;
  }

  #shortened(path: string, symbol: string): FunctionName {
    const inside = path.startsWith(`${this.#folder}/`) ? path.slice(this.#folder.length + 1) : path;
    return `${inside}#${symbol}`;
  }
}

const FUNCTION_MEMBERS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
  SyntaxKind.Constructor,
]);

const CALLED: ReadonlySet<SyntaxKind> = new Set([SyntaxKind.FunctionDeclaration, SyntaxKind.ClassDeclaration]);

// A method within a function is one of an object that it makes.
const CLOSURES: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.ArrowFunction,
  SyntaxKind.FunctionExpression,
  SyntaxKind.MethodDeclaration,
]);

// What a field is set to happens in the constructor.
function bodyOwner(name: string, kind: FileSymbol['kind'], node: Node, symbols: readonly FileSymbol[]): string {
  if (kind !== 'member' || FUNCTION_MEMBERS.has(node.kind)) return name;
  const owner = name.slice(0, name.indexOf('.'));
  return symbols.some((symbol) => symbol.name === `${owner}.constructor`) ? `${owner}.constructor` : owner;
}

function isRead(node: Node): boolean {
  const { parent } = node;
  const isCallee = parent.kind === SyntaxKind.CallExpression && (parent as Named).expression === node;
  return !isCallee && parent.kind !== SyntaxKind.NewExpression;
}
