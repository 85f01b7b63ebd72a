// Writes a snapshot that comes from a server to a file, which has its name only when it is whole and on the disk. Mirrors
// Save of etcd 3.4's clientv3/snapshot, with its log (spec/cli.md C.10).

import { type FileHandle, open as openFile, rename, rm } from 'node:fs/promises';
import { ClientError } from '../client/errors.ts';
import { humanBytes } from './cells.ts';
import { Exit, ExitError, type Io } from './command.ts';
import { goError } from './go_error.ts';
import { clientLogLine, programLogLine } from './log_line.ts';

// A snapshot is a database, which is made of sectors, and a SHA-256.
const sectorBytes = 512;
const sumBytes = 32;

/** Its owner may read and write it. */
const fileMode = 0o600;

export interface SaveOptions {
  readonly path: string;
  /** For the log. */
  readonly endpoint: string;
  readonly io: Io;
  /** Begins the call. Throws ClientError, as does reading. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
}

/** Saves to `path`, and replaces what is there. Throws ExitError 5; then nothing is left of what was read. */
export async function saveSnapshot(options: SaveOptions): Promise<void> {
  const { path, io } = options;
  const part = `${path}.part`;
  const file = await orInterrupted(openFile(part, 'w', fileMode), (error) => `could not open ${part} (${error})`);
  try {
    logProgram(io, 119, 'created temporary db file', { path: part });
    try {
      await fetchSnapshot(options, file);
    } finally {
      await file.close();
    }
    await orInterrupted(rename(part, path), (error) => `could not rename ${part} to ${path} (${error})`);
    logProgram(io, 152, 'saved', { path });
  } finally {
    await rm(part, { force: true });
  }
}

async function fetchSnapshot({ path, endpoint, io, open }: SaveOptions, file: FileHandle): Promise<void> {
  const begin = performance.now();
  const blobs = await openStream(io, open);
  logClient(io, { level: 'info', line: 200, msg: 'opened snapshot stream; downloading' });
  logProgram(io, 127, 'fetching snapshot', { endpoint });
  let size = 0;
  const part = `${path}.part`;
  for await (const blob of readStream(io, blobs)) {
    await orInterrupted(file.writeFile(blob), (error) => error, part);
    size += blob.length;
  }
  logClient(io, { level: 'info', line: 208, msg: 'completed snapshot read; closing' });
  if (size % sectorBytes !== sumBytes) {
    throw new ExitError(Exit.Interrupted, `sha256 checksum not found [bytes: ${size}]`);
  }
  await orInterrupted(file.sync(), (error) => error, part);
  const took = (performance.now() - begin) / 1000;
  logProgram(io, 142, 'fetched snapshot', { endpoint, size: humanBytes(size), took });
}

async function openStream(io: Io, open: SaveOptions['open']): Promise<AsyncIterable<Uint8Array>> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const caller = 'clientv3/retry_interceptor.go:129';
    const msg = 'streamer failed to create ClientStream';
    io.stderr.write(clientLogLine({ level: 'error', caller, msg, fields: { error: error.status } }, new Date()));
    throw new ExitError(Exit.Interrupted, error.message);
  }
}

async function* readStream(io: Io, blobs: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* blobs;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const msg = 'failed to receive from snapshot stream; closing';
    logClient(io, { level: 'warn', line: 210, msg, fields: { error: error.status } });
    throw new ExitError(Exit.Interrupted, error.message);
  }
}

/** @param path for errors that do not name the file */
async function orInterrupted<T>(action: Promise<T>, text: (error: string) => string, path = ''): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw new ExitError(Exit.Interrupted, text(goError(error, path)));
  }
}

function logProgram(io: Io, line: number, msg: string, fields: object): void {
  io.stderr.write(programLogLine({ level: 'info', caller: `snapshot/v3_snapshot.go:${line}`, msg, fields }));
}

interface ClientEvent {
  readonly level: 'info' | 'warn';
  readonly line: number;
  readonly msg: string;
  readonly fields?: object;
}

function logClient(io: Io, { level, line, msg, fields = {} }: ClientEvent): void {
  io.stderr.write(clientLogLine({ level, caller: `clientv3/maintenance.go:${line}`, msg, fields }, new Date()));
}
