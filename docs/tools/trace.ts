// `trace [--in CODE]`: the asynchronous stack of one put, from the socket to the reply, as the debugger sees it in a running
// server. In Go sources, which do not run here: where to set breakpoints for the same.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, findCode, UsageError } from './command.ts';
import { DEFAULT_STEP } from './flag.ts';
import { goBreakpoints } from './trace_go.ts';
import { recordTrace, type StackLine, type Trace } from './trace_record.ts';

const USAGE = 'usage: trace [--in 05|final|FOLDER] [--record]';

export const trace: Command = async (args, place) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { in: { type: 'string' }, record: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (positionals.length > 0) throw new UsageError(USAGE);
  const code = findCode(values.in ?? DEFAULT_STEP, place);
  if (code.kind === 'go') {
    place.print(await goBreakpoints(code.folder));
    return 0;
  }
  const { root } = place.chain;
  const recorded = await recordTrace(root, code.link);
  if (values.record) fs.writeFileSync(recordingOf(root, code.link.slug), `${JSON.stringify(recorded, undefined, 2)}\n`);
  place.print(tell(recorded));
  return 0;
};

/** The file in which the book keeps the stack of a put. */
export function recordingOf(root: string, slug: string): string {
  return path.join(root, 'docs', 'method', `put_stack_${slug}.json`);
}

/** The recorded stack of a put in a step. Throws an Error when the book has none. */
export function recordedTrace(root: string, slug: string): Trace {
  return JSON.parse(fs.readFileSync(recordingOf(root, slug), 'utf8')) as Trace;
}

/** A trace as text. Where a stack goes on as an earlier one did, it is cut. */
export function tell({ step, stops }: Trace): string {
  const lines = [`one put in ${step}: ${stops.length} stops, the innermost frame first`];
  const known = new Map<string, number>();
  stops.forEach(({ stop, stack }, i) => {
    lines.push('', `${i + 1}  ${stop}`);
    const shared = stack.findIndex((_, at) => known.has(restOf(stack, at)));
    const own = shared < 0 || stack.length - shared < 3 ? stack : stack.slice(0, shared);
    for (const line of own) lines.push(`     ${tellLine(line, step)}`);
    if (own.length < stack.length) lines.push(`     … as at stop ${known.get(restOf(stack, shared))}`);
    stack.forEach((_, at) => {
      const rest = restOf(stack, at);
      if (!known.has(rest)) known.set(rest, i + 1);
    });
  });
  return lines.join('\n');
}

function restOf(stack: readonly StackLine[], at: number): string {
  return JSON.stringify(stack.slice(at));
}

function tellLine(line: StackLine, step: string): string {
  if ('boundary' in line) return `── ${line.boundary}: what follows had returned, and had caused this`;
  if ('hidden' in line) return `… ${line.hidden}`;
  // file#Class.#private has a second #.
  const at = line.code.indexOf('#');
  const file = line.code.slice(0, at);
  const symbol = line.code.slice(at + 1);
  return `${symbol.padEnd(30)} ${file.replace(`steps/${step}/`, '').replace(/^final\//, '')}:${line.line}`;
}
