// What the program needs from the world outside, as interfaces: whoever starts a server brings them, so a test or a
// simulation can bring its own. The real ones are in ports_node.ts.

import type { FileSystem } from './storage/fs.ts';

/** Fields of one log line; a bigint is written as a decimal string. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  fatal(msg: string, fields?: LogFields): void;
  /** The same log, its lines marked as coming from `caller`, a source file. */
  at(caller: string): Logger;
}

export interface Clock {
  /** Milliseconds of a steady clock with an arbitrary start; never goes back. */
  now(): number;
  /** Milliseconds since 1970; may jump. */
  wall(): number;
  /** Calls `tick` every `ms` milliseconds until the returned function is called. */
  every(ms: number, tick: () => void): () => void;
  /** Calls `task` as soon as what has come in by now was looked at. */
  soon(task: () => void): void;
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>;
}

export interface Ports {
  readonly clock: Clock;
  /** A random integer from 0 up to, not including, `below`. */
  readonly random: (below: number) => number;
  readonly fs: FileSystem;
  readonly log: Logger;
  /** Ends the process at once; for a bug of ours, behind which going on would damage data. */
  readonly crash: (error: unknown) => never;
}
