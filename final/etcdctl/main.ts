// Runs etcdctl: finds the command, reads its flags, and does it or says why not. Mirrors etcdctl's main and what cobra
// prints around it (spec/cli.md C.1, C.2). What is printed is what the client of 3.4.23 prints, byte for byte; README.md
// has the differences.

import type { Client, ClientOptions } from '../client/client.ts';
import { ClientError } from '../client/errors.ts';
import type { CallOptions } from '../client/rpc.ts';
import type { Command, CommandContext, Io } from './command.ts';
import { Exit, ExitError } from './command.ts';
import { rootCommand } from './command_table.ts';
import { connectOptions, readTls, type TlsFlags } from './connect_options.ts';
import type { Environment } from './environment.ts';
import { applyEnvironment, checkApiVersion, debugLines, withoutApiVersion } from './environment.ts';
import { FlagSet, parseArgs, UsageError } from './flags.ts';
import { quote } from './go_quote.ts';
import { helpText } from './help.ts';
import { findCommand, inheritedFlags, knownFlags } from './lookup.ts';
import { type Format, formats, type Printer, type PrinterOptions } from './printer.ts';
import { failedAttemptLine } from './retry_log.ts';
import { helpCommand } from './table/meta.ts';
import { unknownCommand } from './unknown_command.ts';

export type PrinterFactory = (format: Format, options: PrinterOptions) => Printer;

/** What is loaded only when a command needs it: the codecs and the gRPC client take longer to load than help to print. */
export interface Services {
  /** @returns a client that main closes. Throws ClientError or RangeError as the client does. */
  connect(options: ClientOptions): Promise<Client>;
  printers(): Promise<PrinterFactory>;
}

export interface MainOptions {
  /** Without the program. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly io: Io;
  readonly services: Services;
}

/** @returns the exit status (spec/cli.md C.2). Throws only what is a bug. */
export async function main(options: MainOptions): Promise<number> {
  try {
    checkApiVersion(options.env, options.io);
    await dispatch({ ...options, env: withoutApiVersion(options.env) });
    return Exit.Success;
  } catch (error) {
    if (!(error instanceof ExitError || error instanceof ClientError)) throw error;
    if (error.message !== '') options.io.stderr.write(`Error: ${error.message}\n`);
    return error instanceof ExitError ? error.exitStatus : Exit.Error;
  }
}

async function dispatch({ argv, env, io, services }: MainOptions): Promise<void> {
  const { path, words, stray } = findCommand(rootCommand, argv);
  const command = path.at(-1) ?? rootCommand;
  if (command === rootCommand && stray !== undefined) throw unknownCommand(rootCommand, stray, io);
  const set = new FlagSet(knownFlags(path));
  const args = readArgs({ path, words, set, io });
  if (set.bool('help')) return io.stdout.write(helpText(path));
  if (command === helpCommand) return runHelp(args, io);
  if (command.run === undefined) return io.stdout.write(helpText(path));
  if (command.noArgs === true && args[0] !== undefined) {
    const name = path.map((part) => part.name).join(' ');
    throw usageFailure({ path, message: `unknown command ${quote(args[0])} for "${name}"`, io });
  }
  await runCommand({ command, path, args, set, env, io, services });
}

interface Parsing {
  readonly path: readonly Command[];
  readonly words: readonly string[];
  readonly set: FlagSet;
  readonly io: Io;
}

function readArgs({ path, words, set, io }: Parsing): string[] {
  try {
    return parseArgs(words, set);
  } catch (error) {
    if (error instanceof UsageError) throw usageFailure({ path, message: error.message, io });
    throw error;
  }
}

/** The text comes twice on stderr: from the one who found the error and from the one who ends the program. */
function usageFailure({ path, message, io }: { path: readonly Command[]; message: string; io: Io }): ExitError {
  io.stdout.write(helpText(path));
  io.stderr.write(`Error: ${message}\n\n`);
  return new ExitError(Exit.Error, message);
}

function runHelp(topic: readonly string[], io: Io): void {
  const { path, stray } = findCommand(rootCommand, topic);
  if (path.length === 1 && stray !== undefined) {
    const shown = topic.map((word) => (word.includes('`') ? quote(word) : `\`${word}\``)).join(' ');
    io.stderr.write(`Unknown help topic [${shown}]\n`);
  }
  io.stdout.write(helpText(path));
}

interface Running extends Omit<MainOptions, 'argv'> {
  readonly command: Command;
  readonly path: readonly Command[];
  readonly args: readonly string[];
  readonly set: FlagSet;
}

async function runCommand({ command, path, args, set, env, io, services }: Running): Promise<void> {
  const newPrinter = command.offline === true ? refusePrinter : await services.printers();
  let prepared = false;
  const globals = (): FlagSet => {
    if (prepared) return set;
    prepared = true;
    const flags = inheritedFlags(path);
    applyEnvironment({ env, set, flags, others: command.variables ?? [], io });
    if (set.bool('debug')) io.stderr.write(debugLines(set, flags));
    return set;
  };
  let printer: Printer | undefined;
  const thePrinter = (): Printer => (printer ??= checkedPrinter(newPrinter, { globals: globals(), io }));
  const clients = new Clients({ globals, checkPrinter: thePrinter, io, services });
  const context: CommandContext = {
    args,
    argsBeforeDash: set.argsBeforeDash,
    flags: set,
    io,
    env,
    get globals() {
      return globals();
    },
    get printer() {
      return thePrinter();
    },
    get callOptions(): CallOptions {
      return { timeoutMs: globals().milliseconds('command-timeout') };
    },
    client: () => clients.main(),
    clientOf: (endpoint) => clients.of(endpoint),
    anotherClient: () => clients.another(),
    clientOfCluster: (endpoint, tls) => clients.ofCluster(endpoint, tls),
  };
  try {
    await command.run?.(context);
  } finally {
    clients.close();
  }
}

interface Connecting {
  readonly globals: () => FlagSet;
  /** Throws for a format that there is not: that is told before anything is connected. */
  readonly checkPrinter: () => Printer;
  readonly io: Io;
  readonly services: Services;
}

/** The connections of one command. */
class Clients {
  private readonly connecting: Connecting;
  private readonly open: Client[] = [];
  private options: Promise<ClientOptions> | undefined;
  private mainClient: Promise<Client> | undefined;

