// A small disk in memory, which can be full. Only root may mount one.

import { execFileSync } from 'node:child_process';
import { makeScratch, removeScratch } from './scratch.ts';

/** Mounts a disk of `size`, as `1m`, over a folder. Throws an Error where that is not allowed. */
export function mountDisk(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
}

/** Gives a mounted disk another size; what is on it stays. */
export function resizeDisk(folder: string, size: string): void {
  execFileSync('mount', ['-o', `remount,size=${size}`, folder]);
}

export function unmountDisk(folder: string): void {
  execFileSync('umount', ['--lazy', folder]);
}

let mayMount: boolean | undefined;

/** Whether this process may mount a disk: tried once. */
export function canMount(): boolean {
  mayMount ??= tryMount();
  return mayMount;
}

function tryMount(): boolean {
  const folder = makeScratch();
  try {
    mountDisk(folder, '1m');
    unmountDisk(folder);
    return true;
  } catch {
    return false;
  } finally {
    removeScratch(folder);
  }
}
