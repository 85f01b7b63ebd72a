// A simulated disk: files in memory, of which only what was synced survives a crash for certain. Of the rest a crash keeps
// what the given choice says, sector by sector, as a real disk may. Renames, new and removed names are durable at once but
// for those that `crash` is told to lose: etcd itself does not sync every directory.

import type { File, FileSystem, OpenMode } from './fs.ts';

/** A disk writes no part of a sector. */
export const SECTOR_BYTES = 512;

/** What becomes of a write that was not synced: `true` keeps the sector. */
export type SectorChoice = (path: string, sector: number) => boolean;

interface Content {
  /** What programs see. */
  bytes: Uint8Array;
  length: number;
  /** What is on the disk, with its size. */
  synced: Uint8Array;
  /** Sectors that differ from `synced`, or may. */
  readonly dirty: Set<number>;
}

function noSuchFile(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
}

/** Called before every write, sync, truncation, rename and removal; it may throw to stop the program there. */
export type Hook = (operation: string, path: string) => void;

export class MemFileSystem implements FileSystem {
  readonly #files = new Map<string, Content>();
  readonly #directories = new Set<string>(['', '/', '.']);
  readonly #locked = new Set<Content>();
  #crashes = 0;
  hook: Hook = () => {};

  open(path: string, mode: OpenMode): File {
    let content = this.#files.get(path);
    if (content === undefined) {
      if (mode !== 'create') throw noSuchFile(path);
      content = { bytes: new Uint8Array(0), length: 0, synced: new Uint8Array(0), dirty: new Set() };
      this.#files.set(path, content);
    }
    const opened = this.#crashes;
    const hook = (operation: string): void => {
      if (opened !== this.#crashes) throw new Error(`${operation} ${path}: the file was open when the power failed`);
      this.hook(operation, path);
    };
    return new MemFile({ path, content, locked: this.#locked, hook });
  }

  exists(path: string): boolean {
    return this.#files.has(path) || this.#directories.has(path);
  }

  list(path: string): string[] {
    if (!this.#directories.has(path)) throw noSuchFile(path);
    const below = [...this.#files.keys(), ...this.#directories].filter((one) => one.startsWith(`${path}/`));
    return [...new Set(below.map((one) => one.slice(path.length + 1).split('/')[0] as string))].sort();
  }

  makeDirectory(path: string): void {
    const parts = path.split('/');
    for (let i = 1; i <= parts.length; i++) this.#directories.add(parts.slice(0, i).join('/'));
  }

  permissions(): number {
    return 0o700;
  }

  rename(from: string, to: string): void {
    this.hook('rename', from);
    if (!this.exists(from)) throw noSuchFile(from);
    for (const [path, content] of Array.from(this.#files)) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#files.delete(path);
      this.#files.set(to + path.slice(from.length), content);
    }
    for (const path of Array.from(this.#directories)) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#directories.delete(path);
      this.#directories.add(to + path.slice(from.length));
    }
  }

  remove(path: string): void {
    this.hook('remove', path);
    const isBelow = (one: string): boolean => one === path || one.startsWith(`${path}/`);
    for (const one of this.#files.keys()) if (isBelow(one)) this.#files.delete(one);
    for (const one of this.#directories) if (isBelow(one)) this.#directories.delete(one);
  }

  syncDirectory(path: string): void {
    this.hook('syncDirectory', path);
  }

  /** The disk for one program: it is of no use any more when the power has failed. */
  session(): FileSystem {
    const begun = this.#crashes;
    const guard =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A): R => {
        if (begun !== this.#crashes) throw new Error('the program was running when the power failed');
        return call(...args);
      };
    return {
      open: guard((path: string, mode: OpenMode) => this.open(path, mode)),
      exists: guard((path: string) => this.exists(path)),
      list: guard((path: string) => this.list(path)),
      makeDirectory: guard((path: string) => this.makeDirectory(path)),
      permissions: guard(() => this.permissions()),
      rename: guard((from: string, to: string) => this.rename(from, to)),
      remove: guard((path: string) => this.remove(path)),
      syncDirectory: guard((path: string) => this.syncDirectory(path)),
    };
  }

  /** The power fails: what was not synced stays only where `keeps` says so. Open files cannot be changed any more. */
  crash(keeps: SectorChoice): void {
    this.#crashes++;
    this.#locked.clear();
    for (const [path, content] of this.#files) crashFile(content, (sector) => keeps(path, sector));
  }
}

// Every lost sector gets its synced content back; the size is the new one when any sector beyond the old end survives.
function crashFile(content: Content, keeps: (sector: number) => boolean): void {
  const after = new Uint8Array(Math.max(content.length, content.synced.length));
  after.set(content.synced);
  let size = content.synced.length;
  for (const sector of content.dirty) {
    if (!keeps(sector)) continue;
    const start = sector * SECTOR_BYTES;
    const end = Math.min(start + SECTOR_BYTES, content.length);
    if (end <= start) continue;
    after.set(content.bytes.subarray(start, end), start);
    size = Math.max(size, end);
  }
  content.bytes = after.slice(0, size);
  content.length = size;
  content.synced = content.bytes.slice();
  content.dirty.clear();
}

class MemFile implements File {
  readonly name: string;
  readonly #content: Content;
  readonly #locked: Set<Content>;
  readonly #hook: (operation: string) => void;
  #holdsLock = false;

  constructor(parts: { path: string; content: Content; locked: Set<Content>; hook: (operation: string) => void }) {
    this.name = parts.path;
    this.#content = parts.content;
    this.#locked = parts.locked;
    this.#hook = parts.hook;
  }

  size(): number {
    return this.#content.length;
  }

  read(into: Uint8Array, position: number): number {
    const end = Math.min(this.#content.length, position + into.length);
    if (end <= position) return 0;
    into.set(this.#content.bytes.subarray(position, end));
    return end - position;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#hook('write');
    if (bytes.length === 0) return;
    this.#resize(Math.max(this.#content.length, position + bytes.length));
    this.#content.bytes.set(bytes, position);
    this.#markDirty(position, position + bytes.length);
  }

  truncate(size: number): void {
    this.#hook('truncate');
    const before = this.#content.length;
    this.#resize(size);
    if (size < before) this.#content.bytes.fill(0, size, before);
    this.#markDirty(Math.min(before, size), Math.max(before, size));
  }

  syncData(): void {
    this.#hook('sync');
    this.#content.synced = this.#content.bytes.slice(0, this.#content.length);
    this.#content.dirty.clear();
  }

  async syncDataAsync(): Promise<void> {
    this.syncData();
  }

  lock(): boolean {
    if (this.#locked.has(this.#content)) return this.#holdsLock;
    this.#locked.add(this.#content);
    this.#holdsLock = true;
    return true;
  }

  close(): void {
    if (this.#holdsLock) this.#locked.delete(this.#content);
  }

  #resize(size: number): void {
    if (size > this.#content.bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#content.bytes.length * 2));
      larger.set(this.#content.bytes.subarray(0, this.#content.length));
      this.#content.bytes = larger;
    }
    this.#content.length = size;
  }

  #markDirty(start: number, end: number): void {
    const last = Math.ceil(end / SECTOR_BYTES);
    for (let sector = Math.floor(start / SECTOR_BYTES); sector < last; sector++) this.#content.dirty.add(sector);
  }
}