  constructor(connecting: Connecting) {
    this.connecting = connecting;
  }

  main(): Promise<Client> {
    this.mainClient ??= this.another();
    return this.mainClient;
  }

  async of(endpoint: string): Promise<Client> {
    return this.connect({ ...(await this.clientOptions()), endpoints: [endpoint] });
  }

  async another(): Promise<Client> {
    return this.connectOrExit(await this.clientOptions());
  }

  async ofCluster(endpoint: string, tls: TlsFlags): Promise<Client> {
    const options = { ...(await this.clientOptions()), endpoints: [endpoint], user: undefined, password: undefined };
    return this.connectOrExit({ ...options, tls: await readTls(tls) });
  }

  close(): void {
    for (const client of this.open) client.close();
  }

  private async connectOrExit(options: ClientOptions): Promise<Client> {
    if (options.endpoints.length === 0) throw new ExitError(Exit.BadConnection, 'etcdclient: no available endpoints');
    try {
      return await this.connect(options);
    } catch (error) {
      if (error instanceof ClientError) throw new ExitError(Exit.BadConnection, error.message);
      throw error;
    }
  }

  private async connect(options: ClientOptions): Promise<Client> {
    try {
      const client = await this.connecting.services.connect(options);
      this.open.push(client);
      return client;
    } catch (error) {
      if (error instanceof RangeError) throw new ExitError(Exit.Error, error.message);
      throw error;
    }
  }

  private clientOptions(): Promise<ClientOptions> {
    this.options ??= this.readOptions();
    return this.options;
  }

  private async readOptions(): Promise<ClientOptions> {
    const { globals, checkPrinter, io } = this.connecting;
    const given = await connectOptions(globals(), io);
    checkPrinter();
    return {
      ...given,
      tls: await readTls(given.tls),
      onFailedAttempt: (attempt) => io.stderr.write(failedAttemptLine(attempt, new Date())),
    };
  }
}

function checkedPrinter(newPrinter: PrinterFactory, { globals, io }: { globals: FlagSet; io: Io }): Printer {
  const given = globals.text('write-out');
  const format = formats.find((known) => known === given);
  if (format === undefined) throw new ExitError(Exit.BadFeature, 'unsupported output format');
  return newPrinter(format, { hex: globals.bool('hex'), io });
}

function refusePrinter(): Printer {
  throw new TypeError('a command that is marked offline asked for a printer');
}
