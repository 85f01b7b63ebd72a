// The figure `services`: what a client can call, read from the places where the step registers it: gRPC methods with
// `addService`, HTTP paths in the maps of routes.

import { sourcePage } from '../blocks/code_html.ts';
import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import { escapeHtml } from '../source/highlight.ts';
import { type Node, type SourceFile, SyntaxKind } from '../source/program.ts';
import { LineIndex } from '../source/symbols.ts';
import type { FigureOptions } from './registry.ts';

/** One thing that can be called. */
export interface Endpoint {
  /** `etcdserverpb.KV`, or the port of an HTTP path. */
  readonly service: string;
  readonly method: string;
  /** Known by name only: it answers that it is not yet implemented. */
  readonly isRefused: boolean;
  /** Relative to the step. */
  readonly file: string;
  readonly line: number;
}

/** Renders the table: services in rows, what is new or answers now for the first time marked. */
export function services(context: Context, chapter: Chapter, { base }: FigureOptions): string {
  const { link, before } = chapter;
  if (link === undefined) throw new Error('services belongs on the page of a step');
  const known = new Set((before === undefined ? [] : endpointsOf(context, before.folder)).map(keyOf));
  const rows = new Map<string, string[]>();
  for (const endpoint of endpointsOf(context, link.folder)) {
    const { service, method, isRefused, file, line } = endpoint;
    const isNew = before !== undefined && !known.has(keyOf(endpoint));
    const href = `${base}${sourcePage(`${link.folder}/${file}`)}#L${line}`;
    const name = `<a href="${href}">${escapeHtml(method)}</a>`;
    const mark = isRefused
      ? ' <span class="badge refused">refused</span>'
      : isNew
        ? ' <span class="badge new">new</span>'
        : '';
    rows.set(service, [...(rows.get(service) ?? []), `<span class=endpoint>${name}${mark}</span>`]);
  }
  const body = [...rows].map(
    ([service, methods]) => `<tr><th scope=row>${escapeHtml(service)}</th><td>${methods.join(' ')}</td></tr>`,
  );
  return (
    '<div class=table tabindex=0 role=region aria-label="services and routes"><table>' +
    `<thead><tr><th scope=col>service or port</th><th scope=col>methods, paths</th></tr></thead><tbody>${body.join('')}</tbody></table></div>`
  );
}

function keyOf({ service, method, isRefused }: Endpoint): string {
  return `${service}/${method}/${isRefused}`;
}

/** What the step in `folder` registers, in the order of its files. */
export function endpointsOf(context: Context, folder: string): Endpoint[] {
  const { sources } = context;
  const endpoints: Endpoint[] = [];
  for (const path of sources.paths(folder)) {
    const tree = sources.tree(path);
    if (tree === undefined) continue;
    const file = path.slice(folder.length + 1);
    if (file.startsWith('api/v3rpc/')) endpoints.push(...grpcMethods(context, tree, file));
    if (file.startsWith('transport/') && file.includes('http/')) endpoints.push(...httpPaths(context, tree, file));
  }
  return endpoints;
}

interface Expression extends Node {
  readonly expression?: Expression;
  readonly name?: Node;
  readonly arguments?: readonly Expression[];
  readonly properties?: readonly (Node & { name?: Node; initializer?: Expression })[];
  readonly elements?: readonly Expression[];
  readonly text?: string;
}

function grpcMethods(context: Context, tree: SourceFile, file: string): Endpoint[] {
  const lines = new LineIndex(tree.text);
  const endpoints: Endpoint[] = [];
  visit(tree, (node) => {
    if (node.kind !== SyntaxKind.CallExpression || node.expression?.name?.getText() !== 'addService') return;
    const [service, handlers] = node.arguments ?? [];
    for (const property of handlers?.properties ?? []) {
      const isRefused = property.initializer?.expression?.getText().startsWith('refuse') === true;
      endpoints.push({
        service: serviceName(context, service?.getText() ?? '?'),
        method: property.name?.getText() ?? '?',
        isRefused,
        file,
        line: lines.of(property.getStart()),
      });
    }
  });
  return endpoints;
}

function serviceName(context: Context, name: string): string {
  const schema = context.file('proto/schema.ts')?.text ?? '';
  return new RegExp(`name: '([\\w.]*\\.)?${name}'`).exec(schema)?.[0].slice("name: '".length, -1) ?? name;
}

// Routes are pairs of a path and a handler in a map.
function httpPaths(context: Context, tree: SourceFile, file: string): Endpoint[] {
  const lines = new LineIndex(tree.text);
  const endpoints: Endpoint[] = [];
  const service = file.endsWith('etcdhttp/client.ts') ? 'HTTP, client port' : 'HTTP, peer port';
  visit(tree, (node) => {
    if (node.kind !== SyntaxKind.ArrayLiteralExpression || node.elements?.length !== 2) return;
    const [first] = node.elements;
    if (first === undefined) return;
    const method = first.kind === SyntaxKind.StringLiteral ? first.text : constantOf(context, first);
    if (method?.startsWith('/') === true) {
      endpoints.push({ service, method, isRefused: false, file, line: lines.of(node.getStart()) });
    }
  });
  return endpoints;
}

function constantOf(context: Context, name: Node): string | undefined {
  const [declaration] = context.sources.declarations([name]).flat();
  const { initializer } = (declaration ?? {}) as { initializer?: Expression };
  return initializer?.text;
}

function visit(node: Node, task: (node: Expression) => void): void {
  task(node);
  node.forEachChild((child) => visit(child, task));
}
