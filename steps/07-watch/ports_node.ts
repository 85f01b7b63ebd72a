// The ports on Node: a log in the form that etcd 3.5 writes, one JSON object a line.

import type { LogFields, Logger } from './ports.ts';

/** A log that writes to stderr. */
export function openLog(): Logger {
  return loggerAt('etcd');
}

function loggerAt(caller: string): Logger {
  const write = (level: string, msg: string, fields?: LogFields): void => {
    process.stderr.write(`${JSON.stringify({ level, ts: new Date().toISOString(), caller, msg, ...fields })}\n`);
  };
  return {
    info: (msg, fields) => write('info', msg, fields),
    warn: (msg, fields) => write('warn', msg, fields),
    fatal: (msg, fields) => write('fatal', msg, fields),
    at: loggerAt,
  };
}
