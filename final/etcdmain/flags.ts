// Command-line flags and environment variables, parsed as Go's flag package does, with its error texts (spec/cli.md A.1,
// A.2). Values stay texts here; config.ts gives them types. Mirrors etcd's pkg/flags.

import { type FlagSpec, FLAGS, IGNORED_FLAGS } from './config_table.ts';
import { parseDuration } from './duration.ts';
import { parseUrls } from './urls.ts';

/** A command line that cannot be parsed: the text goes to stderr before the usage, exit status 2. */
export class UsageError extends Error {}

export interface ParsedFlags {
  /** Value texts by flag name, only of flags that were given. */
  readonly values: Map<string, string>;
  /** What is left after the flags. */
  readonly positional: readonly string[];
  /** Given flags that no longer have an effect. */
  readonly ignored: readonly string[];
}

const BOOLEAN_TEXTS = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;
const TRUE_TEXTS = /^(1|t|T|TRUE|true|True)$/;

// Flags outside the table: they choose what main does at all.
const SPECIAL: ReadonlyMap<string, 'string' | 'bool'> = new Map([
  ['config-file', 'string'],
  ['version', 'bool'],
  ['help', 'bool'],
  ['h', 'bool'],
]);

/** Parses `argv` (without the program). The last of two equal flags wins. Throws {@link UsageError}. */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const values = new Map<string, string>();
  const ignored: string[] = [];
  let i = 0;
  for (; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word.length < 2 || !word.startsWith('-')) break;
    if (word === '--') {
      i++;
      break;
    }
    const { name, value } = splitFlag(word);
    const isBool = typeOf(name) === 'bool';
    if (value === undefined && !isBool && i + 1 === argv.length)
      throw new UsageError(`flag needs an argument: -${name}`);
    const text = value ?? (isBool ? 'true' : (argv[++i] ?? ''));
    checkFlag(name, text);
    if (IGNORED_FLAGS.includes(name)) ignored.push(name);
    else values.set(name, text);
  }
  return { values, positional: argv.slice(i), ignored };
}

/** Whether a bool flag's text means true. */
export function isTrue(text: string): boolean {
  return TRUE_TEXTS.test(text);
}

/** The environment variable of a flag. */
export function envName(flag: string): string {
  return `ETCD_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** Why `text` cannot be a value of `flag`, or undefined when it can. */
export function valueProblem(flag: FlagSpec, text: string): string | undefined {
  switch (flag.type) {
    case 'string':
      return flag.choices === undefined || flag.choices.includes(text) ? undefined : 'invalid value';
    case 'strings':
      return undefined;
    case 'bool':
      return BOOLEAN_TEXTS.test(text) ? undefined : 'parse error';
    case 'int':
    case 'uint':
    case 'uint32':
      return integerProblem(flag.type, text);
    case 'duration':
      return parseDuration(text) === undefined ? 'parse error' : undefined;
    case 'urls':
    case 'origins':
      return urlsProblem(flag, text);
  }
}

/**
 * An integer as Go's strconv reads it with base 0: decimal, 0x, 0o or just 0, 0b, with _ between digits. Undefined when
 * it is none; of any size.
 */
export function parseInteger(text: string): bigint | undefined {
  const match = /^([+-]?)(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|0_?[0-7_]*|[1-9][0-9_]*)$/.exec(text);
  if (match === null || /__|_$/.test(text)) return undefined;
  const digits = (match[2] as string).replaceAll('_', '').replace(/^0(?=[0-7])/, '0o');
  return BigInt(digits) * (match[1] === '-' ? -1n : 1n);
}

const INTEGER_RANGES = {
  int: { least: -(2n ** 63n), most: 2n ** 63n - 1n },
  uint: { least: 0n, most: 2n ** 64n - 1n },
  uint32: { least: 0n, most: 2n ** 32n - 1n },
} as const;

function integerProblem(type: keyof typeof INTEGER_RANGES, text: string): string | undefined {
  const { least, most } = INTEGER_RANGES[type];
  const value = parseInteger(text);
  // An unsigned number has no sign at all, not even in front of 0.
  const isWrong = value === undefined || (least === 0n && /^[+-]/.test(text));
  if (!isWrong && value >= least && value <= most) return undefined;
  if (type === 'uint32') {
    return `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${isWrong ? 'invalid syntax' : 'value out of range'}`;
  }
  return isWrong ? 'parse error' : 'value out of range';
}

function splitFlag(word: string): { readonly name: string; readonly value: string | undefined } {
  const body = word.replace(/^--?/, '');
  if (body === '' || body.startsWith('-') || body.startsWith('=')) throw new UsageError(`bad flag syntax: ${word}`);
  const equals = body.indexOf('=');
  if (equals < 0) return { name: body, value: undefined };
  return { name: body.slice(0, equals), value: body.slice(equals + 1) };
}

function typeOf(name: string): string {
  const type = FLAGS.get(name)?.type ?? SPECIAL.get(name) ?? (IGNORED_FLAGS.includes(name) ? 'bool' : undefined);
  if (type === undefined) throw new UsageError(`flag provided but not defined: -${name}`);
  return type;
}

function checkFlag(name: string, text: string): void {
  if (IGNORED_FLAGS.includes(name)) return;
  if (typeOf(name) === 'bool' && !BOOLEAN_TEXTS.test(text)) {
    throw new UsageError(`invalid boolean value "${text}" for -${name}: parse error`);
  }
  const flag = FLAGS.get(name);
  const problem = flag === undefined ? undefined : valueProblem(flag, text);
  if (problem !== undefined) throw new UsageError(`invalid value "${text}" for flag -${name}: ${problem}`);
}

function urlsProblem(flag: FlagSpec, text: string): string | undefined {
  if (flag.type === 'origins' && text === '*') return undefined;
  // Empty URLs leave the default; empty origins are none.
  try {
    parseUrls(flag.type === 'origins' && text === '' ? ' ' : text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
