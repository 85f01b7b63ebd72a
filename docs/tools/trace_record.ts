// Records the asynchronous stack of one put: the server of a step runs under the inspector, a client puts one key, and at
// each stop the stack is written down, from the innermost frame out to the socket.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Link } from '../../steps/tool/chain.ts';
import { LineIndex, ownerOf, symbolsOf } from '../site/source/symbols.ts';
import { Sources } from '../site/source/program.ts';
import type { RawFrame, RawStop } from './probe/trace_worker.ts';
import { putOnce } from './put_once.ts';
import { freePorts, inScratch, startServer } from './servers.ts';

/** One line of a stack, innermost first. */
export type StackLine =
  /** A frame of our code: `file#Symbol` relative to the root, and the line of the call. */
  | { readonly code: string; readonly line: number }
  /** Frames of a library or of Node. */
  | { readonly hidden: string }
  /** What follows had returned already: it only caused what stands above. */
  | { readonly boundary: string };

export interface TraceStop {
  readonly stop: string;
  readonly stack: readonly StackLine[];
}

export interface Trace {
  readonly step: string;
  readonly stops: readonly TraceStop[];
}

// Where to stop, in the order of a put. A stop of which a step has no method is left out.
const STOPS: readonly { readonly stop: string; readonly method: string }[] = [
  { stop: 'EtcdServer.put', method: 'server/server.ts#EtcdServer.put' },
  { stop: 'Wal.save', method: 'storage/wal/wal.ts#Wal.save' },
  { stop: 'KVStore.put', method: 'core/mvcc/kvstore.ts#KVStore.put' },
];
const REQUEST = { stop: 'the request is decoded', probe: 'decode PutRequest' };
const REPLY = { stop: 'the reply is encoded', probe: 'encode PutResponse' };
const BOUNDARIES: Readonly<Record<string, string>> = { TickObject: 'process.nextTick', Immediate: 'setImmediate' };
const GRPC = '@grpc/grpc-js';
const TRIES = 3;

/** Records a put on a step that has a store, 03 or later. Rejects when the server does not start or a stop is missing. */
export async function recordTrace(root: string, link: Link): Promise<Trace> {
  const folder = path.join(root, link.folder);
  const methods = STOPS.filter(({ method }) => hasMethod(folder, method));
  if (!methods.some(({ stop }) => stop === 'KVStore.put')) {
    throw new Error(`${link.slug} has no method KVStore.put where the steps from 03-kv on have it`);
  }
  const wanted = [REQUEST.stop, ...methods.map(({ stop }) => stop), REPLY.stop];
  for (let tried = 0; tried < TRIES; tried++) {
    const raw = await runOnce(
      folder,
      link,
      methods.map(({ method }) => method),
    );
    const stops = toStops(root, raw, wanted);
    // A tick of the clock may have woken the loop a moment before the put did: then the stack ends in a timer.
    const isWhole = stops.every(({ stack }) => stack.some((line) => 'hidden' in line && line.hidden.includes(GRPC)));
    if (stops.length === wanted.length && isWhole) return { step: link.slug, stops };
  }
  throw new Error(`no put of ${link.slug} could be traced to the socket in ${TRIES} tries`);
}

// The name of the method at the beginning of a line, which is what the probe will look for in the class.
function hasMethod(folder: string, method: string): boolean {
  const [file = '', symbol = ''] = method.split('#');
  const full = path.join(folder, file);
  const name = symbol.slice(symbol.indexOf('.') + 1);
  return fs.existsSync(full) && new RegExp(`^  (async )?${name}\\(`, 'm').test(fs.readFileSync(full, 'utf8'));
}

function toStops(root: string, raw: readonly RawStop[], wanted: readonly string[]): TraceStop[] {
  const sources = new Sources(root);
  try {
    return wanted.flatMap((stop) => {
      const found = findStop(raw, stop);
      return found === undefined ? [] : [{ stop, stack: toStack(root, sources, found) }];
    });
  } finally {
    sources.close();
  }
}

function runOnce(folder: string, { step }: Link, methods: readonly string[]): Promise<RawStop[]> {
  return inScratch(async (cwd) => {
    const [clientPort = 0, peerPort = 0] = await freePorts(2);
    const peer = `http://127.0.0.1:${peerPort}`;
    const known = step?.flags ?? ['initial-advertise-peer-urls', 'initial-cluster'];
    const raw: RawStop[] = [];
    const server = await startServer({
      folder,
      name: 'n1',
      clientPort,
      flags: [
        '--listen-peer-urls',
        peer,
        ...(known.includes('initial-advertise-peer-urls') ? ['--initial-advertise-peer-urls', peer] : []),
        ...(known.includes('initial-cluster') ? ['--initial-cluster', `n1=${peer}`] : []),
      ],
      preload: [new URL('./probe/trace_probe.ts', import.meta.url).href],
      env: { READ_STEP_FOLDER: folder, READ_METHODS: methods.join('\n') },
      cwd,
      onLine: (line) => {
        if (line.startsWith('{"stop"')) raw.push(JSON.parse(line) as RawStop);
      },
    });
    try {
      raw.length = 0;
      await putOnce(clientPort);
      // The last lines are on their way yet.
      await delay(100);
    } finally {
      await server.stop();
    }
    return raw;
  });
}

// All messages are decoded and encoded by the same functions: those of the call itself are called by gRPC, by way of load.ts.
function findStop(raw: readonly RawStop[], stop: string): RawStop | undefined {
  const method = STOPS.find((one) => one.stop === stop)?.method;
  if (method !== undefined) return raw.find((one) => one.stop === method);
  const probe = stop === REQUEST.stop ? REQUEST.probe : REPLY.probe;
  return raw.find((one) => one.stop === probe && one.stacks[0]?.frames[1]?.file.endsWith('/proto/load.ts') === true);
}

function toStack(root: string, sources: Sources, { stacks }: RawStop): StackLine[] {
  const lines: StackLine[] = [];
  for (const { boundary, frames } of stacks) {
    const told = frames.flatMap((frame) => lineOf(root, sources, frame) ?? []);
    if (told.length > 0 && boundary !== '') lines.push({ boundary: BOUNDARIES[boundary] ?? boundary });
    for (const line of told) {
      const last = lines.at(-1);
      if ('hidden' in line && last !== undefined && 'hidden' in last)
        lines[lines.length - 1] = { hidden: joined(last.hidden, line.hidden) };
      else lines.push(line);
    }
  }
  return lines;
}

function joined(a: string, b: string): string {
  return a.split(', ').includes(b) ? a : `${a}, ${b}`;
}

function lineOf(root: string, sources: Sources, { file, line, name }: RawFrame): StackLine | undefined {
  const relative = path.relative(root, file).split(path.sep).join('/');
  const [, library] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(relative) ?? [];
  if (library !== undefined) return { hidden: library };
  const tree = file.startsWith(root + path.sep) ? sources.tree(relative) : undefined;
  // Functions that are made from texts belong to no file.
  if (tree !== undefined)
    return {
      code: `${relative}#${ownerOf(symbolsOf(tree), Math.min(line, new LineIndex(tree.text).count)).name}`,
      line,
    };
  // How Node keeps track of callers is no part of the story.
  if (!file.startsWith('node:') || /async_hook/.test(file)) return undefined;
  return { hidden: name === 'onStreamRead' ? 'the socket' : 'node' };
}
