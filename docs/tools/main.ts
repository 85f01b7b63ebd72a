// The tools of the method notes: `npm run read -- COMMAND …`, or `node --import tsx docs/tools/main.ts COMMAND …`.

import { type Command, UsageError, workplace } from './command.ts';
import { flag } from './flag.ts';
import { frames } from './frames.ts';
import { log } from './log.ts';
import { quiz } from './quiz.ts';
import { didYouMean } from './suggest.ts';
import { trace } from './trace.ts';

const COMMANDS: Readonly<Record<string, { readonly command: Command; readonly help: string }>> = {
  flag: { command: flag, help: 'flag NAME [--in CODE] [--each]          follow a flag to what it does' },
  log: { command: log, help: 'log MESSAGE | --file FILE | --write     from the log to the source' },
  trace: { command: trace, help: 'trace [--in CODE]                       the stack of one put, from socket to reply' },
  frames: { command: frames, help: 'frames [--in STEP | --target HOST:PORT] one call, frame by frame on the wire' },
  quiz: { command: quiz, help: 'quiz [--seed N] [--step STEP]           a test that is made fresh from the code' },
};

/**
 * Runs one command line. Gives the exit code: the command's own, 1 for an error, 2 for a command line that makes no sense.
 */
export async function main(args: readonly string[], print: (text: string) => void): Promise<number> {
  const [name = '', ...rest] = args;
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const isHelp = name === '' || name === 'help' || name === '--help';
    if (!isHelp) print(`no command "${name}"${didYouMean(name, Object.keys(COMMANDS))}\n`);
    for (const { help } of Object.values(COMMANDS)) print(help);
    print('\nCODE: a step (05, 05-raft), final, or a folder of Go sources with a go.mod.');
    return isHelp ? 0 : 2;
  }
  try {
    return await entry.command(rest, workplace(print));
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError || isArgumentError(error) ? 2 : 1;
  }
}

function isArgumentError(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

if (process.argv[1] === import.meta.filename) {
  // Whoever reads the output may have seen enough.
  process.stdout.on('error', () => process.exit());
  process.exitCode = await main(process.argv.slice(2), (text) => process.stdout.write(`${text}\n`));
}
