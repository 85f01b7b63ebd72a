// Command-line flags, parsed as Go's flag package does, with its error texts. Values stay texts here; config.ts gives
// them types. Mirrors etcd's pkg/flags.

import { FLAGS, type FlagSpec } from './config_table.ts';
import { parseUrls } from './urls.ts';

/** A command line that cannot be parsed: the text goes to stderr, exit status 2. */
export class UsageError extends Error {}

export interface ParsedFlags {
  /** Value texts by flag name, only of flags that were given. */
  readonly values: Map<string, string>;
  /** What is left after the flags. */
  readonly positional: readonly string[];
}

/** Parses `argv` (without the program). The last of two equal flags wins. Throws {@link UsageError}. */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const values = new Map<string, string>();
  let i = 0;
  for (; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word.length < 2 || !word.startsWith('-')) break;
    const { name, value } = splitFlag(word);
    const flag = FLAGS.get(name);
    if (flag === undefined) throw new UsageError(`flag provided but not defined: -${name}`);
    if (value === undefined && i + 1 === argv.length) throw new UsageError(`flag needs an argument: -${name}`);
    const text = value ?? argv[++i] ?? '';
    const problem = valueProblem(flag, text);
    if (problem !== undefined) throw new UsageError(`invalid value "${text}" for flag -${name}: ${problem}`);
    values.set(name, text);
  }
  return { values, positional: argv.slice(i) };
}

function splitFlag(word: string): { readonly name: string; readonly value: string | undefined } {
  const body = word.replace(/^--?/, '');
  if (body === '' || body.startsWith('-') || body.startsWith('=')) throw new UsageError(`bad flag syntax: ${word}`);
  const equals = body.indexOf('=');
  if (equals < 0) return { name: body, value: undefined };
  return { name: body.slice(0, equals), value: body.slice(equals + 1) };
}

// Why `text` cannot be a value of `flag`, or undefined when it can.
function valueProblem(flag: FlagSpec, text: string): string | undefined {
  if (flag.type === 'string') return undefined;
  try {
    parseUrls(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
