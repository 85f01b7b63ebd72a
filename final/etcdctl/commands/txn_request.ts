// One request of a txn: a line that is written like the command line of get, put or del.

import type { Init } from '../../../proto/load.ts';
import type { RequestOp } from '../../../proto/schema.ts';
import { type Command, Exit, ExitError, type FlagSpec, type Io } from '../command.ts';
import { FlagSet, parseArgs, UsageError } from '../flags.ts';
import { findCommand, helpFlag, knownFlags } from '../lookup.ts';
import { delCommand, getCommand, putCommand } from '../table/kv.ts';
import { splitWords } from '../txn_grammar.ts';
import { deleteRequest } from './del.ts';
import { rangeRequest } from './get.ts';
import type { Typed } from './key_range.ts';
import { putRequest } from './put.ts';

interface RequestKind {
  /** With the name, the flags and the usage of the command that it is written like. */
  readonly command: Command;
  readonly request: (typed: Typed) => Promise<Init<RequestOp>>;
}

const kinds: readonly RequestKind[] = [
  { command: putCommand, request: async (typed) => ({ request_put: await putRequest(typed, noStdin) }) },
  { command: getCommand, request: async (typed) => ({ request_range: rangeRequest(typed) }) },
  { command: delCommand, request: async (typed) => ({ request_delete_range: deleteRequest(typed) }) },
];

const root: Command = {
  name: '',
  short: '',
  use: '',
  flags: [],
  subcommands: kinds.map(({ command }) => command),
};

/**
 * @param line without blanks around it
 * @param io gets the usage of the command when a flag cannot be read
 * @throws ExitError
 */
export async function parseRequest(line: string, io: Io): Promise<Init<RequestOp>> {
  const words = splitWords(line);
  if (words.length < 2) throw new ExitError(Exit.InvalidInput, `invalid txn compare request: ${line}`);
  const found = findCommand(root, words);
  const kind = kinds.find(({ command }) => command === found.path.at(-1));
  const invalid = new ExitError(Exit.InvalidInput, `invalid txn request: ${line}`);
  if (kind === undefined) throw invalid;
  const flags = new FlagSet(knownFlags(found.path));
  const args = readArgs(found.words, flags);
  if (args === undefined || flags.bool('help')) {
    io.stderr.write(usage(kind.command));
    throw invalid;
  }
  return kind.request({ args, flags });
}

function readArgs(words: readonly string[], flags: FlagSet): string[] | undefined {
  try {
    return parseArgs(words, flags);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Standard input holds the transaction; a value cannot come from there. */
async function noStdin(): Promise<Buffer> {
  return Buffer.alloc(0);
}

/** The usage that cobra prints unless a program brings its own, as etcdctl does everywhere else. */
function usage({ name, use, flags }: Command): string {
  const rows = [...flags, helpFlag(name)]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((flag) => {
      const type = flag.type === 'bool' ? '' : flag.type === 'int64' ? ' int' : ` ${flag.type}`;
      const left = `${flag.shorthand === undefined ? '   ' : `-${flag.shorthand},`} --${flag.name}${type}`;
      return { left, right: `${flag.help}${shownDefault(flag)}` };
    });
  const width = Math.max(...rows.map(({ left }) => left.length));
  const flagLines = rows.map(({ left, right }) => `  ${left.padEnd(width)}   ${right}\n`);
  return `Usage:\n   ${use} [flags]\n\nFlags:\n${flagLines.join('')}\n`;
}

function shownDefault(flag: FlagSpec): string {
  return flag.type === 'string' && flag.default !== '' ? ` (default "${flag.default}")` : '';
}
