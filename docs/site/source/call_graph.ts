// Who calls whom in the code of one element of the chain. An edge is exact where a name is written; a call through an
// interface leads to every class that says it implements it, and a mention that is no call (a function that is handed on)
// counts as well, since somebody will call it.

import { type Node, SyntaxKind } from './program.ts';
import { keyOf, nodesIn, type Owned, type TsCode, type Use } from './code.ts';

/** A mention of one symbol in the body of another. */
export interface Call {
  readonly from: string;
  readonly to: string;
  readonly use: Use;
  /** Whether it is written as a call or `new`. */
  readonly isCall: boolean;
  /** Whether it stands in a function within the function, and so happens later, if at all. */
  readonly isLater: boolean;
}

export class CallGraph {
  readonly #byCaller = new Map<string, Call[]>();
  readonly #byCallee = new Map<string, Call[]>();
  readonly #owned = new Map<string, Owned>();

  constructor(code: TsCode) {
    for (const file of code.files) {
      for (const symbol of code.symbols(file)) {
        if (symbol.node === undefined || symbol.kind === 'type' || symbol.kind === 'header') continue;
        const owned = { file, symbol };
        this.#owned.set(keyOf({ file, symbol: symbol.name }), owned);
        for (const use of code.usesOf(declarationOf(symbol.node))) this.#add(owned, use);
      }
    }
    this.#linkInterfaces(code);
    for (const calls of this.#byCaller.values()) calls.sort((a, b) => a.use.node.pos - b.use.node.pos);
  }

  /** Calls out of a symbol, in the order of the text. */
  from(key: string): readonly Call[] {
    return this.#byCaller.get(key) ?? [];
  }

  /** Calls into a symbol. */
  to(key: string): readonly Call[] {
    return this.#byCallee.get(key) ?? [];
  }

  /**
   * What a function calls before it returns, by calls, `new` and getters, each once, in the order of the text. A constructor
   * calls what its fields are set to.
   */
  calledAtOnce(key: string): string[] {
    return this.#called(key, (call) => !call.isLater);
  }

  /** What a function calls, at once or from functions in it. */
  called(key: string): string[] {
    return this.#called(key, () => true);
  }

  /** Whether `to` is called by `from`, directly or through at most `hops - 1` others. */
  reaches(from: string, to: string, hops: number): boolean {
    return hops > 0 && this.called(from).some((key) => key === to || this.reaches(key, to, hops - 1));
  }

  #called(key: string, isWanted: (call: Call) => boolean): string[] {
    const calls = this.#bodiesOf(key)
      .flatMap((body) => this.from(body))
      .filter((call) => isWanted(call) && (call.isCall || this.#isGetter(call.to)));
    const keys = calls.map(({ to }) => to);
    // Where there is a constructor, it stands for its class.
    return [...new Set(keys)].filter(
      (to) => to !== key && !keys.includes(`${to}.constructor`) && !this.#isSignature(to),
    );
  }

  // A class without a constructor has fields all the same.
  #bodiesOf(key: string): string[] {
    const owned = this.#owned.get(key);
    const isMade = owned?.symbol.kind === 'class' || owned?.symbol.node?.kind === SyntaxKind.Constructor;
    if (!isMade) return [key];
    const className = key.replace(/\.constructor$/, '');
    const isField = ({ symbol: { node } }: Owned): boolean => node?.kind === SyntaxKind.PropertyDeclaration;
    const fields = [...this.#owned].filter(([name, one]) => name.startsWith(`${className}.`) && isField(one));
    return [...fields.map(([name]) => name), key];
  }

  // The methods of an interface have no bodies: those of its classes are called.
  #isSignature(key: string): boolean {
    return this.#owned.get(key)?.symbol.node?.kind === SyntaxKind.MethodSignature;
  }

  #isGetter(key: string): boolean {
    return this.#owned.get(key)?.symbol.node?.kind === SyntaxKind.GetAccessor;
  }

  /** What a key means; undefined for what is no function, member or value of this code. */
  owned(key: string): Owned | undefined {
    return this.#owned.get(key);
  }

  /** All symbols that have a body: functions and members of classes. */
  functions(): Owned[] {
    return [...this.#owned.values()].filter(
      ({ symbol: { node, kind } }) => kind === 'function' || (node !== undefined && isMethod(node)),
    );
  }

  /** The symbols in the order in which a walk from `start` meets them: depth first, as the text says. */
  walk(start: string): Map<string, number> {
    const order = new Map<string, number>();
    const visit = (key: string): void => {
      if (order.has(key)) return;
      order.set(key, order.size);
      for (const { to } of this.from(key)) visit(to);
    };
    visit(start);
    return order;
  }

