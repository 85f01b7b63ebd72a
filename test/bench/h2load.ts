// The load generator: h2load of nghttp2, an HTTP/2 client in C, so that the generator takes less CPU than the server. It
// knows nothing of gRPC; load.ts proves that what it counts as done did succeed.

import fs from 'node:fs';
import path from 'node:path';
import { runProgram } from '../harness/process.ts';
import { findOnPath } from '../harness/target.ts';

/** A load that runs longer is given up. */
export const LOAD_LIMIT_MS = 300_000;

/** What h2load says at its end. */
export interface Summary {
  readonly succeeded: number;
  /** Requests that failed, in whatever way. */
  readonly failed: number;
  /** Bytes in DATA frames that it received. */
  readonly dataBytes: number;
}

/** One answered request, from h2load's log. */
export interface Entry {
  /** Microseconds since the epoch. */
  readonly startUs: number;
  /** HTTP status; -1 = the stream failed. */
  readonly status: number;
  readonly tookUs: number;
}

/** Path of h2load. Throws an Error that names the package when it is not there. */
export function findH2load(): string {
  const program = findOnPath('h2load');
  if (program === undefined) {
    throw new Error('h2load is not on the PATH: install the package nghttp2-client (Debian, Ubuntu) or nghttp2');
  }
  return program;
}

/**
 * Sends `requests` requests with the same body over `clients` connections, one at a time on each, and waits for all
 * answers. `folder` is for its files. Throws an Error when h2load does.
 */
export async function runH2load(load: {
  readonly url: string;
  readonly body: Uint8Array;
  readonly clients: number;
  readonly requests: number;
  readonly folder: string;
}): Promise<{ readonly summary: Summary; readonly entries: Entry[] }> {
  const body = path.join(load.folder, 'body');
  const log = path.join(load.folder, 'log');
  fs.writeFileSync(body, load.body);
  fs.rmSync(log, { force: true });
  const headers = ['content-type: application/grpc', 'te: trailers'].flatMap((header) => ['-H', header]);
  const counts = ['-n', String(load.requests), '-c', String(load.clients), '-m', '1'];
  const { code, stdout, stderr } = await runProgram({
    command: [findH2load(), ...counts, '-d', body, `--log-file=${log}`, ...headers, load.url],
    cwd: load.folder,
    limitMs: LOAD_LIMIT_MS,
  });
  if (code !== 0) throw new Error(`h2load ended with ${code}\n${stdout}${stderr}`);
  return { summary: parseSummary(stdout), entries: parseLog(fs.readFileSync(log, 'utf8')) };
}

/** Reads the text that h2load prints. Throws an Error when a number is not there. */
export function parseSummary(text: string): Summary {
  const number = (pattern: RegExp): number => {
    const [, digits] = pattern.exec(text) ?? [];
    if (digits === undefined) throw new Error(`h2load's summary has no match for ${pattern}\n${text}`);
    return Number(digits);
  };
  return {
    succeeded: number(/^requests: .*\b(\d+) succeeded/m),
    failed: number(/^requests: .*\b(\d+) failed/m),
    dataBytes: number(/^traffic: .*\((\d+)\) data/m),
  };
}

/** Reads h2load's log: start, status and duration a line, with tabs between. Throws an Error for anything else. */
export function parseLog(text: string): Entry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^(\d+)\t(-?\d+)\t(\d+)/.exec(line);
      if (match === null) throw new Error(`not a line of h2load's log: ${line}`);
      return { startUs: Number(match[1]), status: Number(match[2]), tookUs: Number(match[3]) };
    });
}
