// A log that a server has written, line by line: which source line wrote it, and what there is to read about it. The lines are
// JSON objects as zap writes them, and as our servers do.

import { canWrite, type LogCall } from './log_messages.ts';

interface LogLine {
  readonly level: string;
  readonly caller: string;
  readonly msg: string;
}

/**
 * The log `text` with a line below each line that says where it comes from. `more`: what else is to be said of a call.
 * Throws an Error when no line is one of a log.
 */
export function annotate(text: string, calls: readonly LogCall[], more: (call: LogCall) => string[]): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const told = lines.map((line) => {
    const parsed = parse(line);
    if (parsed === undefined) return { isLog: false, text: `? ${line}` };
    const call = writerOf(parsed, calls);
    const head = `${parsed.level.padEnd(5)} ${parsed.msg}`;
    if (call === undefined)
      return { isLog: true, text: `${head}\n      not found in this code (caller ${parsed.caller || 'unknown'})` };
    const page = more(call).find((one) => one.startsWith('page'));
    const where = `      ${call.file}:${call.line}  ${call.symbol ?? ''}`.trimEnd();
    return { isLog: true, text: [head, where, ...(page === undefined ? [] : [`      ${page}`])].join('\n') };
  });
  if (!told.some(({ isLog }) => isLog))
    throw new Error('no line of this file is a line of a log: a JSON object with level and msg');
  return told.map((one) => one.text).join('\n');
}

// Of several calls that can have written a message, the one that its caller names; else the one with most fixed text.
function writerOf(line: LogLine, calls: readonly LogCall[]): LogCall | undefined {
  const able = calls.filter((call) => canWrite(call, line.msg));
  const [file = '', number] = line.caller.split(':');
  const named = able.filter(
    (call) => call.caller === file || (file !== '' && call.file.endsWith(`/${file}`)) || call.file === file,
  );
  const exact = named.find((call) => String(call.line) === number);
  return exact ?? longest(named) ?? longest(able);
}

function longest(calls: readonly LogCall[]): LogCall | undefined {
  return [...calls].sort((a, b) => b.parts.join('').length - a.parts.join('').length)[0];
}

function parse(line: string): LogLine | undefined {
  try {
    const { level, msg, caller = '' } = JSON.parse(line);
    return typeof level === 'string' && typeof msg === 'string' ? { level, msg, caller: String(caller) } : undefined;
  } catch {
    return undefined;
  }
}
