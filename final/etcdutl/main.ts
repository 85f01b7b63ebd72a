// Runs etcdutl: finds the command, reads its flags, and does it or says why not. Mirrors etcdutl 3.5 and what cobra prints
// around it (spec/cli.md C.10). The frame is that of etcdctl; usage is told on stderr here, and nothing comes from the
// environment.

import { Exit, ExitError, type Io } from '../etcdctl/command.ts';
import { FlagSet, parseArgs, UsageError } from '../etcdctl/flags.ts';
import { findCommand, knownFlags } from '../etcdctl/lookup.ts';
import type { PrinterFactory } from '../etcdctl/main.ts';
import { formats, type Printer } from '../etcdctl/printer.ts';
import { unknownCommand } from '../etcdctl/unknown_command.ts';
import { helpText } from './help.ts';
import type { Tool } from './tool.ts';
import { helpTool, rootTool } from './tool_table.ts';

export interface MainOptions {
  /** Without the program. */
  readonly argv: readonly string[];
  readonly io: Io;
  /** Loaded when a command prints. */
  readonly printers: () => Promise<PrinterFactory>;
}

/** @returns the exit status. Throws only what is a bug, or a failure of the disk. */
export async function main(options: MainOptions): Promise<number> {
  try {
    await dispatch(options);
    return Exit.Success;
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    options.io.stderr.write(`Error: ${error.message}\n`);
    return error.exitStatus;
  }
}

async function dispatch({ argv, io, printers }: MainOptions): Promise<void> {
  const { path, words, stray } = findCommand(rootTool, argv);
  const tool = path.at(-1) ?? rootTool;
  if (tool === rootTool && stray !== undefined) throw unknownCommand(rootTool, stray, io);
  if (tool.deprecated !== undefined) io.stderr.write(`Command "${tool.name}" is deprecated, ${tool.deprecated}\n`);
  const set = new FlagSet(knownFlags(path));
  const args = readArgs({ path, words, set, io });
  if (set.bool('help')) return io.stdout.write(helpText(path));
  if (tool === helpTool) return runHelp(args, io);
  if (tool.run === undefined) return io.stdout.write(helpText(path));
  const wrong = argumentsError(tool, args) ?? missingFlags(tool, set);
  if (wrong !== undefined) throw usageFailure({ path, message: wrong, io });
  const newPrinter = await printers();
  await tool.run({
    args,
    flags: set,
    io,
    get printer() {
      return checkedPrinter(newPrinter, set, io);
    },
  });
}

interface Parsing {
  readonly path: readonly Tool[];
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

function argumentsError({ exactArgs }: Tool, args: readonly string[]): string | undefined {
  if (exactArgs === undefined || args.length === exactArgs) return undefined;
  return `accepts ${exactArgs} arg(s), received ${args.length}`;
}

function missingFlags({ required = [] }: Tool, set: FlagSet): string | undefined {
  const missing = required.filter((name) => !set.isSet(name));
  if (missing.length === 0) return undefined;
  return `required flag(s) ${missing.map((name) => `"${name}"`).join(', ')} not set`;
}

/** The text comes twice: from the one who found the error and from the one who ends the program. */
function usageFailure({ path, message, io }: { path: readonly Tool[]; message: string; io: Io }): ExitError {
  io.stderr.write(`Error: ${message}\n${helpText(path)}\n`);
  return new ExitError(Exit.Error, message);
}

function runHelp(topic: readonly string[], io: Io): void {
  const { path, stray } = findCommand(rootTool, topic);
  if (path.length === 1 && stray !== undefined) {
    io.stderr.write(`Unknown help topic [${topic.map((word) => `\`${word}\``).join(' ')}]\n`);
    return io.stderr.write(helpText(path));
  }
  io.stdout.write(helpText(path));
}

function checkedPrinter(newPrinter: PrinterFactory, set: FlagSet, io: Io): Printer {
  const format = formats.find((known) => known === set.text('write-out'));
  if (format === undefined) throw new ExitError(Exit.BadFeature, 'unsupported output format');
  return newPrinter(format, { hex: false, borders: 'lines', io });
}
