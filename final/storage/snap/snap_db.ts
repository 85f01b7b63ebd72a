// Databases that came with a snapshot from the leader: `INDEX.snap.db`, beside the raft snapshots. Mirrors etcd's
// snap/db.go. One that is being received has a name of its own, which begins with `tmp` and is swept at the next start.

import { type File, type FileSystem, join } from '../fs.ts';

const SUFFIX = '.snap.db';
const TEMPORARY = 'tmp';

/** Where the database of the snapshot at `index` is, if it is there. */
export function snapDbPath(directory: string, index: number): string {
  return join(directory, `${index.toString(16).padStart(16, '0')}${SUFFIX}`);
}

/** Removes databases of snapshots before `index`; returns their paths. */
export function removeSnapDbsBelow(fs: FileSystem, directory: string, index: number): string[] {
  const paths = fs
    .list(directory)
    .filter((name) => (indexOf(name) ?? index) < index)
    .map((name) => join(directory, name));
  for (const path of paths) fs.remove(path);
  return paths;
}

function indexOf(name: string): number | undefined {
  const hex = /^([0-9a-f]{16})\.snap\.db$/.exec(name)?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

/** A database while it is received. Ends with `commit` or `abort`. Its methods throw what the system reports. */
export class SnapDbWriter {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #path: string;
  readonly #file: File;
  #size = 0;

  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs;
    this.#directory = directory;
    this.#path = freeName(fs, directory);
    this.#file = fs.open(this.#path, 'create');
  }

  /** Bytes written. */
  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array): void {
    this.#file.write(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** Makes it the database of the snapshot at `index` and resolves when it is on the disk. One that is there stays. */
  async commit(index: number): Promise<void> {
    try {
      await this.#file.syncDataAsync();
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#file.close();
    const path = snapDbPath(this.#directory, index);
    if (this.#fs.exists(path)) return this.#fs.remove(this.#path);
    this.#fs.rename(this.#path, path);
    this.#fs.syncDirectory(this.#directory);
  }

  abort(): void {
    this.#file.close();
    this.#fs.remove(this.#path);
  }
}

function freeName(fs: FileSystem, directory: string): string {
  for (let n = 0; ; n += 1) {
    const path = join(directory, `${TEMPORARY}${n}`);
    if (!fs.exists(path)) return path;
  }
}
