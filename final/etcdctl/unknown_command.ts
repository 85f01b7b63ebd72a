// What is said of a command that there is not, by etcdctl and etcdutl: the text comes twice, from the one who found the error
// and from the one who ends the program. Mirrors cobra.

import { Exit, ExitError, type Io } from './command.ts';
import { quote } from './go_quote.ts';
import { suggestions } from './suggest.ts';

/** The program, with the commands that may have been meant, in the order in which they are suggested. */
export interface Program {
  readonly name: string;
  readonly subcommands?: readonly { readonly name: string }[];
}

/** @returns the error, after it was told the first time */
export function unknownCommand(program: Program, typed: string, io: Io): ExitError {
  const near = suggestions(
    typed,
    (program.subcommands ?? []).map((command) => command.name),
  );
  const hint = near.length === 0 ? '' : `\n\nDid you mean this?\n${near.map((name) => `\t${name}\n`).join('')}`;
  const message = `unknown command ${quote(typed)} for "${program.name}"${hint}`;
  io.stderr.write(`Error: ${message}\nRun '${program.name} --help' for usage.\n`);
  return new ExitError(Exit.Error, message);
}
