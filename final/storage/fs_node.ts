// The file port on Node.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { File, FileSystem, LockKind, OpenMode } from './fs.ts';

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
};
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
// Exit status of flock(1) when another process has the lock.
const LOCK_HELD = 1;

class NodeFile implements File {
  readonly name: string;
  readonly #fd: number;

  constructor(path: string, mode: OpenMode) {
    this.name = path;
    this.#fd = fs.openSync(path, FLAGS[mode], FILE_MODE);
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  read(into: Uint8Array, position: number): number {
    let done = 0;
    while (done < into.length) {
      const count = fs.readSync(this.#fd, into, done, into.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, position + done);
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#fd, size);
  }

  syncData(): void {
    fs.fdatasyncSync(this.#fd);
  }

  syncDataAsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  // Node has no flock. A lock belongs to the open file, not to the process that asked for it: flock(1) takes it on the
  // descriptor that it inherits, and it stays when that program ends. Where there is no such program, nothing is locked.
  lock(kind: LockKind): boolean {
    const { status, error } = spawnSync('flock', [kind === 'exclusive' ? '-x' : '-s', '-n', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', this.#fd],
    });
    if (error !== undefined) return true;
    return status !== LOCK_HELD;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

export const nodeFileSystem: FileSystem = {
  open: (path, mode) => new NodeFile(path, mode),
  exists: (path) => fs.existsSync(path),
  list: (path) => fs.readdirSync(path).sort(),
  makeDirectory: (path) => void fs.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE }),
  permissions: (path) => fs.statSync(path).mode & 0o777,
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.rmSync(path, { recursive: true, force: true }),
  syncDirectory(path) {
    const fd = fs.openSync(path, fs.constants.O_RDONLY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
};
