// Files as the storage sees them: a port, so that the same code runs on the disk (fs_node.ts) and on a simulated disk that
// loses what was not synced (fs_mem.ts). Calls are synchronous but for one, the background sync of the write-ahead log.
// Errors are those of Node, with `code`; whoever cannot go on lets them through, and the process stops.

/** An open file. Positions and sizes are bytes. */
export interface File {
  readonly path: string;
  size(): number;
  /** Reads at `position` until `into` is full or the file ends; returns how many bytes there were. */
  read(into: Uint8Array, position: number): number;
  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): void;
  /** Cuts the file, or extends it with zeros. */
  truncate(size: number): void;
  /** Returns when the content, and the size, are on the disk. */
  sync(): void;
  /** The same without stopping the program. Writes may go on meanwhile; whether they are covered is not known. */
  syncInBackground(): Promise<void>;
  /** Takes the exclusive lock that etcd takes (flock); false when another process has it. It ends with the file. */
  lock(): boolean;
  close(): void;
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
    file.sync();
  } finally {
    file.close();
  }
}

/** `directory/name`, with one slash. */
export function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
