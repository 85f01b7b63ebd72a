// `frames [--in 02] [--call NAME] [--stream N]`: one gRPC call, seen on the wire: every frame of HTTP/2 between a client and a
// server, with its bytes and what they mean. With --target HOST:PORT the server is one that runs already: ours or the real etcd.

import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { codecs, Greeter, KV, type MethodDefinition } from '../../proto/load.ts';
import { type Command, findStep, UsageError, type Workplace } from './command.ts';
import { startProxy } from './frames_proxy.ts';
import { FrameTeller, type ToldFrame } from './frames_text.ts';
import { freePorts, inScratch, startServer } from './servers.ts';
import { didYouMean } from './suggest.ts';

const USAGE = `usage: frames [--in 02] [--call NAME] [--stream N]
       frames --target HOST:PORT [--call NAME] [--stream N]`;
const LIMIT_MS = 10_000;
const DEFAULT_STEP = '02';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface KnownCall {
  readonly method: MethodDefinition<unknown, unknown>;
  readonly request: Buffer;
}

// What can be asked for, by the name of --call.
const CALLS: Readonly<Record<string, KnownCall>> = {
  hello: {
    method: Greeter.methods.SayHello,
    request: encoded(codecs['helloworld.HelloRequest'].encode({ name: 'Ada' })),
  },
  languages: {
    method: Greeter.methods.SayHelloInLanguages,
    request: encoded(codecs['helloworld.HelloRequest'].encode({ name: 'Ada' })),
  },
  range: {
    method: KV.methods.Range,
    request: encoded(codecs['etcdserverpb.RangeRequest'].encode({ key: bytes('greeting') })),
  },
  put: {
    method: KV.methods.Put,
    request: encoded(codecs['etcdserverpb.PutRequest'].encode({ key: bytes('greeting'), value: bytes('hello') })),
  },
};

export const frames: Command = async (args, place) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      in: { type: 'string' },
      target: { type: 'string' },
      call: { type: 'string' },
      stream: { type: 'string' },
    },
    allowPositionals: true,
  });
  if (positionals.length > 0 || (values.in !== undefined && values.target !== undefined)) throw new UsageError(USAGE);
  const name = values.call ?? (values.target === undefined ? 'hello' : 'range');
  const call = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
  if (call === undefined) {
    const known = Object.keys(CALLS);
    throw new UsageError(`no call "${name}"${didYouMean(name, known)}; there are: ${known.join(', ')}`);
  }
  const stream = values.stream === undefined ? undefined : Number(values.stream);
  if (stream !== undefined && !Number.isSafeInteger(stream))
    throw new UsageError(`--stream ${values.stream}: not a number`);
  const show = async (target: Target): Promise<void> => {
    const told = await recordFrames(target, call);
    const shown = told.filter((frame) => stream === undefined || frame.stream === stream);
    place.print(shown.map(tell).join('\n\n'));
  };
  if (values.target === undefined) await withServer(values.in ?? DEFAULT_STEP, place, show);
  else await show(parseTarget(values.target));
  return 0;
};

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Makes one call through a proxy and returns all frames, in the order in which they passed it. */
export async function recordFrames(target: Target, call: KnownCall): Promise<ToldFrame[]> {
  const told: ToldFrame[] = [];
  const shared = { paths: new Map<number, string>(), methodOf, onFrame: (frame: ToldFrame) => void told.push(frame) };
  const tellers = { client: new FrameTeller('client', shared), server: new FrameTeller('server', shared) };
  let failure: Error | undefined;
  const proxy = await startProxy(target, (side, chunk) => {
    if (failure !== undefined) return;
    try {
      tellers[side].push(chunk);
    } catch (error) {
      failure = new Error(`what the ${side} sends is no HTTP/2: ${(error as Error).message}`);
    }
  });
  try {
    await makeCall(proxy.port, `${target.host}:${target.port}`, call);
    // Acknowledgements follow the answer.
    await delay(50);
  } catch (error) {
    throw failure ?? error;
  } finally {
    proxy.close();
  }
  if (failure !== undefined) throw failure;
  return told;
}

/** The known calls by name, for tests. */
export function knownCall(name: string): KnownCall {
  const call = CALLS[name];
  if (call === undefined) throw new Error(`no call ${name}`);
  return call;
}

function encoded(message: Uint8Array): Buffer {
  return Buffer.from(message);
}

function methodOf(path: string): MethodDefinition<unknown, unknown> | undefined {
  return Object.values(CALLS).find(({ method }) => method.path === path)?.method;
}

// Any end will do: the frames are what is wanted, also those of an error.
function makeCall(port: number, authority: string, { method, request }: KnownCall): Promise<void> {
  // What the client would say to the server itself, without the proxy.
  const options = { 'grpc.default_authority': authority };
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  const same = (one: Buffer): Buffer => one;
  return new Promise((resolve, reject) => {
    // No deadline of gRPC, which would be one more header.
    const call = client.makeServerStreamRequest(method.path, same, same, request);
    const timer = setTimeout(() => call.cancel(), LIMIT_MS);
    call.on('data', () => undefined);
    call.on('error', () => undefined);
    call.on('status', ({ code, details }) => {
      clearTimeout(timer);
      client.close();
      const isAnswered = code !== grpc.status.UNAVAILABLE && code !== grpc.status.CANCELLED;
      if (isAnswered) resolve();
      else reject(new Error(`no answer from ${authority}: ${details.split('. ')[0]}`));
    });
  });
}

async function withServer(name: string, place: Workplace, show: (target: Target) => Promise<void>): Promise<void> {
  const link = findStep(name, place);
  await inScratch(async (cwd) => {
    const [clientPort = 0, peerPort = 0] = await freePorts(2);
    const peer = `http://127.0.0.1:${peerPort}`;
    const hasCluster = link.step?.flags.includes('initial-cluster') !== false;
    const cluster = hasCluster ? ['--initial-advertise-peer-urls', peer, '--initial-cluster', `n1=${peer}`] : [];
    const server = await startServer({
      folder: path.join(place.chain.root, link.folder),
      name: 'n1',
      clientPort,
      flags: ['--listen-peer-urls', peer, ...cluster],
      preload: [],
      env: {},
      cwd,
      onLine: () => undefined,
    });
    try {
      await show({ host: '127.0.0.1', port: clientPort });
    } finally {
      await server.stop();
    }
  });
}

function parseTarget(text: string): Target {
  const [, host, port] = /^(?:http:\/\/)?([^:/]+):(\d+)\/?$/.exec(text) ?? [];
  if (host === undefined) throw new UsageError(`--target ${text}: must be HOST:PORT`);
  return { host, port: Number(port) };
}

function tell({ side, lines }: ToldFrame): string {
  const arrow = side === 'client' ? 'client →' : 'server →';
  const [head = '', ...rest] = lines;
  return [`${arrow} ${head}`, ...rest.map((line) => `    ${line}`)].join('\n');
}
