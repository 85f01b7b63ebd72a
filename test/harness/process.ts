// Child processes that never outlive the test: output is captured up to a limit, every child is killed when this process
// ends, and every wait has a bound.

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** Captured output of one child is cut from the front beyond this many characters. */
export const MAX_CAPTURED = 4 * 1024 * 1024;

/** How a process ended: exit code or signal. */
export interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** What a finished program did. */
export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A running program. */
export interface Program {
  readonly pid: number | undefined;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when the process is gone and its output is read. */
  readonly exited: Promise<Exit>;
  /** Undefined while it runs. */
  readonly exit: () => Exit | undefined;
  readonly kill: (signal: NodeJS.Signals) => void;
}

// What runs, each with the way to signal it.
const alive = new Map<ChildProcess, (signal: NodeJS.Signals) => void>();

/**
 * Starts `command` (program, then arguments) without a shell in folder `cwd`. Variables that configure etcd or etcdctl are
 * taken out of the environment, `env` is added. A program that cannot be started ends with exit code 127. With `ownGroup` it
 * leads a process group, and a signal reaches all processes of that group, also after it has ended itself.
 */
export function startProgram(options: {
  command: readonly string[];
  cwd: string;
  env?: Readonly<Record<string, string>>;
  input?: string;
  ownGroup?: boolean;
}): Program {
  killChildrenAtExit();
  const [file = '', ...args] = options.command;
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    detached: options.ownGroup === true,
  });
  const kill = options.ownGroup === true ? (signal: NodeJS.Signals) => killGroup(child, signal) : killOne(child);
  alive.set(child, kill);
  const stdout = capture(child.stdout);
  const stderr = capture(child.stderr);
  let exit: Exit | undefined;
  let startError = '';
  const exited = new Promise<Exit>((resolve) => {
    const end = (value: Exit): void => {
      alive.delete(child);
      exit = value;
      resolve(value);
    };
    child.once('error', (error) => {
      startError = `${error.message}\n`;
      end({ code: 127, signal: undefined });
    });
    child.once('close', (code, signal) => end({ code: code ?? undefined, signal: signal ?? undefined }));
  });
  // A program that ends without reading its input is no error of the test.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return {
    pid: child.pid,
    stdout,
    stderr: () => startError + stderr(),
    exited,
    exit: () => exit,
    kill,
  };
}

function killOne(child: ChildProcess): (signal: NodeJS.Signals) => void {
  return (signal) => void child.kill(signal);
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody of the group is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Runs a program to its end; after `limitMs` (default 15 s) it is killed and the call throws an Error with its output. */
export async function runProgram(options: {
  command: readonly string[];
  cwd: string;
  env?: Readonly<Record<string, string>>;
  input?: string;
  limitMs?: number;
}): Promise<Finished> {
  const limitMs = options.limitMs ?? 15_000;
  const program = startProgram(options);
  const exit = await within(limitMs, program.exited);
  if (exit === undefined) {
    program.kill('SIGKILL');
    throw new Error(`still running after ${limitMs} ms: ${options.command.join(' ')}\n${program.stderr()}`);
  }
  return { ...exit, stdout: program.stdout(), stderr: program.stderr() };
}

/** The value of `promise`, or undefined when it takes longer than `limitMs`. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  const timer = delay(limitMs, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, timer]);
  } finally {
    stop.abort();
  }
}

function capture(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-MAX_CAPTURED);
  });
  return () => text;
}

/** The environment without what configures etcd, etcdctl or the test runner. */
export function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(ETCD|NODE_TEST|NODE_V8)/.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

let registered = false;

function killChildrenAtExit(): void {
  if (registered) return;
  registered = true;
  const killAll = (): void => {
    for (const kill of alive.values()) kill('SIGKILL');
  };
  process.once('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll();
      process.kill(process.pid, signal);
    });
  }
}
