// What a command of etcdctl is: its place in the tree, its flags, and what it does. command_table.ts lists them all;
// flags.ts parses what was typed; help.ts prints what can be typed.

import type { Client } from '../client/client.ts';
import type { CallOptions } from '../client/rpc.ts';
import type { TlsFlags } from './connect_options.ts';
import type { Printer } from './printer.ts';

/** How a flag's value is written; the names are those that cobra shows in its errors. */
export type FlagType = 'string' | 'bool' | 'int64' | 'uint' | 'duration' | 'strings';

export interface FlagSpec {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly shorthand?: string;
  readonly type: FlagType;
  /** In the form that {@link FlagValues.text} gives; help adds quotes or brackets. */
  readonly default: string;
  readonly help: string;
}

/** Values of flags: what was given, else the default. Reading a flag that the command does not have is a bug. */
export interface FlagValues {
  /** Normal form: integers decimal, durations as Go prints them, lists joined by commas. */
  text(name: string): string;
  bool(name: string): boolean;
  /** Of a `strings` flag. */
  list(name: string): readonly string[];
  /** Of an `int64` flag, as the codecs take it. */
  int64(name: string): number;
  /** Of a `duration` flag; may be a fraction, zero or negative. */
  milliseconds(name: string): number;
  /** Whether it was given on the command line or in the environment. */
  isSet(name: string): boolean;
}

/** Where a command reads and writes; io_node.ts has that of the process. */
export interface Io {
  readonly stdout: { write(data: string | Uint8Array): void };
  readonly stderr: { write(data: string | Uint8Array): void };
  /** Reads all of standard input. */
  readStdin(): Promise<Buffer>;
  /** Lines of standard input without their line ends; what stands behind the last line end is no line. */
  stdinLines(): AsyncIterable<string>;
  /** One line of standard input, not shown while it is typed on a terminal. */
  readSecret(): Promise<string>;
  /** Aborted by the next SIGINT or SIGTERM; those that follow do nothing. Before this is called they end the process. */
  interrupted(): AbortSignal;
  /**
   * Runs a program to its end. It writes where this process does, and has nothing to read.
   *
   * @param words the program and its arguments
   * @param env all of its variables
   * @returns what went wrong, as Go's os/exec says it; undefined when nothing did
   */
  run(words: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<string | undefined>;
}

/** What a running command gets. */
export interface CommandContext {
  readonly args: readonly string[];
  /** How many of the arguments stood before `--`; undefined without one. */
  readonly argsBeforeDash: number | undefined;
  /** All flags of the command, also the inherited ones, as typed: reading them does not look at the environment. */
  readonly flags: FlagValues;
  /** The same flags; the first use takes ETCDCTL_* into account and does what --debug asks (spec/cli.md C.1). */
  readonly globals: FlagValues;
  readonly io: Io;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For --write-out; throws ExitError 4 for an unknown format. */
  readonly printer: Printer;
  /**
   * Connects to the endpoints of the command line, once; closed by main. Throws {@link ExitError} 2 when it cannot.
   */
  client(): Promise<Client>;
  /** A client of its own for one endpoint; closed by main. Throws ClientError when authentication fails. */
  clientOf(endpoint: string): Promise<Client>;
  /** A client like the one of {@link client}, with connections of its own; closed by main. Throws ClientError, ExitError. */
  anotherClient(): Promise<Client>;
  /**
   * A client of another cluster, to which the credentials of the command line do not go; closed by main.
   *
   * @throws ExitError 2 when it cannot connect, and as {@link readTls} does
   */
  clientOfCluster(endpoint: string, tls: TlsFlags): Promise<Client>;
  /** For calls of this command: --command-timeout. */
  readonly callOptions: CallOptions;
}

/** What finding a command and reading its flags looks at; `T` is the kind of command. */
export interface CommandNode<T> {
  readonly name: string;
  readonly flags: readonly FlagSpec[];
  readonly persistentFlags?: readonly FlagSpec[];
  readonly subcommands?: readonly T[];
}

export interface Command extends CommandNode<Command> {
  readonly name: string;
  /** One line in the list of commands. */
  readonly short: string;
  /** `put [options] <key> <value> (<value> can also be given from stdin)` */
  readonly use: string;
  /** USAGE does not end in `[flags]`. */
  readonly bareUsage?: boolean;
  /** Arguments are refused as unknown commands. */
  readonly noArgs?: boolean;
  /** Text under DESCRIPTION, as help prints it; absent when there is none. */
  readonly long?: string;
  readonly flags: readonly FlagSpec[];
  /** Flags of this command and of all below it; they can be set by ETCDCTL_* for those below. */
  readonly persistentFlags?: readonly FlagSpec[];
  readonly subcommands?: readonly Command[];
  /** ETCDCTL_* variables that it reads itself; they are no options. */
  readonly variables?: readonly string[];
  /** Needs neither a printer nor a connection, so none is loaded. */
  readonly offline?: boolean;
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
