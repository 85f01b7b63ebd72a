// Runs a program for a command, and says how it ended in the words of Go's os/exec.

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { goReason } from './go_error.ts';

/** Go's names of the signals that can end a program. Node tells nothing of the real-time signals. */
const signalNames: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGIO: 'I/O possible',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGPOLL: 'I/O possible',
  SIGPROF: 'profiling timer expired',
  SIGPWR: 'power failure',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGSTKFLT: 'stack fault',
  SIGSYS: 'bad system call',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGUSR1: 'user defined signal 1',
  SIGUSR2: 'user defined signal 2',
  SIGVTALRM: 'virtual timer expired',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'file size limit exceeded',
};

/** As {@link Io.run}. Never throws. */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if (program === '') return 'exec: no command';
  const file = program.includes('/') ? program : findInPath(program, env['PATH'] ?? '');
  if (file === undefined) return `exec: "${program}": executable file not found in $PATH`;
  if (!program.includes('/') && !path.isAbsolute(file)) {
    return `exec: "${program}": cannot run executable found relative to current directory`;
  }
  const startFailure = (error: unknown): string => `fork/exec ${file}: ${goReason(error)}`;
  let child: ChildProcess;
  try {
    child = spawn(file, args, { argv0: program, env, stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (error) {
    // Node throws some of the reasons, and tells others later.
    return startFailure(error);
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(startFailure(error)));
    child.once('exit', (code, signal) => resolve(endOf(code, signal)));
  });
}

/** The first file of that name which may be run; relative when its folder is. */
function findInPath(program: string, folders: string): string | undefined {
  return folders
    .split(':')
    .map((folder) => path.join(folder, program))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isDirectory() && (stats.mode & 0o111) !== 0;
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `signal: ${signalNames[signal] ?? signal}`;
  return code === 0 ? undefined : `exit status ${code ?? 1}`;
}
