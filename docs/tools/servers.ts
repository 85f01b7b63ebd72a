// Servers of the chain, started for a tool to look at: on free ports, in a scratch folder, ended with the tool.

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** How long a server may take to start. */
const START_LIMIT_MS = 20_000;
/** How many characters of what a server wrote an error shows. */
const MOST_KEPT = 2000;
const READY = 'now serving peer/client/metrics';

export interface StepServer {
  readonly name: string;
  readonly clientPort: number;
  readonly process: ChildProcess;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The folder of the step, absolute. */
  readonly folder: string;
  readonly name: string;
  readonly clientPort: number;
  /** More flags. */
  readonly flags: readonly string[];
  /** Modules to load before the program, as URLs. */
  readonly preload: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Each line that it writes to stderr. */
  readonly onLine: (line: string) => void;
}

/** Starts a server and waits until it serves. Rejects, with what it wrote, when it ends first or takes too long. */
export async function startServer(options: StartOptions): Promise<StepServer> {
  const { folder, name, clientPort, preload, cwd } = options;
  const imports = [import.meta.resolve('tsx'), ...preload].flatMap((url) => ['--import', url]);
  const url = `http://127.0.0.1:${clientPort}`;
  const listen = ['--name', name, '--listen-client-urls', url, '--advertise-client-urls', url];
  const program = path.join(folder, 'bin', 'etcd.ts');
  const child = spawn(process.execPath, [...imports, program, ...listen, ...options.flags], {
    cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  // The end of what it wrote, to say why it failed.
  let written = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${name} ${why}\n${written}`));
    const timer = setTimeout(() => fail(`does not serve after ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    eachLine(child, (line) => {
      written = `${written}${line}\n`.slice(-MOST_KEPT);
      options.onLine(line);
      if (!line.includes(`"${READY}"`)) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', () => {
      clearTimeout(timer);
      fail('has ended');
    });
  });
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    kill();
    await ended;
    process.off('exit', kill);
  };
  return { name, clientPort, process: child, stop };
}

function eachLine({ stderr }: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

/** Free ports on 127.0.0.1, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = net.createServer();
      return new Promise<net.Server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Does something in a scratch folder, which is gone afterwards. */
export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'etcd-read-'));
  try {
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