  /** The shortest chain of calls from `start` to `goal`, both ends included; undefined when there is none. */
  path(start: string, goal: string): string[] | undefined {
    const before = new Map<string, string | undefined>([[start, undefined]]);
    for (const key of before.keys()) {
      if (key === goal) {
        const chain: string[] = [];
        for (let at: string | undefined = key; at !== undefined; at = before.get(at)) chain.unshift(at);
        return chain;
      }
      for (const { to } of this.from(key)) if (!before.has(to)) before.set(to, key);
    }
    return undefined;
  }

  // A member of an interface is called where the member of a class is meant.
  #linkInterfaces(code: TsCode): void {
    for (const { className, file, interfaceNode } of implementations(code)) {
      const members =
        (interfaceNode as Node & { readonly members?: readonly (Node & { readonly name?: Node })[] }).members ?? [];
      for (const member of members) {
        const own = this.#owned.get(keyOf({ file, symbol: `${className}.${member.name?.getText()}` }));
        if (own !== undefined) for (const use of code.usesOf(member)) this.#add(own, use);
      }
    }
    // `new Class` runs the constructor.
    for (const [key, { file, symbol }] of this.#owned) {
      const made =
        symbol.kind === 'class' ? this.#owned.get(keyOf({ file, symbol: `${symbol.name}.constructor` })) : undefined;
      if (made === undefined) continue;
      for (const { use, isCall } of this.to(key)) if (isCall) this.#add(made, use);
    }
  }

  #add(to: Owned, use: Use): void {
    if (use.symbol === 'header' || isType(use.node)) return;
    const call = {
      from: keyOf(use),
      to: keyOf({ file: to.file, symbol: to.symbol.name }),
      use,
      isCall: isCalled(use.node),
      isLater: isInClosure(use.node),
    };
    if (call.from === call.to) return;
    push(this.#byCaller, call.from, call);
    push(this.#byCallee, call.to, call);
  }
}

function declarationOf(node: Node): Node {
  if (node.kind !== SyntaxKind.VariableStatement) return node;
  const [only = node] = nodesIn(node, ({ kind }) => kind === SyntaxKind.VariableDeclaration);
  return only;
}

function isMethod({ kind }: Node): boolean {
  return kind === SyntaxKind.MethodDeclaration || kind === SyntaxKind.GetAccessor || kind === SyntaxKind.Constructor;
}

// f(), a.f(), new F(); but not the F of F.f().
function isCalled(node: Node): boolean {
  const { parent } = node as Node & { readonly parent: Node & { readonly name?: Node } };
  const isMember = parent.kind === SyntaxKind.PropertyAccessExpression && parent.name === node;
  const target = isMember ? parent : node;
  const call = target.parent as Node & { readonly expression?: Node };
  const isCall = call.kind === SyntaxKind.CallExpression || call.kind === SyntaxKind.NewExpression;
  return isCall && call.expression === target;
}

// Below the function that the symbol is there is another one: it runs when somebody calls it.
function isInClosure(node: Node): boolean {
  for (let at: Node = node.parent; at !== undefined; at = at.parent) {
    if (at.kind === SyntaxKind.ArrowFunction || at.kind === SyntaxKind.FunctionExpression) return true;
    // A method of an object that is made here, not of a class.
    if (at.kind === SyntaxKind.MethodDeclaration) return at.parent.kind === SyntaxKind.ObjectLiteralExpression;
    if (at.kind === SyntaxKind.FunctionDeclaration || at.kind === SyntaxKind.Constructor) return false;
  }
  return false;
}

function isType(node: Node): boolean {
  for (let at: Node = node.parent; at !== undefined; at = at.parent) {
    const { kind } = at;
    if (kind === SyntaxKind.TypeReference || kind === SyntaxKind.ExpressionWithTypeArguments) return true;
    if (kind === SyntaxKind.Block || kind === SyntaxKind.SourceFile) return false;
  }
  return false;
}

function implementations(code: TsCode): { className: string; file: string; interfaceNode: Node }[] {
  const clauses = code.files.flatMap((file) =>
    code.symbols(file).flatMap((symbol) => {
      if (symbol.kind !== 'class' || symbol.node === undefined) return [];
      const { heritageClauses = [] } = symbol.node as Node & { readonly heritageClauses?: readonly Node[] };
      const names = heritageClauses.flatMap((clause) => nodesIn(clause, ({ kind }) => kind === SyntaxKind.Identifier));
      return names.map((name) => ({ className: symbol.name, file, name }));
    }),
  );
  const declarations = code.sources.declarations(clauses.map(({ name }) => name));
  return clauses.flatMap(({ className, file }, i) =>
    (declarations[i] ?? [])
      .filter(({ kind }) => kind === SyntaxKind.InterfaceDeclaration)
      .map((interfaceNode) => ({ className, file, interfaceNode })),
  );
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
