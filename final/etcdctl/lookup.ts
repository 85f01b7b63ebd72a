// Finds the command that a command line names. Mirrors cobra, with the abbreviation of names that etcdctl switches on.

import type { CommandNode, FlagSpec } from './command.ts';
import { FlagSet } from './flags.ts';

export interface Found<T> {
  /** The command and those above it, the root first. */
  readonly path: readonly T[];
  /** The command line without the names of the commands; flags are still among it. */
  readonly words: readonly string[];
  /** The first word that is not a flag and that no command below the found one has as its name. */
  readonly stray: string | undefined;
}

/** A command and those above it, the root first. */
type Path = readonly Pick<CommandNode<never>, 'name' | 'flags' | 'persistentFlags'>[];

/**
 * Finds a command by its name or by a beginning that no other command has.
 *
 * The search does not know the flags of commands further down: a flag it does not know is taken to have the next word as
 * its value, so `--once lease keep-alive` does not find `lease`.
 *
 * @param root of the tree
 * @param words the whole command line
 */
export function findCommand<T extends CommandNode<T>>(root: T, words: readonly string[]): Found<T> {
  const path = [root];
  let left = words;
  for (let command = root; ; ) {
    const index = firstArgument(left, new FlagSet(searchFlags(path)));
    const stray = index === undefined ? undefined : left[index];
    const next = stray === undefined ? undefined : subcommand(command, stray);
    if (next === undefined) return { path, words: left, stray };
    left = left.filter((_, at) => at !== index);
    path.push(next);
    command = next;
  }
}

/**
 * All flags that can be typed at a command: its own, and the persistent ones of the commands above it.
 *
 * @param path the command and those above it, the root first
 */
export function knownFlags(path: Path): FlagSpec[] {
  const command = path.at(-1);
  const name = command?.name ?? '';
  return [...(command?.flags ?? []), ...persistentFlags(path), helpFlag(name)];
}

/** Flags that a command got from those above it: ETCDCTL_* can set these. */
export function inheritedFlags(path: Path): FlagSpec[] {
  return persistentFlags(path.slice(0, -1));
}

/** The flag that every command has. */
export function helpFlag(command: string): FlagSpec {
  return { name: 'help', shorthand: 'h', type: 'bool', default: 'false', help: `help for ${command}` };
}

function persistentFlags(path: Path): FlagSpec[] {
  return path.flatMap((command) => command.persistentFlags ?? []);
}

/** --help is not among them: a command gets it only when it is run, so `-h get` is the help of the root. */
function searchFlags(path: Path): FlagSpec[] {
  return [...(path.at(-1)?.flags ?? []), ...persistentFlags(path)];
}

/** @returns where the first word stands that is neither a flag nor the value of one; undefined behind `--` */
function firstArgument(words: readonly string[], known: FlagSet): number | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return undefined;
    if (!word.startsWith('-')) {
      if (word !== '') return at;
      continue;
    }
    const spec = word.startsWith('--') ? known.spec(word.slice(2)) : known.shorthand(word.slice(1));
    const alone = word.includes('=') || spec?.type === 'bool' || !(word.startsWith('--') || word.length === 2);
    if (!alone) at += 1;
  }
  return undefined;
}

function subcommand<T extends CommandNode<T>>(parent: T, typed: string): T | undefined {
  const all = parent.subcommands ?? [];
  const beginnings = all.filter((command) => command.name.startsWith(typed));
  return all.find((command) => command.name === typed) ?? (beginnings.length === 1 ? beginnings[0] : undefined);
}
