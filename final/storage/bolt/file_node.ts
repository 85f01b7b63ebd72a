// A database in a real file. bbolt guards its file with flock(2), exclusive for a writer and shared for readers, so that
// lock is what keeps a running etcd and this program apart; a lock of another family, or a lock file, would not.
//
// Node has no flock. The lock belongs to the open file, not to the process: a child that inherits the descriptor can take
// it and leave, and it stays until we close the file. So the program flock(1), part of every Linux, is run once at open.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { BoltError } from './errors.ts';
import type { BoltFile } from './file.ts';

/** Pause between two tries for a lock that is held, in ms, as in bbolt. */
export const LOCK_RETRY_MS = 50;

/** What to open, and how. */
export interface NodeFileOptions {
  /** Only reading: the file must exist, and others may read it at the same time. */
  readonly readOnly?: boolean;
  /** Access mode of a new file. */
  readonly mode?: number;
}

/** A file of the file system with a lock on it. */
export class NodeFile implements BoltFile {
  readonly name: string;
  /** False where there is no flock(1): nothing keeps a second program away then, and the caller should say so. */
  readonly isLocked: boolean;
  readonly #fd: number;

  /** Takes over the descriptor `fd`; use {@link openNodeFile}. */
  constructor(name: string, fd: number, isLocked: boolean) {
    this.name = name;
    this.#fd = fd;
    this.isLocked = isLocked;
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  read(into: Uint8Array, position: number): number {
    let done = 0;
    while (done < into.length) {
      const n = fs.readSync(this.#fd, into, done, into.length - done, position + done);
      if (n === 0) break;
      done += n;
    }
    return done;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, position + done);
    }
  }

  syncData(): void {
    fs.fdatasyncSync(this.#fd);
  }

  syncDataAsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/**
 * Opens the file `path`, creating it unless `readOnly`, and locks it without waiting.
 * Throws BoltError Timeout when another program or another open file of this one holds the lock.
 */
export function openNodeFile(path: string, options: NodeFileOptions = {}): NodeFile {
  const { readOnly = false, mode = 0o600 } = options;
  const flags = readOnly ? fs.constants.O_RDONLY : fs.constants.O_RDWR | fs.constants.O_CREAT;
  const fd = fs.openSync(path, flags, mode);
  try {
    const lock = takeLock(fd, readOnly ? '-s' : '-x');
    if (lock === 'held') throw new BoltError('Timeout', `${path} is locked by another process`);
    return new NodeFile(path, fd, lock === 'taken');
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** How {@link waitForNodeFile} waits. */
export interface WaitOptions extends NodeFileOptions {
  /** Longest wait in ms; endless by default, as the server waits for its database. */
  readonly timeoutMs?: number;
  /** Called before each further try with the ms waited so far, for a line in the log. */
  readonly onHeld?: (waitedMs: number) => void;
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal;
}

/** As {@link openNodeFile}, but tries again every 50 ms while the lock is held. Throws BoltError Timeout in the end. */
export async function waitForNodeFile(path: string, options: WaitOptions = {}): Promise<NodeFile> {
  const { timeoutMs = Number.POSITIVE_INFINITY } = options;
  for (let waitedMs = 0; ; waitedMs += LOCK_RETRY_MS) {
    options.signal?.throwIfAborted();
    try {
      return openNodeFile(path, options);
    } catch (error) {
      if (!(error instanceof BoltError) || waitedMs + LOCK_RETRY_MS > timeoutMs) throw error;
    }
    options.onHeld?.(waitedMs);
    await new Promise((resolve) => {
      setTimeout(resolve, LOCK_RETRY_MS);
    });
  }
}

// The exit status of flock(1) when the lock is held; all its other failures have larger ones.
const HELD_STATUS = 1;

// Short options, which the small flock of busybox knows too.
function takeLock(fd: number, kind: '-x' | '-s'): 'taken' | 'held' | 'unavailable' {
  const child = spawnSync('flock', ['-n', kind, '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (child.status === 0) return 'taken';
  return child.status === HELD_STATUS ? 'held' : 'unavailable';
}
