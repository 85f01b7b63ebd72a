// Standard input and output of the process, as commands see them.

import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ClientError } from '../client/errors.ts';
import type { Io } from './command.ts';
import { runProgram } from './run_program.ts';
import { decodeText, encodeText } from './text.ts';

/** What a shell reports for a program that SIGPIPE ended: what becomes of etcdctl when its reader goes away. */
const exitStatusOfBrokenPipe = 141;

const lineEnd = 0x0a;

/** @returns the streams of this process. Call it once: it also decides what a closed pipe does. */
export function nodeIo(): Io {
  process.stdout.on('error', onWriteError);
  process.stderr.on('error', onWriteError);
  return {
    stdout: { write: (data) => void process.stdout.write(asBytes(data)) },
    stderr: { write: (data) => void process.stderr.write(asBytes(data)) },
    readStdin,
    stdinLines,
    readSecret,
    interrupted,
    run: runProgram,
  };
}

function onWriteError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(exitStatusOfBrokenPipe);
  throw error;
}

function asBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? encodeText(data) : data;
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function* stdinLines(): AsyncIterable<string> {
  // Not node:readline, which also ends lines at U+2028 and at a lone carriage return: both may stand in a key.
  let rest = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(lineEnd); end !== -1; end = rest.indexOf(lineEnd)) {
      yield decodeText(rest.subarray(0, end)).replace(/\r$/, '');
      rest = rest.subarray(end + 1);
    }
  }
}

/** On a terminal nothing is echoed; the line end that the user typed is shown afterwards. */
async function readSecret(): Promise<string> {
  const { stdin } = process;
  const terminal = stdin.isTTY;
  const lines = createInterface({ input: stdin, terminal, ...(terminal ? { output: silent() } : {}) });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    process.stdout.write('\n');
  }
}

/** Later signals do nothing: they must not end the process before it has given back what it holds. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => controller.abort(ClientError.canceled()));
  return controller.signal;
}

/** Where an echo goes that nobody is to see. */
function silent(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/**
 * The words of the command line, with all their bytes: Node replaces those that are not valid UTF-8, so where one may have
 * been replaced the words are read from the system again. Systems without /proc keep the replaced ones.
 *
 * @param argv of the process, without Node and the script
 */
export function rawArguments(argv: readonly string[]): string[] {
  if (!argv.some((word) => word.includes('\ufffd'))) return [...argv];
  try {
    const words = decodeText(fs.readFileSync('/proc/self/cmdline')).split('\0').slice(0, -1);
    return argv.length === 0 ? [] : words.slice(-argv.length);
  } catch {
    return [...argv];
  }
}

/** Ends the process when all that was written is out: an open connection or standard input does not keep it alive. */
export function exitWhenWritten(status: number): void {
  process.exitCode = status;
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}
