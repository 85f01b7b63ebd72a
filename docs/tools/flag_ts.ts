// A flag of the chain, followed: its entry in the table of flags, the field of the configuration that it sets, and each
// place where that field is used, in the order in which a start meets them.

import { type Node, SyntaxKind } from '../site/source/program.ts';
import type { CallGraph } from '../site/source/call_graph.ts';
import { keyOf, nodesIn, type Place, type TsCode } from '../site/source/code.ts';

/** A place with the source line there. */
export interface Quote extends Place {
  readonly text: string;
}

/** A use of a field of the configuration. */
export interface FieldUse extends Quote {
  /** The calls that lead there from `main`, symbols without files; empty when none is known. */
  readonly path: readonly string[];
  /** What the value is handed to, with the first sentence about it, or what that calls. */
  readonly into: string | undefined;
}

export interface FlagStory {
  readonly name: string;
  readonly type: string;
  readonly byDefault: string;
  /** Whether the program can do it yet; what it cannot is refused. */
  readonly isReady: boolean;
  readonly table: Quote;
  /** The fields that it sets; more than one when other fields follow from it. */
  readonly fields: readonly { readonly name: string; readonly quote: Quote; readonly uses: readonly FieldUse[] }[];
  /** Where its name stands outside the table and the fields: a check, an error. */
  readonly named: readonly Quote[];
}

/** The names of all flags in the table of this code, in its order. */
export function flagNames(code: TsCode): string[] {
  return tableEntries(code).map(({ name }) => name);
}

/** Follows the flag `name`; undefined when the table has no such flag. */
export function followFlag(code: TsCode, graph: CallGraph, name: string): FlagStory | undefined {
  const entry = tableEntries(code).find((one) => one.name === name);
  if (entry === undefined) return undefined;
  const order = graph.walk(keyOf({ file: `${code.folder}/etcdmain/main.ts`, symbol: 'main' }));
  const fieldNodes = fieldsOf(code, name);
  const fields = fieldNodes.map(({ field, node }) => ({
    name: field,
    quote: quote(code, node),
    uses: onePerLine(
      usesOfField(code, field)
        .map(
          (use): FieldUse => ({
            ...quote(code, use),
            path: pathTo(code, graph, use),
            into: receiverOf(code, graph, use),
          }),
        )
        .sort((a, b) => rank(order, a) - rank(order, b) || a.line - b.line),
    ),
  }));
  const shown = new Set([quoteKey(entry.table), ...fields.map(({ quote }) => quoteKey(quote))]);
  return { ...entry, fields, named: onePerLine(mentions(code, name)).filter((one) => !shown.has(quoteKey(one))) };
}

function onePerLine<T extends Place>(places: readonly T[]): T[] {
  return places.filter((place, i) => places.findIndex((one) => quoteKey(one) === quoteKey(place)) === i);
}

function rank(order: ReadonlyMap<string, number>, place: Place): number {
  return order.get(keyOf(place)) ?? Infinity;
}

function quoteKey({ file, line }: Place): string {
  return `${file}:${line}`;
}

function quote(code: TsCode, node: Node): Quote {
  const place = code.placeOf(node);
  return { ...place, text: code.lineText(place.file, place.line) };
}

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly byDefault: string;
  readonly isReady: boolean;
  readonly table: Quote;
}

// An entry is a call whose first arguments are texts: name, type, default.
function tableEntries(code: TsCode): Entry[] {
  const file = `${code.folder}/etcdmain/config_table.ts`;
  return nodesIn(code.tree(file), ({ kind }) => kind === SyntaxKind.CallExpression).flatMap((node) => {
    const { arguments: given, expression } = node as Node & {
      readonly arguments: readonly (Node & { readonly text?: string })[];
      readonly expression: Node;
    };
    const [name, type, byDefault] = given.map((one) => (one.kind === SyntaxKind.StringLiteral ? one.text : undefined));
    if (name === undefined || type === undefined || byDefault === undefined) return [];
    return [{ name, type, byDefault, isReady: expression.getText() !== 'later', table: quote(code, given[0] as Node) }];
  });
}

