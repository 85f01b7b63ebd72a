// The debugger of trace_probe.ts, in a thread of its own. Each stop is one JSON line on stderr, and the program goes on.

import fs from 'node:fs';
import inspector from 'node:inspector';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

/** A frame as the source has it; lines count from 1. */
export interface RawFrame {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

/** One stop. `stacks`: the frames, then those of the asynchronous caller, and so on, each with the kind of the boundary. */
export interface RawStop {
  readonly stop: string;
  readonly stacks: readonly { readonly boundary: string; readonly frames: readonly RawFrame[] }[];
}

const { names } = workerData as { readonly names: readonly string[] };
const ASYNC_DEPTH = 64;
const STDERR = 2;

const session = new inspector.Session();
session.connectToMainThread();
const scripts = new Map<string, { readonly url: string; readonly map: SourceMap | undefined }>();
const stops = new Map<string, string>();

session.on('Debugger.scriptParsed', ({ params }) => {
  scripts.set(params.scriptId, { url: params.url, map: sourceMapOf(params.sourceMapURL) });
});

session.on('Debugger.paused', ({ params }) => {
  const stop = params.hitBreakpoints?.map((id) => stops.get(id)).find((name) => name !== undefined);
  if (stop !== undefined) report(stop, params);
  session.post('Debugger.resume');
});

function report(stop: string, paused: inspector.Debugger.PausedEventDataType): void {
  const stacks: { boundary: string; frames: RawFrame[] }[] = [
    {
      boundary: '',
      frames: paused.callFrames.map(({ functionName, location: { scriptId, lineNumber, columnNumber = 0 } }) =>
        frameOf(functionName, scriptId, lineNumber, columnNumber),
      ),
    },
  ];
  for (let trace = paused.asyncStackTrace; trace !== undefined; trace = trace.parent) {
    const frames = trace.callFrames.map(({ functionName, scriptId, lineNumber, columnNumber }) =>
      frameOf(functionName, scriptId, lineNumber, columnNumber),
    );
    stacks.push({ boundary: trace.description ?? '', frames });
  }
  fs.writeSync(STDERR, `${JSON.stringify({ stop, stacks } satisfies RawStop)}\n`);
}

function frameOf(name: string, scriptId: string, line: number, column: number): RawFrame {
  const { url = '', map } = scripts.get(scriptId) ?? {};
  const file = url.startsWith('file:') ? fileURLToPath(url.replace(/\?.*$/, '')) : url;
  const entry = map?.findEntry(line, column);
  const original = entry !== undefined && 'originalLine' in entry ? entry.originalLine : line;
  return { file, line: original + 1, name };
}

function sourceMapOf(url: string | undefined): SourceMap | undefined {
  const [, data] = /^data:application\/json[^,]*;base64,(.*)$/.exec(url ?? '') ?? [];
  return data === undefined ? undefined : new SourceMap(JSON.parse(Buffer.from(data, 'base64').toString()));
}

function post<T>(method: string, params: object): Promise<T> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error: Error | null, result?: object) => {
      if (error === null) resolve(result as T);
      else reject(new Error(`${method}: ${error.message}`));
    });
  });
}

async function begin(): Promise<void> {
  await post('Debugger.enable', {});
  await post('Debugger.setAsyncCallStackDepth', { maxDepth: ASYNC_DEPTH });
  for (const name of names) {
    const expression = `globalThis.readTraceFunctions[${JSON.stringify(name)}]`;
    const { result } = await post<inspector.Runtime.EvaluateReturnType>('Runtime.evaluate', { expression });
    const { breakpointId } = await post<{ breakpointId: string }>('Debugger.setBreakpointOnFunctionCall', {
      objectId: result.objectId,
    });
    stops.set(breakpointId, name);
  }
  parentPort?.postMessage('ready', []);
}

// An open session does not keep a thread alive.
parentPort?.on('message', () => undefined);
void begin();
