// The tool of the chain of steps: `node --import tsx steps/tool/main.ts COMMAND …`, or `npm run step -- COMMAND …`.

import { type Chain, loadChain } from './chain.ts';
import { check } from './check.ts';
import { type Command, UsageError } from './command.ts';
import { diff } from './diff.ts';
import { newStep } from './new.ts';
import { port } from './port.ts';
import { run } from './run.ts';
import { stat } from './stat.ts';

// Only judging needs the cases and with them the gRPC library; the other commands start without.
const grade: Command = async (args, place) => (await import('./grade.ts')).grade(args, place);

const COMMANDS: Readonly<Record<string, { readonly command: Command; readonly help: string }>> = {
  run: { command: run, help: 'run N [flags]         start the server of step N (number, slug or final)' },
  diff: { command: diff, help: 'diff A B              what changes from step A to step B' },
  stat: { command: stat, help: 'stat                  lines and files that change between neighbours' },
  grade: { command: grade, help: 'grade N [--cmd "…"]   judge step N, or your own program, by its cases' },
  port: { command: port, help: 'port N [--base REV]   carry what changed in step N through the later ones' },
  check: { command: check, help: 'check                 hold the chain against its rules' },
  new: { command: newStep, help: 'new N slug            begin a step as a copy of the last one' },
};

/**
 * Runs one command line. Gives the exit code: the command's own, 1 for an error, 2 for a command line that makes no sense.
 */
export async function main(
  args: readonly string[],
  options: { readonly root?: string; readonly print: (text: string) => void },
): Promise<number> {
  const [name = '', ...rest] = args;
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    for (const { help } of Object.values(COMMANDS)) options.print(help);
    return name === '' || name === 'help' || name === '--help' ? 0 : 2;
  }
  try {
    const chain: Chain = loadChain(options.root);
    return await entry.command(rest, { chain, print: options.print });
  } catch (error) {
    options.print(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError || isArgumentError(error) ? 2 : 1;
  }
}

function isArgumentError(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

if (process.argv[1] === import.meta.filename) {
  process.exitCode = await main(process.argv.slice(2), { print: (text) => console.log(text) });
}
