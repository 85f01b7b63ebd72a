// Writes the database of a data directory anew that no server uses. Mirrors DefragData of etcd's etcdutl.

import { Backend } from '../storage/backend/backend.ts';
import { type File, type FileSystem, join } from '../storage/fs.ts';

/** After this time, in ms, whoever waits for the lock is told why. */
const LOCK_WARNING_MS = 1000;
const LOCK_RETRY_MS = 200;

/** Bytes of a database, with and without its free pages. */
export interface DatabaseSize {
  readonly size: number;
  readonly inUse: number;
}

export interface OfflineDefrag {
  readonly fs: FileSystem;
  readonly dataDir: string;
  /** Told once when another process has the database for long. */
  readonly onWait: (path: string) => void;
  readonly onBegin?: (path: string, size: DatabaseSize) => void;
  readonly onEnd?: (path: string, size: DatabaseSize) => void;
}

/** The database could not be opened; the cause is an error of the file system, or a BoltError. */
export class OpenError extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`cannot open database at ${path}`, { cause });
    this.name = 'OpenError';
    this.path = path;
  }
}

/**
 * Defragments; waits for ever for a server that has the database.
 *
 * @throws OpenError, or an error of the file system, behind which the database is as it was and the program should end
 */
export async function defragmentDirectory({ fs, dataDir, onWait, onBegin, onEnd }: OfflineDefrag): Promise<void> {
  const path = join(join(join(dataDir, 'member'), 'snap'), 'db');
  const backend = openBackend(fs, path, await openLocked(fs, path, onWait));
  const size = (): DatabaseSize => ({ size: backend.size, inUse: backend.sizeInUse });
  onBegin?.(path, size());
  backend.defragment();
  onEnd?.(path, size());
  backend.close();
}

function openBackend(fs: FileSystem, path: string, file: File): Backend {
  try {
    return new Backend({ fs, file, path });
  } catch (error) {
    throw new OpenError(path, error);
  }
}

// Opened again for each attempt: a server that defragments meanwhile puts another file in its place.
async function openLocked(fs: FileSystem, path: string, onWait: (path: string) => void): Promise<File> {
  const begin = performance.now();
  for (let isTold = false; ; ) {
    const file = openExisting(fs, path);
    if (file.lock('exclusive')) return file;
    file.close();
    if (!isTold && performance.now() - begin >= LOCK_WARNING_MS) {
      isTold = true;
      onWait(path);
    }
    await new Promise((resolve) => void setTimeout(resolve, LOCK_RETRY_MS));
  }
}

function openExisting(fs: FileSystem, path: string): File {
  try {
    return fs.open(path, 'write');
  } catch (error) {
    throw new OpenError(path, error);
  }
}
