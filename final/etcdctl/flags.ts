// The command line of one command: which words are flags, which are arguments, and what every flag holds. Mirrors the
// parsing rules of Go's pflag package, which etcdctl's users know: flags and arguments in any order, `--` ends the flags.

import type { FlagSpec, FlagValues } from './command.ts';
import { int64Number, parseFlagValue, quoteListItem } from './flag_value.ts';
import { parseDuration } from './go_duration.ts';
import { quote } from './go_quote.ts';

/** What was typed cannot be read; the message is the one that etcdctl prints. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The flags that one command knows, and what they hold. */
export class FlagSet implements FlagValues {
  private readonly specs = new Map<string, FlagSpec>();
  private readonly shorthands = new Map<string, FlagSpec>();
  private readonly texts = new Map<string, string>();
  private readonly lists = new Map<string, readonly string[]>();
  private readonly changed = new Set<string>();
  /** How many arguments stood before `--`; undefined without one. */
  argsBeforeDash: number | undefined;

  /** @param specs with different names and different shorthands */
  constructor(specs: readonly FlagSpec[]) {
    for (const spec of specs) {
      this.specs.set(spec.name, spec);
      if (spec.shorthand !== undefined) this.shorthands.set(spec.shorthand, spec);
      if (spec.type === 'strings') this.lists.set(spec.name, spec.default.split(','));
      else this.texts.set(spec.name, spec.default);
    }
  }

  /** @returns the flag with this name, without dashes, or undefined */
  spec(name: string): FlagSpec | undefined {
    return this.specs.get(name);
  }

  /** @returns the flag with this one-letter name, or undefined */
  shorthand(letter: string): FlagSpec | undefined {
    return this.shorthands.get(letter);
  }

  /**
   * Gives a flag a value, as if it had been typed. A list replaces the default and is added to what was given before.
   *
   * @returns why the value was refused, or undefined. A refused number, bool or duration leaves a zero value behind, which
   *   only matters to a caller that goes on.
   */
  set(spec: FlagSpec, text: string): string | undefined {
    const value = parseFlagValue(spec.type, text);
    switch (value.kind) {
      case 'text':
        this.texts.set(spec.name, value.text);
        break;
      case 'list':
        this.lists.set(
          spec.name,
          this.changed.has(spec.name) ? [...this.list(spec.name), ...value.items] : value.items,
        );
        break;
      case 'error':
        if (value.fallback !== undefined) this.texts.set(spec.name, value.fallback);
        return value.message;
    }
    this.changed.add(spec.name);
    return undefined;
  }

  text(name: string): string {
    return this.known(name).type === 'strings' ? this.list(name).join(',') : (this.texts.get(name) ?? '');
  }

  bool(name: string): boolean {
    this.known(name, 'bool');
    return this.texts.get(name) === 'true';
  }

  list(name: string): readonly string[] {
    this.known(name, 'strings');
    return this.lists.get(name) ?? [];
  }

  int64(name: string): number {
    this.known(name, 'int64');
    return int64Number(BigInt(this.text(name)));
  }

  milliseconds(name: string): number {
    this.known(name, 'duration');
    const parsed = parseDuration(this.text(name));
    return parsed.kind === 'duration' ? Number(parsed.nanoseconds) / 1e6 : 0;
  }

  isSet(name: string): boolean {
    this.known(name);
    return this.changed.has(name);
  }

  /** What --debug shows: like {@link text}, but a list in brackets, with quotes where they are needed. */
  shown(name: string): string {
    if (this.known(name).type !== 'strings') return this.text(name);
    return `[${this.list(name).map(quoteListItem).join(',')}]`;
  }

  private known(name: string, type?: FlagSpec['type']): FlagSpec {
    const spec = this.specs.get(name);
    if (spec === undefined) throw new TypeError(`the command has no flag --${name}`);
    if (type !== undefined && spec.type !== type) throw new TypeError(`--${name} is of type ${spec.type}, not ${type}`);
    return spec;
  }
}

/**
 * Reads a command line.
 *
 * @param argv words after the command's name, flags and arguments in any order
 * @param set takes the values of the flags
 * @returns the arguments
 * @throws UsageError at the first word that cannot be read; flags before it keep their values
 */
export function parseArgs(argv: readonly string[], set: FlagSet): string[] {
  const args: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--') {
      set.argsBeforeDash = args.length;
      return [...args, ...argv.slice(at + 1)];
    }
    const next = argv[at + 1];
    if (word.startsWith('--')) at += parseLong({ word, next, set });
    else if (word.startsWith('-') && word !== '-') at += parseShort({ word, next, set });
    else args.push(word);
  }
  return args;
}

interface Word {
  readonly word: string;
  /** The word behind it. */
  readonly next: string | undefined;
  readonly set: FlagSet;
}

/** @returns how many words after this one were its value */
function parseLong({ word, next, set }: Word): 0 | 1 {
  if (/^--[-=]/.test(word)) throw new UsageError(`bad flag syntax: ${word}`);
  const equals = word.indexOf('=');
  const name = word.slice(2, equals === -1 ? undefined : equals);
  const spec = set.spec(name);
  if (spec === undefined) throw new UsageError(`unknown flag: --${name}`);
  if (equals !== -1) return assign(set, { spec, text: word.slice(equals + 1), words: 0 });
  if (spec.type === 'bool') return assign(set, { spec, text: 'true', words: 0 });
  if (next === undefined) throw new UsageError(`flag needs an argument: --${name}`);
  return assign(set, { spec, text: next, words: 1 });
}

/** Several bools may share a dash; what follows any other flag is its value: `-wjson`, `-w=json`, `-w json`. */
function parseShort({ word, next, set }: Word): 0 | 1 {
  let rest = word.slice(1);
  while (rest !== '') {
    const letter = rest.slice(0, 1);
    const spec = set.shorthand(letter);
    if (spec === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in -${rest}`);
    if (rest.length > 2 && rest[1] === '=') return assign(set, { spec, text: rest.slice(2), words: 0 });
    if (spec.type === 'bool') {
      assign(set, { spec, text: 'true', words: 0 });
      rest = rest.slice(1);
      continue;
    }
    if (rest.length > 1) return assign(set, { spec, text: rest.slice(1), words: 0 });
    if (next === undefined) throw new UsageError(`flag needs an argument: '${letter}' in -${rest}`);
    return assign(set, { spec, text: next, words: 1 });
  }
  return 0;
}

function assign(set: FlagSet, { spec, text, words }: { spec: FlagSpec; text: string; words: 0 | 1 }): 0 | 1 {
  const refused = set.set(spec, text);
  if (refused === undefined) return words;
  const name = spec.shorthand === undefined ? `--${spec.name}` : `-${spec.shorthand}, --${spec.name}`;
  throw new UsageError(`invalid argument ${quote(text)} for "${name}" flag: ${refused}`);
}
