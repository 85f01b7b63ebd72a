// The ports on Node: the clocks of the process, and a log in the form that etcd 3.5 writes (spec/cli.md A.6).

import fs from 'node:fs';
import type { Clock, LogFields, Logger } from './ports.ts';

export const nodeClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
  soon: (task) => void setImmediate(task),
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
};

/** Random integers below a bound. */
export const nodeRandom = (below: number): number => Math.floor(Math.random() * below);

/** Logs `error` with its stack and ends the process with status 1. */
export function crashWith(log: Logger): (error: unknown) => never {
  return (error) => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    log.fatal(message, { stacktrace: stack });
    process.exit(1);
  };
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'dpanic' | 'panic' | 'fatal';

/** From the least to the most severe. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'dpanic', 'panic', 'fatal'];

const STDOUT = 1;
const STDERR = 2;

export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** default (= stderr), stderr, stdout, or paths of files, which are appended to. */
  readonly outputs: readonly string[];
}

/** A log that writes one JSON object a line. Throws when an output cannot be opened. */
export function openLog(options: LogOptions): Logger {
  const files = options.outputs.map((output) => {
    if (output === 'stdout') return STDOUT;
    return output === 'default' || output === 'stderr' ? STDERR : fs.openSync(output, 'a', 0o600);
  });
  const least = LOG_LEVELS.indexOf(options.level);
  return loggerAt('etcd', (level, caller, msg, fields) => {
    if (LOG_LEVELS.indexOf(level) < least) return;
    const line = formatLine({ level, caller, msg, fields });
    for (const file of files) writeLine(file, line);
  });
}

type Write = (level: LogLevel, caller: string, msg: string, fields: LogFields | undefined) => void;

function loggerAt(caller: string, write: Write): Logger {
  return {
    debug: (msg, fields) => write('debug', caller, msg, fields),
    info: (msg, fields) => write('info', caller, msg, fields),
    warn: (msg, fields) => write('warn', caller, msg, fields),
    error: (msg, fields) => write('error', caller, msg, fields),
    fatal: (msg, fields) => write('fatal', caller, msg, fields),
    at: (other) => loggerAt(other, write),
  };
}

interface Line {
  readonly level: LogLevel;
  readonly caller: string;
  readonly msg: string;
  readonly fields: LogFields | undefined;
}

function formatLine({ level, caller, msg, fields }: Line): string {
  // Date has milliseconds; etcd writes microseconds.
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  const ts = new Date(micros / 1000).toISOString().replace('Z', `${String(micros % 1000).padStart(3, '0')}Z`);
  const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  return `${JSON.stringify({ level, ts, caller, msg, ...fields }, plain)}\n`;
}

// A log that nobody reads must not stop the server: a full pipe loses the line.
function writeLine(file: number, line: string): void {
  try {
    fs.writeSync(file, line);
  } catch {
    // Nowhere is left to report to.
  }
}
