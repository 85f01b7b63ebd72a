// The lines that `etcdctl txn` reads, apart from the requests: `mod("key") > "5"`, and how a request falls into words.
// Mirrors what etcdctl 3.4 makes of them with Go's fmt.Sscanf (spec/cli.md C.5).

import type { Init } from '../../proto/load.ts';
import { type Compare, Compare_CompareResult, Compare_CompareTarget } from '../../proto/schema.ts';
import { Exit, ExitError } from './command.ts';
import { int64Number, parseInt64 } from './flag_value.ts';
import { quote, unquote } from './go_quote.ts';
import { encodeText, replaceInvalid } from './text.ts';

const results: Readonly<Record<string, number>> = {
  '=': Compare_CompareResult.EQUAL,
  '!=': Compare_CompareResult.NOT_EQUAL,
  '>': Compare_CompareResult.GREATER,
  '<': Compare_CompareResult.LESS,
};

type Target = 'version' | 'create_revision' | 'mod_revision' | 'value' | 'lease';

const targets: Readonly<Record<string, Target>> = {
  ver: 'version',
  version: 'version',
  c: 'create_revision',
  create: 'create_revision',
  m: 'mod_revision',
  mod: 'mod_revision',
  val: 'value',
  value: 'value',
  lease: 'lease',
};

/**
 * @param line without blanks around it
 * @throws ExitError 3; 2 for what etcdctl 3.4 crashes at: an unknown operator, and any compare of a lease
 */
export function parseCompare(line: string): Init<Compare> {
  const invalid = (what: string): ExitError => new ExitError(Exit.InvalidInput, what);
  const parenthesis = line.indexOf('(');
  if (parenthesis === -1) throw invalid(`malformed comparison: ${line}`);
  const name = line.slice(0, parenthesis);
  const { key, operator, value } = scanCompare(line.slice(parenthesis + 1));
  if (value === undefined) {
    const got = `${name}(${quote(key ?? '')}) ${operator ?? ''} ${quote('')}`;
    throw invalid(`malformed comparison: ${line}; got ${got}`);
  }
  const target = targets[name];
  if (target === undefined) throw invalid(`malformed comparison: ${line} (unknown target ${name})`);
  const operand = compareOperand(target, value, line);
  const result = results[operator ?? ''];
  if (result === undefined) throw new ExitError(Exit.BadConnection, `unknown operator in comparison: ${line}`);
  return { key: encodeText(key ?? ''), result, ...operand };
}

function compareOperand(target: Target, value: string, line: string): Init<Compare> {
  const number = (): number => {
    const parsed = parseInt64(value, 10);
    if ('value' in parsed) return int64Number(parsed.value);
    throw new ExitError(Exit.InvalidInput, `invalid txn compare request: ${line}`);
  };
  switch (target) {
    case 'version':
      return { target: Compare_CompareTarget.VERSION, version: number() };
    case 'create_revision':
      return { target: Compare_CompareTarget.CREATE, create_revision: number() };
    case 'mod_revision':
      return { target: Compare_CompareTarget.MOD, mod_revision: number() };
    case 'value':
      return { target: Compare_CompareTarget.VALUE, value: encodeText(value) };
    case 'lease':
      throw new ExitError(Exit.BadConnection, `a lease cannot be compared: ${line}`);
  }
}

interface Scanned {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
}

/** `"key") operator "value"`, as far as it is there; what follows the value is ignored. */
function scanCompare(text: string): Scanned {
  const key = scanQuoted(text);
  if (key === undefined) return {};
  const [behindKey, operator] = /^\)[ \t\r]+(\S+)/.exec(key.rest) ?? [];
  if (behindKey === undefined || operator === undefined) return { key: key.value };
  const behindOperator = key.rest.slice(behindKey.length);
  const value = /^[ \t\r]/.test(behindOperator) ? scanQuoted(behindOperator) : undefined;
  return { key: key.value, operator, ...(value === undefined ? {} : { value: value.value }) };
}

/** A string in double quotes with escapes, or in back quotes without; blanks before it are skipped. */
function scanQuoted(text: string): { readonly value: string; readonly rest: string } | undefined {
  const match = /^[ \t\r]*("(?:[^"\\]|\\.)*"|`[^`]*`)/s.exec(text);
  if (match === null) return undefined;
  const quoted = replaceInvalid(match[1] ?? '');
  const value = quoted.startsWith('`') ? quoted.slice(1, -1) : unquote(quoted);
  return value === undefined ? undefined : { value, rest: text.slice(match[0].length) };
}

/** In double quotes, in single quotes, or up to a blank; a quote within a word is a character like others. */
const word = /"(?:[^"\\]|\\.)*"|'[^']*'|[^'"\t\n\f\r ][^\t\n\f\r ]*/gs;

/**
 * Splits a request of a txn into words. Double quotes are read as in Go; between single quotes nothing is special.
 *
 * @throws ExitError 3 for escapes that Go does not know
 */
export function splitWords(line: string): string[] {
  return (line.match(word) ?? []).map((text) => {
    if (text.startsWith("'")) return text.slice(1, -1);
    if (!text.startsWith('"')) return text;
    const value = unquote(replaceInvalid(text));
    if (value === undefined) throw new ExitError(Exit.InvalidInput, 'invalid syntax');
    return value;
  });
}

const space = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const outerSpace = new RegExp(`^${space}|${space}$`, 'g');

/** Like trim, with what Go takes for white space. */
export function trimSpace(text: string): string {
  return text.replace(outerSpace, '');
}