function literalsOf(code: TsCode, file: string, text: string): Node[] {
  return nodesIn(
    code.tree(file),
    (node) => node.kind === SyntaxKind.StringLiteral && (node as Node & { text: string }).text === text,
  );
}

// The properties of the configuration whose value is made of the flag, directly or by a variable; the direct ones first.
function fieldsOf(code: TsCode, flag: string): { field: string; node: Node }[] {
  const file = `${code.folder}/etcdmain/config.ts`;
  const direct: { field: string; node: Node }[] = [];
  const indirect: { field: string; node: Node }[] = [];
  for (const literal of literalsOf(code, file, flag)) {
    const holder = holderOf(literal);
    if (holder?.kind === SyntaxKind.PropertyAssignment) direct.push({ field: fieldName(holder), node: holder });
    if (holder?.kind !== SyntaxKind.VariableDeclaration) continue;
    for (const use of mentionsOf(holder)) {
      const property = use.kind === SyntaxKind.ShorthandPropertyAssignment ? use : holderOf(use);
      if (property === undefined || property.kind === SyntaxKind.VariableDeclaration) continue;
      const value = (property as Node & { readonly initializer?: Node }).initializer;
      const isPlain = value === undefined || value === use;
      (isPlain ? direct : indirect).push({ field: fieldName(property), node: property });
    }
  }
  const found = [...direct, ...indirect];
  return found.filter(({ field }, i) => found.findIndex((one) => one.field === field) === i);
}

// The property or variable whose value contains a node, inside a function.
function holderOf(node: Node): Node | undefined {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (at.kind === SyntaxKind.PropertyAssignment || at.kind === SyntaxKind.VariableDeclaration) return at;
    if (at.kind === SyntaxKind.Block || at.kind === SyntaxKind.ReturnStatement) return undefined;
  }
  return undefined;
}

// `name`, or `keepalive.minTimeMs` for a property of an object within.
function fieldName(property: Node): string {
  const outer = holderOf(property.parent);
  const name = nameOf(property);
  return outer?.kind === SyntaxKind.PropertyAssignment ? `${nameOf(outer)}.${name}` : name;
}

function nameOf(node: Node): string {
  return (node as Node & { readonly name?: Node }).name?.getText() ?? '';
}

// An object is handed on as a whole: its uses are those of what is in it, too.
function usesOfField(code: TsCode, path: string): Node[] {
  return path.split('.').flatMap((field) => usesOfName(code, field));
}

function usesOfName(code: TsCode, field: string): Node[] {
  const config = code.find(`${code.folder}/etcdmain/config.ts`, 'Config')?.symbol.node;
  const member = nodesIn(config as Node, ({ kind }) => kind === SyntaxKind.PropertySignature).find(
    (one) => nameOf(one) === field,
  );
  if (config === undefined || member === undefined) return [];
  const direct = code.usesOf(member).map(({ node }) => node);
  const typed = code.usesOf(config).map(({ node }) => node);
  return [...direct, ...typed.flatMap((type) => takenOut(type, field))].filter(
    ({ kind }) => kind !== SyntaxKind.PropertySignature,
  );
}

// A parameter `{ name, dataDir }: Config` takes fields out: what is made of them there are uses, too.
function takenOut(type: Node, field: string): Node[] {
  const parameter = type.parent.parent as Node & { readonly name?: Node };
  if (parameter.kind !== SyntaxKind.Parameter || parameter.name?.kind !== SyntaxKind.ObjectBindingPattern) return [];
  const bindings = nodesIn(parameter.name, ({ kind }) => kind === SyntaxKind.BindingElement);
  const binding = bindings.find(
    (one) => ((one as Node & { propertyName?: Node }).propertyName?.getText() ?? nameOf(one)) === field,
  );
  return binding === undefined ? [] : mentionsOf(binding);
}

