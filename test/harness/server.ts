// One server of a target: own folder, free ports, the usual flags as far as the target knows them, ready by behaviour.
// A test that needs several members or special flags starts several of these.

import { setTimeout as delay } from 'node:timers/promises';
import { Maintenance } from '../../proto/load.ts';
import { GrpcClient } from './grpc_client.ts';
import { httpRequest } from './http.ts';
import { freePort } from './ports.ts';
import { type Exit, type Program, startProgram, within } from './process.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import type { Target } from './target.ts';

/** A server that is not ready after this time has failed to start. */
export const READY_LIMIT_MS = 60_000;
/** A server still there this long after SIGTERM is killed by `stop`. */
export const STOP_LIMIT_MS = 10_000;

/** Values of flags (without dashes); undefined takes a usual flag away. */
export type Flags = Readonly<Record<string, string | undefined>>;

/** How to start. */
export interface StartOptions {
  /** Over the usual ones; given even if the target is not known to know them. */
  readonly flags?: Flags;
  /** Put behind all flags as they are. */
  readonly arguments?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A folder that survives the server; without it a scratch folder is made and removed. */
  readonly folder?: string;
  /** The port on which the flags let it listen for clients, where that is not the usual one. */
  readonly clientPort?: number;
}

/** A started server. Its folder is its working folder. */
export class Server {
  readonly target: Target;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly folder: string;
  readonly #program: Program;
  readonly #ownsFolder: boolean;
  readonly #clients: GrpcClient[] = [];

  private constructor(options: {
    target: Target;
    ports: readonly [number, number];
    folder: string;
    ownsFolder: boolean;
    program: Program;
  }) {
    this.target = options.target;
    [this.clientPort, this.peerPort] = options.ports;
    this.folder = options.folder;
    this.#ownsFolder = options.ownsFolder;
    this.#program = options.program;
  }

  /** Starts a server and does not wait for anything; for starts that are expected to fail. */
  static async launch(target: Target, options: StartOptions = {}): Promise<Server> {
    const ports = [options.clientPort ?? (await freePort()), await freePort()] as const;
    const folder = options.folder ?? makeScratch();
    const flags = { ...usualFlags(target, ports), ...options.flags };
    const given = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
    const program = startProgram({
      command: [...target.command, ...given, ...(options.arguments ?? [])],
      cwd: folder,
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    return new Server({ target, ports, folder, ownsFolder: options.folder === undefined, program });
  }

  /** Starts a server and waits until it serves. Throws an Error with the log when it ends or takes too long. */
  static async start(target: Target, options: StartOptions = {}): Promise<Server> {
    const server = await Server.launch(target, options);
    try {
      await server.ready();
    } catch (error) {
      await server.kill();
      throw error;
    }
    return server;
  }

  /** Process id; undefined when the program could not be started. */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  get clientUrl(): string {
    return `http://127.0.0.1:${this.clientPort}`;
  }

  get peerUrl(): string {
    return `http://127.0.0.1:${this.peerPort}`;
  }

  /** `127.0.0.1:PORT` of the client listener. */
  get endpoint(): string {
    return `127.0.0.1:${this.clientPort}`;
  }

  /** What it wrote to stderr so far. */
  get stderr(): string {
    return this.#program.stderr();
  }

  /** What it wrote to stdout so far. */
  get stdout(): string {
    return this.#program.stdout();
  }

  /** How the process ended; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#program.exit();
  }

  /** A gRPC client of its client port, closed with the server. Each call makes a connection of its own. */
  grpc(address: string = this.endpoint): GrpcClient {
    const client = new GrpcClient(address);
    this.#clients.push(client);
    return client;
  }

  /** Waits until the client port answers as a serving etcd does. Throws an Error with the log. */
  async ready(): Promise<void> {
    const end = performance.now() + READY_LIMIT_MS;
    const probe = new GrpcClient(this.endpoint);
    try {
      while (performance.now() < end) {
        if (this.exit !== undefined) throw new Error(this.#failure('ended before it was ready'));
        if (await isServing(this.clientUrl, probe)) return;
        await delay(25);
      }
    } finally {
      probe.close();
    }
    throw new Error(this.#failure(`not ready after ${READY_LIMIT_MS} ms`));
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#program.kill(signal);
  }

  /** Waits for the process to end by itself. Throws an Error with the log after `limitMs`. */
  async ended(limitMs: number): Promise<Exit> {
    const exit = await within(limitMs, this.#program.exited);
    if (exit === undefined) throw new Error(this.#failure(`still running after ${limitMs} ms`));
    return exit;
  }

  /** Asks it to stop, waits, and removes its scratch folder. */
  async stop(): Promise<Exit> {
    this.#closeClients();
    this.#program.kill('SIGTERM');
    const exit = await within(STOP_LIMIT_MS, this.#program.exited);
    await this.kill();
    if (exit === undefined) throw new Error(this.#failure(`did not stop within ${STOP_LIMIT_MS} ms`));
    return exit;
  }

  /** Kills it without a chance to tidy up, waits for the end, and removes its scratch folder. */
  async kill(): Promise<void> {
    this.#closeClients();
    this.#program.kill('SIGKILL');
    await this.#program.exited;
    if (this.#ownsFolder) removeScratch(this.folder);
  }

  #closeClients(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }

  #failure(what: string): string {
    const tail = `${this.stdout}\n${this.stderr}`.trim().slice(-2000);
    return `${this.target.label} ${what}${this.exit === undefined ? '' : ` (${JSON.stringify(this.exit)})`}\n${tail}`;
  }
}

function usualFlags(target: Target, [client, peer]: readonly [number, number]): Record<string, string> {
  const all = {
    name: 'n1',
    'data-dir': 'data',
    'listen-client-urls': `http://127.0.0.1:${client}`,
    'advertise-client-urls': `http://127.0.0.1:${client}`,
    'listen-peer-urls': `http://127.0.0.1:${peer}`,
    'initial-advertise-peer-urls': `http://127.0.0.1:${peer}`,
    'initial-cluster': `n1=http://127.0.0.1:${peer}`,
  };
  return knownFlags(target, all);
}

/** Those of `flags` that the target knows. */
export function knownFlags<V>({ flags: known }: Target, flags: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => known === 'all' || known.has(name)));
}

/** /health says so, or, for a server without that page, a Range is answered. */
async function isServing(url: string, probe: GrpcClient): Promise<boolean> {
  const health = await httpRequest(`${url}/health`, { limitMs: 1000 }).catch(() => undefined);
  if (health === undefined) return false;
  if (health.status === 200) return health.body.includes('"true"');
  // An alarm makes a server unhealthy, but not unable to serve.
  if (health.status === 503) return hasLeader(probe);
  // Range of the key "r", in bytes so that readiness does not depend on the codec under test.
  const range = await probe.unaryBytes('/etcdserverpb.KV/Range', Uint8Array.of(0x0a, 1, 0x72), { deadlineMs: 1000 });
  return range.code === 0;
}

async function hasLeader(probe: GrpcClient): Promise<boolean> {
  const status = await probe.unary(Maintenance.methods.Status, {}, { deadlineMs: 1000 });
  return status.response !== undefined && status.response.leader !== 0n;
}
