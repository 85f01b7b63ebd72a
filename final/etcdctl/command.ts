// What a command of etcdctl is: its place in the tree, its flags, and what it does. command_table.ts lists them all;
// flags.ts parses what was typed; help.ts prints what can be typed.

import type { Client } from '../client/client.ts';
import type { Printer } from './printer.ts';

/** How a flag's value is written; the names are those that cobra shows in its errors. */
export type FlagType = 'string' | 'bool' | 'int64' | 'uint' | 'duration' | 'strings';

export interface FlagSpec {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly shorthand?: string;
  readonly type: FlagType;
  /** As help prints it, without quotes. */
  readonly default: string;
  readonly help: string;
}

/** Values of flags: what was given, else the default. Reading a flag that the command does not have is a bug. */
export interface FlagValues {
  text(name: string): string;
  bool(name: string): boolean;
  /** Whether it was given on the command line or in the environment. */
  isSet(name: string): boolean;
}

export interface Io {
  readonly stdout: { write(data: string | Uint8Array): void };
  readonly stderr: { write(data: string | Uint8Array): void };
  /** Reads all of standard input. */
  readStdin(): Promise<Buffer>;
  /** Lines of standard input without their line ends. */
  stdinLines(): AsyncIterable<string>;
}

/** What a running command gets. */
export interface CommandContext {
  readonly args: readonly string[];
  readonly flags: FlagValues;
  readonly globals: FlagValues;
  readonly io: Io;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For --write-out; throws ExitError 4 for an unknown format. */
  readonly printer: Printer;
  /** Connects, once; closed by main. */
  client(): Promise<Client>;
}

export interface Command {
  readonly name: string;
  /** One line in the list of commands. */
  readonly short: string;
  /** `put [options] <key> <value> (<value> can also be given from stdin)` */
  readonly use: string;
  /** Text under DESCRIPTION, as help prints it; absent when there is none. */
  readonly long?: string;
  readonly flags: readonly FlagSpec[];
  readonly subcommands?: readonly Command[];
  /** Absent for a command that only has subcommands. Throws {@link ExitError}. */
  readonly run?: (context: CommandContext) => Promise<void>;
}

/** Ends the program: `message`, if any, goes to stderr as `Error: message`. */
export class ExitError extends Error {
  readonly exitStatus: number;

  constructor(exitStatus: number, message: string) {
    super(message);
    this.name = 'ExitError';
    this.exitStatus = exitStatus;
  }
}

/** Exit statuses (spec/cli.md C.2). */
export const Exit = {
  Success: 0,
  Error: 1,
  BadConnection: 2,
  InvalidInput: 3,
  BadFeature: 4,
  Interrupted: 5,
  BadArgs: 128,
} as const;
