// Cuts off what a crash left half-written at the end of the log. Mirrors etcd's wal/repair.go.

import { type FileSystem, join, readWhole } from '../fs.ts';
import { Decoder } from './decoder.ts';
import { WalError } from './errors.ts';
import { listSegments } from './names.ts';

/**
 * Looks at the last segment in `directory`. When its end is torn, the segment is copied to `NAME.broken` and cut behind its last
 * good record. Returns whether the log can be read now; damage that is no torn end is left as it is.
 */
export function repair(fs: FileSystem, directory: string): boolean {
  const last = listSegments(fs, directory).at(-1);
  if (last === undefined) return false;
  const path = join(directory, last.name);
  const bytes = readWhole(fs, path);
  const decoder = new Decoder([bytes]);
  try {
    while (decoder.next() !== undefined);
    return true;
  } catch (error) {
    if (!(error instanceof WalError) || error.kind !== 'UnexpectedEof') return false;
  }
  copy(fs, `${path}.broken`, bytes);
  const file = fs.open(path, 'write');
  try {
    file.truncate(decoder.lastValidOffset);
    file.syncData();
  } finally {
    file.close();
  }
  return true;
}

// The zeros behind the last record are left to the file system: a torn end often comes from a full disk, and 64 MB more of
// them would not fit on it.
function copy(fs: FileSystem, path: string, bytes: Uint8Array): void {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const file = fs.open(path, 'create');
  try {
    file.truncate(0);
    file.write(bytes.subarray(0, end), 0);
    file.truncate(bytes.length);
    file.syncData();
  } finally {
    file.close();
  }
}
