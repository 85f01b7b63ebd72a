// Removes old snapshot files and log segments, the oldest first. Mirrors etcd's pkg/fileutil/purge.go.

import type { Logger } from '../ports.ts';
import { type FileSystem, join } from '../storage/fs.ts';

export interface PurgeOptions {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly suffix: string;
  /** Files to keep; 0 = all. */
  readonly max: number;
  /** Files that must stay. */
  readonly held: readonly string[];
  readonly log: Logger;
}

/** Removes files in `directory` until `max` are left, or the next one must stay. */
export function purge({ fs, directory, suffix, max, held, log }: PurgeOptions): void {
  if (max === 0) return;
  const names = fs.list(directory).filter((name) => name.endsWith(suffix));
  for (const name of names.slice(0, Math.max(0, names.length - max))) {
    if (held.includes(name)) return;
    fs.remove(join(directory, name));
    log.info('purged', { path: join(directory, name) });
  }
}
