// Names of segments: `SEQUENCE-INDEX.wal`, both 16 hex digits; INDEX is the first entry that the segment may hold. Mirrors
// etcd's wal/util.go.

import type { FileSystem } from '../fs.ts';
import { WalError } from './errors.ts';

export interface SegmentName {
  readonly name: string;
  readonly sequence: number;
  readonly index: number;
}

const NAME = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/;

/** The name of a segment. */
export function segmentName(sequence: number, index: number): string {
  return `${hex16(sequence)}-${hex16(index)}.wal`;
}

/** The segments in `directory`, ascending; other names are passed over. */
export function listSegments(fs: FileSystem, directory: string): SegmentName[] {
  return fs.list(directory).flatMap((name) => {
    const match = NAME.exec(name);
    if (match === null) return [];
    return [
      { name, sequence: Number.parseInt(match[1] as string, 16), index: Number.parseInt(match[2] as string, 16) },
    ];
  });
}

/** Whether `directory` is there and holds a log. */
export function hasWal(fs: FileSystem, directory: string): boolean {
  return fs.exists(directory) && fs.list(directory).some((name) => name.endsWith('.wal'));
}

/**
 * The segments from which the entries behind index `snapshotIndex` can be read: from the last one that begins at or before
 * it on. Errors: FileNotFound when there is none, or one is missing in between.
 */
export function selectSegments(segments: readonly SegmentName[], snapshotIndex: number): SegmentName[] {
  const first = segments.findLastIndex((segment) => segment.index <= snapshotIndex);
  if (first < 0) throw new WalError('FileNotFound');
  const selected = segments.slice(first);
  for (const [i, segment] of selected.entries()) {
    const previous = selected[i - 1];
    // As in etcd, a gap behind segment 0 goes unseen.
    if (previous === undefined || previous.sequence === 0) continue;
    if (segment.sequence !== previous.sequence + 1) throw new WalError('FileNotFound');
  }
  return selected;
}

function hex16(value: number): string {
  return value.toString(16).padStart(16, '0');
}
