// Free TCP ports for test servers. They come from a fixed range below the ephemeral ports: inside that range an outgoing
// connection can hold a port just when a server wants to listen on it (spec/cli.md, head).

import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** First and last port that tests use. */
export const TEST_PORTS = { first: 10_000, last: 31_999 } as const;

const COUNT = TEST_PORTS.last - TEST_PORTS.first + 1;

// Test files run as parallel processes: each starts somewhere else in the range.
let next = (process.pid * 7919) % COUNT;

// Which process has taken which port: a member of a cluster that is down for a while keeps its own, though nobody listens.
const TAKEN = path.join(os.tmpdir(), 'etcd-steps-ports');

/** A port on 127.0.0.1 that nothing listens on, and no other test will until this process ends. Throws an Error when the whole range is taken. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < COUNT; tried += 1) {
    const port = TEST_PORTS.first + next;
    next = (next + 1) % COUNT;
    if (take(port) && (await canListen(port))) return port;
  }
  throw new Error(`no free port between ${TEST_PORTS.first} and ${TEST_PORTS.last}`);
}

// False when another process that still runs has it.
function take(port: number): boolean {
  const file = path.join(TAKEN, String(port));
  fs.mkdirSync(TAKEN, { recursive: true });
  try {
    fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = ownerIn(file);
  if (owner === process.pid) return true;
  if (owner === undefined || isRunning(owner)) return false;
  // Only one of those who find it left behind gets it.
  fs.rmSync(file, { force: true });
  return take(port);
}

// Undefined while whoever takes it is about to write its name, or another has just found it left behind.
function ownerIn(file: string): number | undefined {
  try {
    return Number(fs.readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a listener on 127.0.0.1:`port` can be opened now. */
export function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
