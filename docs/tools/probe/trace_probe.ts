// Loaded into a server before its program: stops it at some functions and reports the stack there, with the asynchronous
// part. The debugger sits in a worker, since a thread cannot stop and look at itself.

import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import { codecs } from '../../../proto/load.ts';

// Where the debugger finds the functions by their names; trace_worker.ts has the same word.
const FUNCTIONS_GLOBAL = 'readTraceFunctions';

const folder = process.env['READ_STEP_FOLDER'] ?? '';
// Methods of the step, one a line: FILE#Class.method.
const methods = (process.env['READ_METHODS'] ?? '').split('\n').filter((one) => one !== '');

async function methodOf(name: string): Promise<unknown> {
  const [file = '', symbol = ''] = name.split('#');
  const [className = '', method = ''] = symbol.split('.');
  const module = (await import(pathToFileURL(path.join(folder, file)).href)) as Record<
    string,
    { prototype: Record<string, unknown> }
  >;
  return module[className]?.prototype[method];
}

const functions: Record<string, unknown> = {
  'decode PutRequest': Reflect.get(codecs['etcdserverpb.PutRequest'], 'decode'),
  'encode PutResponse': Reflect.get(codecs['etcdserverpb.PutResponse'], 'encode'),
};
for (const name of methods) functions[name] = await methodOf(name);
Object.assign(globalThis, { [FUNCTIONS_GLOBAL]: functions });

// A worker cannot load TypeScript by itself.
const source = fs.readFileSync(new URL('./trace_worker.ts', import.meta.url), 'utf8');
const { code } = transformSync(source, { loader: 'ts', format: 'cjs', target: 'node20' });
const worker = new Worker(code, { eval: true, execArgv: [], workerData: { names: Object.keys(functions) } });
await once(worker, 'message');
worker.unref();
