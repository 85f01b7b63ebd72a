// Raft snapshots in files: `TERM-INDEX.snap`, each with a checksum of its own. Mirrors etcd's snap/snapshotter.go. What the
// snapshot means is not known here; the database of the same moment lies beside it in `db`.

import { codecs } from '../../../proto/load.ts';
import type { RaftSnapshot, WalSnapshot } from '../../../proto/schema.ts';
import { crc32c } from '../../core/crc32c.ts';
import { type FileSystem, join, readWhole, writeWhole } from '../fs.ts';

const SUFFIX = '.snap';

/** A file that is no snapshot any more: it was renamed to `NAME.broken`. */
export interface BrokenSnapshot {
  readonly name: string;
  readonly reason: string;
}

export interface LoadedSnapshot {
  readonly snapshot: RaftSnapshot | undefined;
  readonly broken: readonly BrokenSnapshot[];
}

/** The name of the file of a snapshot. */
export function snapshotName(term: number, index: number): string {
  return `${hex16(term)}-${hex16(index)}${SUFFIX}`;
}

/** Names of the snapshot files in `directory`, the newest first. */
export function listSnapshots(fs: FileSystem, directory: string): string[] {
  return fs
    .list(directory)
    .filter((name) => name.endsWith(SUFFIX))
    .reverse();
}

/** Writes the file of `snapshot`; returns when it is on the disk. */
export function saveSnapshot(fs: FileSystem, directory: string, snapshot: RaftSnapshot): void {
  const data = codecs['raftpb.Snapshot'].encode(snapshot);
  const { term, index } = metadataOf(snapshot);
  const path = join(directory, snapshotName(term, index));
  try {
    writeWhole(fs, path, codecs['snappb.Snapshot'].encode({ crc: crc32c(0, data), data }));
  } catch (error) {
    fs.remove(path);
    throw error;
  }
  fs.syncDirectory(directory);
}

/**
 * The newest snapshot in `directory` that the log notes, one of `noted`; a file without such a note was written just before
 * a crash. Files that cannot be read are renamed and the next older one is taken (spec/storage.md 6.10).
 */
export function loadNewest(fs: FileSystem, directory: string, noted: readonly WalSnapshot[]): LoadedSnapshot {
  const broken: BrokenSnapshot[] = [];
  for (const name of listSnapshots(fs, directory)) {
    const path = join(directory, name);
    const read = readSnapshot(readWhole(fs, path));
    if (typeof read === 'string') {
      fs.rename(path, `${path}.broken`);
      broken.push({ name, reason: read });
      continue;
    }
    const { term, index } = metadataOf(read);
    if (noted.some((one) => one.term === term && one.index === index)) return { snapshot: read, broken };
  }
  return { snapshot: undefined, broken };
}

/** The snapshot in the bytes of a file, or the reason why there is none. */
function readSnapshot(bytes: Uint8Array): RaftSnapshot | string {
  if (bytes.length === 0) return 'empty snapshot';
  try {
    const { crc, data } = codecs['snappb.Snapshot'].decode(bytes);
    if (data === undefined || data.length === 0 || crc === 0) return 'empty snapshot';
    if (crc32c(0, data) !== crc) return 'crc mismatch';
    return codecs['raftpb.Snapshot'].decode(data);
  } catch (error) {
    return (error as Error).message;
  }
}

function metadataOf(snapshot: RaftSnapshot): { readonly term: number; readonly index: number } {
  return snapshot.metadata ?? { term: 0, index: 0 };
}

function hex16(value: number): string {
  return value.toString(16).padStart(16, '0');
}