// Where a variable is mentioned in its function or file, other than where it is made.
function mentionsOf(variable: Node): Node[] {
  const name = nameOf(variable);
  let scope = variable.parent;
  while (!FUNCTIONS.has(scope.kind) && scope.kind !== SyntaxKind.SourceFile) scope = scope.parent;
  return nodesIn(scope, (node) => {
    if (node.kind === SyntaxKind.ShorthandPropertyAssignment) return nameOf(node) === name;
    if (node.kind !== SyntaxKind.Identifier || node.getText() !== name || node.parent === variable) return false;
    const { parent } = node as Node & { parent: Node & { readonly name?: Node } };
    return parent.name !== node;
  });
}

const FUNCTIONS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.ArrowFunction,
]);

function pathTo(code: TsCode, graph: CallGraph, node: Node): string[] {
  const start = keyOf({ file: `${code.folder}/etcdmain/main.ts`, symbol: 'main' });
  const path = graph.path(start, keyOf(code.placeOf(node))) ?? [];
  return path.map((key) => key.slice(key.indexOf('#') + 1));
}

// The innermost call that a value is an argument of.
function receiverOf(code: TsCode, graph: CallGraph, node: Node): string | undefined {
  for (let at = node; at.parent !== undefined && at.kind !== SyntaxKind.Block; at = at.parent) {
    const { parent } = at as Node & {
      parent: Node & { readonly expression?: Node; readonly arguments?: readonly Node[] };
    };
    if (parent.arguments?.includes(at) !== true || parent.expression === undefined) continue;
    const callee = nodesIn(parent.expression, ({ kind }) => NAMES.has(kind)).at(-1);
    const [declaration] = callee === undefined ? [] : (code.sources.declarations([callee])[0] ?? []);
    const owned = declaration === undefined ? undefined : code.symbolAt(declaration);
    if (owned === undefined) return parent.expression.getText().replaceAll(/\s+/g, ' ');
    const named = `${owned.symbol.name} (${owned.file.slice(code.folder.length + 1)}:${code.lineOf(owned)})`;
    const about = code.summaryOf(owned) || callsOf(graph, keyOf({ file: owned.file, symbol: owned.symbol.name }));
    return about === '' ? named : `${named} – ${about}`;
  }
  return undefined;
}

// For a function that has no comment.
function callsOf(graph: CallGraph, key: string): string {
  const names = graph
    .from(key)
    .filter(({ isCall }) => isCall)
    .map(({ to }) => to.slice(to.indexOf('#') + 1));
  const distinct = [...new Set(names)].filter((name) => !name.endsWith('.constructor'));
  return distinct.length === 0 ? '' : `calls ${distinct.slice(0, MOST_CALLS).join(', ')}`;
}

const MOST_CALLS = 5;

const NAMES: ReadonlySet<SyntaxKind> = new Set([SyntaxKind.Identifier, SyntaxKind.PrivateIdentifier]);

function mentions(code: TsCode, flag: string): Quote[] {
  // Elsewhere a text such as `name` is seldom the flag.
  const isNearFlags = (file: string): boolean => /\/(etcdmain|embed)\//.test(file) && !file.endsWith('config_table.ts');
  const holds = new RegExp(`(^|[^a-z-])(--)?${flag}($|[^a-z-])`);
  return code.files.flatMap((file) =>
    nodesIn(code.tree(file), (node) => {
      const { text } = node as Node & { readonly text?: string };
      if (node.kind === SyntaxKind.StringLiteral || node.kind === SyntaxKind.NoSubstitutionTemplateLiteral) {
        return (text === flag && isNearFlags(file)) || ((text ?? '').includes(`--${flag}`) && holds.test(text ?? ''));
      }
      return TEMPLATE_PARTS.has(node.kind) && (text ?? '').includes(`--${flag}`) && holds.test(text ?? '');
    }).map((node) => quote(code, node)),
  );
}

const TEMPLATE_PARTS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
]);
