// The log calls of an element of the chain: every use of a method of an interface whose name
// ends in Logger: that of ports.ts, and in final that of core/raft.

import { type Node, SyntaxKind } from '../site/source/program.ts';
import type { LogCall } from './log_messages.ts';
import { nodesIn, type TsCode, type Use } from '../site/source/code.ts';

interface Call extends Node {
  readonly expression: Node & { readonly expression: Node };
  readonly arguments: readonly Node[];
}

/** All calls that write a line to the log, in the order of files and lines. */
export function logCallsOf(code: TsCode): LogCall[] {
  const loggers = code.files.flatMap((file) =>
    code
      .symbols(file)
      .filter(({ name, kind, node }) => kind === 'type' && node !== undefined && name.endsWith('Logger')),
  );
  const members = loggers.flatMap(({ node }) =>
    nodesIn(node as Node, ({ kind }) => kind === SyntaxKind.MethodSignature),
  ) as (Node & { readonly name: Node })[];
  return members.flatMap((member) => {
    const level = member.name.getText();
    return level === 'at' ? [] : code.usesOf(member).flatMap((use) => logCall(code, level, use));
  });
}

function logCall(code: TsCode, level: string, use: Use): LogCall[] {
  const call = use.node.parent.parent as Call;
  if (call.kind !== SyntaxKind.CallExpression) return [];
  const [message, fields] = call.arguments;
  const { file, line, symbol } = use;
  return (message === undefined ? [] : messagesOf(message)).map((parts) => ({
    level,
    parts,
    fields: fields === undefined ? [] : fieldsOf(code, fields),
    file,
    line,
    symbol,
    text: code.lineText(file, line),
    caller: callerOf(code, call.expression.expression),
  }));
}

// One message, or the two of `isFirst ? 'a' : 'b'`, each as its fixed parts. A message that is a variable has no fixed part, and
// cannot be found by its text.
function messagesOf(message: Node): string[][] {
  const { text } = message as Node & { readonly text?: string };
  if (message.kind === SyntaxKind.StringLiteral || message.kind === SyntaxKind.NoSubstitutionTemplateLiteral) {
    return [[text ?? '']];
  }
  if (message.kind === SyntaxKind.ConditionalExpression) {
    const { whenTrue, whenFalse } = message as Node & { readonly whenTrue: Node; readonly whenFalse: Node };
    return [...messagesOf(whenTrue), ...messagesOf(whenFalse)];
  }
  if (message.kind !== SyntaxKind.TemplateExpression) return [];
  const kinds = [SyntaxKind.TemplateHead, SyntaxKind.TemplateMiddle, SyntaxKind.TemplateTail];
  const parts = nodesIn(message, ({ kind }) => kinds.includes(kind));
  return [parts.map((part) => (part as Node & { readonly text: string }).text)];
}

// The names in `{ name: …, address }`, or in the object that a variable was made as.
function fieldsOf(code: TsCode, fields: Node): string[] {
  if (fields.kind === SyntaxKind.Identifier) {
    const [variable] = code.sources.declarations([fields])[0] ?? [];
    const { initializer } = (variable ?? {}) as { readonly initializer?: Node };
    return initializer?.kind === SyntaxKind.ObjectLiteralExpression ? fieldsOf(code, initializer) : [];
  }
  const { properties = [] } = fields as Node & { readonly properties?: readonly (Node & { readonly name?: Node })[] };
  return properties.map(({ name }) =>
    (name?.getText() ?? '…').replaceAll(/^['"]|['"]$/g, '').replaceAll(/^\[`|`\]$/g, ''),
  );
}

// `log.at('embed/etcd.ts')`, before the call or where the log was made.
function callerOf(code: TsCode, log: Node): string | undefined {
  const at = log.kind === SyntaxKind.CallExpression ? log : madeBy(code, log);
  const [argument] = (at as Call | undefined)?.arguments ?? [];
  if (argument === undefined) return undefined;
  if (argument.kind === SyntaxKind.StringLiteral) return (argument as Node & { readonly text: string }).text;
  const [constant] = code.sources.declarations([argument])[0] ?? [];
  const { initializer } = (constant ?? {}) as { readonly initializer?: Node & { readonly text?: string } };
  return initializer?.text;
}

function madeBy(code: TsCode, log: Node): Node | undefined {
  const [variable] = log.kind === SyntaxKind.Identifier ? (code.sources.declarations([log])[0] ?? []) : [];
  const { initializer } = (variable ?? {}) as { readonly initializer?: Node };
  return initializer?.kind === SyntaxKind.CallExpression ? initializer : undefined;
}
