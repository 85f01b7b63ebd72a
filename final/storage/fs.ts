// Files as the storage sees them: a port, so that the same code runs on the disk (fs_node.ts) and on a simulated disk that
// loses what was not synced (fs_mem.ts). Calls are synchronous but for one, the background sync of the write-ahead log.
// Errors are those of Node, with `code`; whoever cannot go on lets them through, and the process stops.

import type { BoltFile } from './bolt/file.ts';

/** How a file is locked: for itself, or together with others that only read. */
export type LockKind = 'exclusive' | 'shared';

/** An open file. Positions and sizes are bytes. */
export interface File extends BoltFile {
  /** Cuts the file, or extends it with zeros. */
  truncate(size: number): void;
  /** Takes the lock that etcd takes (flock) without waiting; false when another process has it. It ends with the file. */
  lock(kind: LockKind): boolean;
}

/** `read` and `write` (also reads) need the file to be there; `create` makes it when it is missing, for its owner only. */
export type OpenMode = 'read' | 'write' | 'create';

export interface FileSystem {
  open(path: string, mode: OpenMode): File;
  exists(path: string): boolean;
  /** Names in a directory, ascending. */
  list(path: string): string[];
  /** Makes a directory, and those above it, for its owner only; one that is there stays. */
  makeDirectory(path: string): void;
  /** Who may do what with a file or directory: the nine bits of Unix. */
  permissions(path: string): number;
  rename(from: string, to: string): void;
  /** Removes a file, or a directory with everything in it; one that is missing is no error. */
  remove(path: string): void;
  /** Makes renames and removals in a directory durable. */
  syncDirectory(path: string): void;
}

/** The whole content of a file. */
export function readWhole(fs: FileSystem, path: string): Uint8Array {
  const file = fs.open(path, 'read');
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/** Writes a new file, or over an old one, and returns when it is on the disk. Its directory is not synced. */
export function writeWhole(fs: FileSystem, path: string, bytes: Uint8Array): void {
  const file = fs.open(path, 'create');
  try {
    file.truncate(0);
    file.write(bytes, 0);
    file.syncData();
  } finally {
    file.close();
  }
}

/** `fs` without any wait for the disk: --unsafe-no-fsync. */
export function unsynced(fs: FileSystem): FileSystem {
  return { ...fs, open: (path, mode) => new UnsyncedFile(fs.open(path, mode)), syncDirectory: () => {} };
}

class UnsyncedFile implements File {
  readonly name: string;
  readonly #file: File;

  constructor(file: File) {
    this.name = file.name;
    this.#file = file;
  }

  size(): number {
    return this.#file.size();
  }

  read(into: Uint8Array, position: number): number {
    return this.#file.read(into, position);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#file.write(bytes, position);
  }

  truncate(size: number): void {
    this.#file.truncate(size);
  }

  syncData(): void {}

  async syncDataAsync(): Promise<void> {}

  lock(kind: LockKind): boolean {
    return this.#file.lock(kind);
  }

  close(): void {
    this.#file.close();
  }
}

/** `directory/name`, with one slash. */
export function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
