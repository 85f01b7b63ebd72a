// Runs a program for a command, and says how it ended in the words of Go's os/exec.

import { spawn } from 'node:child_process';
import { goReason } from './go_error.ts';

/** Go's names of the signals that end a program; others are told by number. */
const signalNames: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
};

/** As {@link Io.run}. */
export function runProgram(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => resolve(startFailure(program, error)));
    child.once('exit', (code, signal) => resolve(endOf(code, signal)));
  });
}

function startFailure(program: string, error: Error): string {
  if (program.includes('/')) return `fork/exec ${program}: ${goReason(error)}`;
  return `exec: "${program}": executable file not found in $PATH`;
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `signal: ${signalNames[signal] ?? signal}`;
  return code === 0 ? undefined : `exit status ${code ?? 1}`;
}
