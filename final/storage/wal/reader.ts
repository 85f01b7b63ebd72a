// What a log says, put together from its records. Mirrors the reading half of etcd's wal/wal.go.

import { codecs } from '../../../proto/load.ts';
import type { RaftEntry, RaftHardState, WalSnapshot } from '../../../proto/schema.ts';
import { type FileSystem, join, readWhole } from '../fs.ts';
import { Decoder } from './decoder.ts';
import { WalError } from './errors.ts';
import { listSegments, type SegmentName, selectSegments } from './names.ts';
import { RecordType } from './record.ts';

/** A point from which the log is read: the entries up to `index` are in a snapshot. */
export type SnapshotPoint = Pick<WalSnapshot, 'index' | 'term'>;

export interface WalContent {
  /** What the log was created with, or undefined in a log without it. */
  readonly metadata: Uint8Array | undefined;
  /** The last one that was saved; zeros when there is none. */
  readonly hardState: RaftHardState;
  /** The entries behind the snapshot, in order, without a gap. */
  readonly entries: RaftEntry[];
  /** Whether the point to read from is noted in the log. */
  readonly isSnapshotFound: boolean;
  /** Index of the last entry, however old, or of a snapshot behind it; 0 without either. */
  readonly lastIndex: number;
  /** Where the next record goes, in the last segment, and the crc that it continues. */
  readonly endOffset: number;
  readonly crc: number;
}

/**
 * Reads the log in `directory` from the entry behind `from` on. A damaged log is an error: UnexpectedEof can be repaired
 * (repair.ts), the others cannot.
 */
export function readWal(fs: FileSystem, directory: string, from: SnapshotPoint): WalContent {
  return readSegments(fs, directory, { segments: selectSegments(listSegments(fs, directory), from.index), from });
}

/** The same for segments that were chosen already. */
export function readSegments(
  fs: FileSystem,
  directory: string,
  { segments, from }: { readonly segments: readonly SegmentName[]; readonly from: SnapshotPoint },
): WalContent {
  const decoder = new Decoder(segments.map(({ name }) => readWhole(fs, join(directory, name))));
  const collector = new Collector(from);
  for (let record = decoder.next(); record !== undefined; record = decoder.next()) {
    collector.add(record.type, record.data ?? new Uint8Array(0));
  }
  const { metadata, hardState, entries, isSnapshotFound, lastIndex } = collector;
  const end = { endOffset: decoder.lastValidOffset, crc: decoder.crc };
  return { metadata, hardState, entries, isSnapshotFound, lastIndex, ...end };
}

/**
 * The snapshots that the log notes and that its last hard state covers: only these may be started from. A torn end is
 * tolerated. Errors: CrcMismatch and others for a damaged log.
 */
export function validSnapshots(fs: FileSystem, directory: string): WalSnapshot[] {
  const segments = listSegments(fs, directory);
  const decoder = new Decoder(segments.map(({ name }) => readWhole(fs, join(directory, name))));
  const snapshots: WalSnapshot[] = [];
  let commit = 0;
  try {
    for (let record = decoder.next(); record !== undefined; record = decoder.next()) {
      const data = record.data ?? new Uint8Array(0);
      if (record.type === RecordType.snapshot) snapshots.push(codecs['walpb.Snapshot'].decode(data));
      if (record.type === RecordType.state) commit = codecs['raftpb.HardState'].decode(data).commit;
    }
  } catch (error) {
    if (!(error instanceof WalError) || error.kind !== 'UnexpectedEof') throw error;
  }
  return snapshots.filter((snapshot) => snapshot.index <= commit);
}

class Collector {
  metadata: Uint8Array | undefined;
  hardState: RaftHardState = { term: 0, vote: 0n, commit: 0 };
  readonly entries: RaftEntry[] = [];
  isSnapshotFound = false;
  lastIndex = 0;
  readonly #from: SnapshotPoint;

  constructor(from: SnapshotPoint) {
    this.#from = from;
  }

  add(type: number, data: Uint8Array): void {
    switch (type) {
      case RecordType.entry:
        return this.#addEntry(codecs['raftpb.Entry'].decode(data));
      case RecordType.state:
        this.hardState = codecs['raftpb.HardState'].decode(data);
        return;
      case RecordType.metadata:
        return this.#addMetadata(data);
      case RecordType.crc:
        return;
      case RecordType.snapshot:
        return this.#addSnapshot(codecs['walpb.Snapshot'].decode(data));
      default:
        throw new WalError('UnexpectedBlockType', String(type));
    }
  }

  // An entry replaces one with its index, and all behind it: a new leader has overwritten them.
  #addEntry(entry: RaftEntry): void {
    this.lastIndex = entry.Index;
    const position = entry.Index - this.#from.index - 1;
    if (position < 0) return;
    if (position > this.entries.length) throw new WalError('SliceOutOfRange', `entry ${entry.Index} behind a gap`);
    this.entries.length = position;
    this.entries.push(entry);
  }

  // Each segment repeats it.
  #addMetadata(data: Uint8Array): void {
    const before = this.metadata;
    const isSame = before?.length === data.length && before.every((byte, i) => byte === data[i]);
    if (before !== undefined && !isSame) throw new WalError('ConflictingMetadata');
    this.metadata = data;
  }

  // A snapshot that came from the leader may be ahead of all entries: what follows begins behind it.
  #addSnapshot(snapshot: WalSnapshot): void {
    this.lastIndex = Math.max(this.lastIndex, snapshot.index);
    if (snapshot.index !== this.#from.index) return;
    if (snapshot.term !== this.#from.term) throw new WalError('SnapshotMismatch');
    this.isSnapshotFound = true;
  }
}
