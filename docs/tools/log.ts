// `log MESSAGE [--in CODE]`: from a message of the log to the source lines that write it. `log --file FILE [--in CODE]`: a
// real log, each line with its source and the page that explains it. `log --write`: one write on three members, recorded.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Sources } from '../site/source/program.ts';
import { type Code, type Command, findCode, UsageError, type Workplace } from './command.ts';
import { DEFAULT_STEP } from './flag.ts';
import { GoCode } from './go_code.ts';
import { goLogCallsOf } from './log_go.ts';
import { annotate } from './log_file.ts';
import { findCalls, type LogCall, messageOf, nearMessages } from './log_messages.ts';
import { logCallsOf } from './log_ts.ts';
import { writeChart } from './log_write.ts';
import { PageIndex } from './pages.ts';
import { CallGraph } from '../site/source/call_graph.ts';
import { keyOf, TsCode } from '../site/source/code.ts';

const USAGE = `usage: log MESSAGE [--in 05|final|FOLDER]       which line of the source writes a message
       log --file FILE [--in 05|final|FOLDER]   a log, line by line, with its source
       log --write [--record]                   one write on three members of step 05`;
// A short part of a message can be in very many.
const MOST_CALLS = 12;
const MOST_CALLERS = 3;

/** What a command of the log knows about a call besides the call itself. */
interface Known {
  readonly calls: readonly LogCall[];
  readonly slug: string;
  /** Lines that tell more of a call. */
  readonly more: (call: LogCall) => string[];
}

export const log: Command = async (args, place) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      in: { type: 'string' },
      file: { type: 'string' },
      write: { type: 'boolean' },
      record: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.write) return writeChart(place, values.record === true);
  const message = positionals.join(' ');
  if ((message === '') === (values.file === undefined)) throw new UsageError(USAGE);
  const code = findCode(values.in ?? DEFAULT_STEP, place);
  const known = await read(code, place);
  if (values.file === undefined) place.print(tell(known, message));
  else place.print(annotate(fs.readFileSync(path.resolve(place.cwd, values.file), 'utf8'), known.calls, known.more));
  return 0;
};

async function read(code: Code, { chain }: Workplace): Promise<Known> {
  if (code.kind === 'go') {
    const go = await GoCode.open(code.folder);
    return { calls: goLogCallsOf(go), slug: 'the Go sources', more: (call) => goCallers(go, call) };
  }
  const { folder, slug } = code.link;
  const sources = new Sources(chain.root);
  try {
    const ts = new TsCode(sources, folder);
    const graph = new CallGraph(ts);
    const pages = new PageIndex(chain.root);
    const calls = logCallsOf(ts).map((call) => ({ ...call, file: call.file.slice(folder.length + 1) }));
    return {
      calls,
      slug,
      more: (call) => tsCallers(graph, call, folder, pages.pageOf(slug, call.file, call.symbol ?? '')),
    };
  } finally {
    sources.close();
  }
}

function tell({ calls, slug, more }: Known, message: string): string {
  const found = findCalls(calls, message);
  if (found.length === 0) {
    const near = nearMessages(calls, message).map((one) => `\n  ${one}`);
    throw new Error(
      `nothing in ${slug} logs "${message}"${near.length > 0 ? `; the nearest are:${near.join('')}` : ''}`,
    );
  }
  const lines = found
    .slice(0, MOST_CALLS)
    .flatMap((call) => [
      '',
      `${call.level.padEnd(7)}${call.file}:${call.line}  ${call.symbol ?? ''}`.trimEnd(),
      `         "${messageOf(call)}"`,
      ...(call.fields.length > 0 ? [`         fields      ${call.fields.join(', ')}`] : []),
      ...more(call).map((line) => `         ${line}`),
    ]);
  const rest = found.length - MOST_CALLS;
  const count = found.length === 1 ? '1 place' : `${found.length} places`;
  return [
    `"${message}" in ${slug}: ${count}`,
    ...lines,
    ...(rest > 0 ? ['', `and ${rest} more: say more of the message`] : []),
  ].join('\n');
}

function tsCallers(graph: CallGraph, { file, symbol }: LogCall, folder: string, page: string | undefined): string[] {
  const key = keyOf({ file: `${folder}/${file}`, symbol: symbol ?? '' });
  const path = graph.path(keyOf({ file: `${folder}/etcdmain/main.ts`, symbol: 'main' }), key) ?? [];
  const names = path.map((one) => one.slice(one.indexOf('#') + 1));
  return [
    ...(names.length > 1 ? [`reached by  ${names.join(' → ')}`] : []),
    ...(page === undefined ? [] : [`page        ${page}`]),
  ];
}

// By name: where several functions of a tree have the same, only those who call it in its own package are likely.
function goCallers(code: GoCode, { file, symbol }: LogCall): string[] {
  if (symbol === undefined) return [];
  const name = symbol.slice(symbol.indexOf('.') + 1);
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const isCommon = code.definitions(name) > 1;
  const callers = code
    .callsByName(name)
    .map(({ place }) => place)
    .filter((place) => !isCommon || (place.file.startsWith(folder) && !place.file.slice(folder.length).includes('/')))
    .map((place) => `called by   ${place.symbol ?? 'a variable'} (${place.file}:${place.line}), by name`);
  const told = callers.slice(0, MOST_CALLERS);
  return callers.length > MOST_CALLERS ? [...told, `            and ${callers.length - MOST_CALLERS} more`] : told;
}
