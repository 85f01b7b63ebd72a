// ETCDCTL_* variables, which set options that were not typed, and what --debug tells about the outcome. Mirrors etcd's
// pkg/flags as etcdctl 3.4 uses it (spec/cli.md C.1).

import type { FlagSpec, Io } from './command.ts';
import { Exit, ExitError } from './command.ts';
import type { FlagSet } from './flags.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'ETCDCTL_';

/** Chooses the API; read before anything else, and not an option. */
const apiVariable = 'ETCDCTL_API';

/**
 * @param env of the process
 * @throws ExitError 1 for an API that there is no client for; unset, empty and `3` are the one that there is
 */
export function checkApiVersion(env: Environment, io: Io): void {
  const version = env[apiVariable] ?? '';
  if (version === '' || version === '3') return;
  if (version === '2') throw new ExitError(Exit.Error, 'the client of API version 2 is not yet implemented');
  io.stderr.write(`unsupported API version ${version}\n`);
  throw new ExitError(Exit.Error, '');
}

/** @returns the variables without the one that chose the API: the real etcdctl does not hand it on to programs it runs */
export function withoutApiVersion({ [apiVariable]: _chosen, ...env }: Environment): Environment {
  return env;
}

/** @returns the variable of an option: `write-out` is `ETCDCTL_WRITE_OUT` */
export function variableName(flag: string): string {
  return prefix + flag.toUpperCase().replaceAll('-', '_');
}

interface EnvironmentOptions {
  readonly env: Environment;
  /** What was typed; takes the values of the variables. */
  readonly set: FlagSet;
  /** Options that variables can set. */
  readonly flags: readonly FlagSpec[];
  /** Variables that mean something else to the command. */
  readonly others: readonly string[];
  readonly io: Io;
}

/**
 * Sets the options that were not typed from their variables, and warns about ETCDCTL_* variables that set nothing.
 *
 * A value that cannot be read is not reported: a bool is then false and a duration 0, as on etcdctl 3.4. An empty variable
 * sets nothing.
 *
 * @throws ExitError 1 for an option that was typed and has a variable too, even an empty one; the line is printed here
 */
export function applyEnvironment({ env, set, flags, others, io }: EnvironmentOptions): void {
  const typed = new Set(flags.filter((flag) => set.isSet(flag.name)).map((flag) => variableName(flag.name)));
  const used = new Set([apiVariable, ...others]);
  for (const flag of flags) {
    const name = variableName(flag.name);
    const value = env[name] ?? '';
    if (typed.has(name) || value === '') continue;
    used.add(name);
    set.set(flag, value);
  }
  for (const [name, value] of Object.entries(env)) {
    if (typed.has(name)) {
      const reason =
        'is shadowed by corresponding command-line flag (either unset environment variable or disable flag)';
      io.stderr.write(logLine('C', `conflicting environment variable "${name}" ${reason}`));
      throw new ExitError(Exit.Error, '');
    }
    if (name.startsWith(prefix) && !used.has(name)) {
      io.stderr.write(logLine('W', `unrecognized environment variable ${name}=${value ?? ''}`));
    }
  }
}

/** What --debug prints: every option as a variable, in alphabetical order. */
export function debugLines(set: FlagSet, flags: readonly FlagSpec[]): string {
  const sorted = [...flags].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map((flag) => `${variableName(flag.name)}=${set.shown(flag.name)}\n`).join('');
}

/** A line as etcd 3.4's first logger writes it: local time, level, package, text. */
function logLine(level: 'C' | 'W', text: string): string {
  const now = new Date();
  const two = (value: number): string => value.toString().padStart(2, '0');
  const date = [now.getFullYear().toString(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  const time = [two(now.getHours()), two(now.getMinutes()), two(now.getSeconds())].join(':');
  const micros = `${now.getMilliseconds().toString().padStart(3, '0')}000`;
  return `${date} ${time}.${micros} ${level} | pkg/flags: ${text}\n`;
}
