// The write-ahead log: what raft must not forget, on disk before anybody is told. Mirrors the writing half of etcd's
// wal/wal.go. A log is a directory of segments; only the last one is written to, always at its end.
//
//   create   crc(0) metadata snapshot{0,0}            in DIRECTORY.tmp, which is renamed when it is whole
//   save     entries, then the hard state
//   cut      a full segment is followed by the next:  crc(running) metadata state

import { codecs } from '../../../proto/load.ts';
import type { RaftEntry, RaftHardState, WalSnapshot } from '../../../proto/schema.ts';
import { crc32c } from '../../core/crc32c.ts';
import { type File, type FileSystem, join } from '../fs.ts';
import { WalError } from './errors.ts';
import { hasWal, listSegments, segmentName, type SegmentName, selectSegments } from './names.ts';
import { readSegments, type SnapshotPoint, type WalContent } from './reader.ts';
import { encodeFrame, RecordType } from './record.ts';

/** Size at which a segment is full, in bytes; each is made this large beforehand (spec/storage.md 2.3). */
export const SEGMENT_BYTES = 64_000_000;

const EMPTY_STATE: RaftHardState = { term: 0, vote: 0n, commit: 0 };

export interface WalOptions {
  readonly fs: FileSystem;
  readonly directory: string;
  /** {@link SEGMENT_BYTES}, or less in tests. */
  readonly segmentBytes?: number;
}

/** The first entries of a log, and the state that goes with them. */
export interface WalBegin {
  readonly hardState: RaftHardState;
  readonly entries: readonly RaftEntry[];
}

interface OpenSegment extends SegmentName {
  readonly file: File;
}

/** Where a new record goes. */
interface Position {
  readonly offset: number;
  readonly crc: number;
}

interface Parts {
  readonly options: WalOptions;
  readonly metadata: Uint8Array;
  readonly segments: OpenSegment[];
  readonly position: Position;
  readonly lastIndex: number;
}

export class Wal {
  readonly #options: Required<WalOptions>;
  readonly #metadata: Uint8Array;
  // Segments that a restart may need; the last one is written to.
  #segments: OpenSegment[];
  #offset: number;
  #crc: number;
  #lastIndex: number;
  #hardState = EMPTY_STATE;
  // Frames that are not written yet.
  #pending: Uint8Array[] = [];

  private constructor({ options, metadata, segments, position, lastIndex }: Parts) {
    this.#options = { segmentBytes: SEGMENT_BYTES, ...options };
    this.#metadata = metadata;
    this.#segments = segments;
    this.#offset = position.offset;
    this.#crc = position.crc;
    this.#lastIndex = lastIndex;
  }

  /**
   * Makes a new log that carries `metadata`, and what it begins with: a crash leaves all of it or no log. What is in the
   * directory is removed, unless it is a log. Error: Exists.
   */
  static create(options: WalOptions, metadata: Uint8Array, begin?: WalBegin): Wal {
    const { fs, directory } = options;
    if (hasWal(fs, directory)) throw new WalError('Exists');
    const temporary = `${directory.replace(/\/$/, '')}.tmp`;
    fs.remove(temporary);
    fs.makeDirectory(temporary);
    const name = segmentName(0, 0);
    const building = makeSegment(fs, join(temporary, name), options.segmentBytes ?? SEGMENT_BYTES);
    const start = { options, metadata, position: { offset: 0, crc: 0 }, lastIndex: 0 };
    const first = new Wal({ ...start, segments: [{ name, sequence: 0, index: 0, file: building }] });
    first.#append(RecordType.crc, undefined);
    first.#append(RecordType.metadata, metadata);
    first.saveSnapshot({ index: 0, term: 0, conf_state: undefined });
    if (begin !== undefined) first.save(begin.hardState, begin.entries);
    first.sync();
    building.close();
    fs.remove(directory);
    fs.rename(temporary, directory);
    fs.syncDirectory(parentOf(directory));
    const position = { offset: first.#offset, crc: first.#crc };
    const file = fs.open(join(directory, name), 'write');
    const lastIndex = first.#lastIndex;
    const wal = new Wal({ ...start, lastIndex, position, segments: [{ name, sequence: 0, index: 0, file }] });
    wal.#hardState = first.#hardState;
    return wal;
  }

  /**
   * Opens a log for writing behind its last record, and reads the entries behind `from`. Errors: those of reading; with
   * UnexpectedEof the log can be repaired and opened again.
   */
  static open(options: WalOptions, from: SnapshotPoint): { readonly wal: Wal; readonly content: WalContent } {
    const { fs, directory } = options;
    const names = selectSegments(listSegments(fs, directory), from.index);
    const content = readSegments(fs, directory, { segments: names, from });
    if (content.metadata === undefined) throw new WalError('ConflictingMetadata', 'there is none');
    const segments = names.map((name) => ({ ...name, file: fs.open(join(directory, name.name), 'write') }));
    const position = { offset: content.endOffset, crc: content.crc };
    clearBehind(segments.at(-1) as OpenSegment, position.offset);
    const { metadata, lastIndex } = content;
    const wal = new Wal({ options, metadata, segments, position, lastIndex });
    wal.#hardState = content.hardState;
    return { wal, content };
  }

  /** Names of the segments that a restart may still need; others can be purged. */
  get heldNames(): readonly string[] {
    return this.#segments.map((segment) => segment.name);
  }

  /**
   * Adds entries and the hard state (undefined: unchanged) and returns whether they must be synced before anything
   * relies on them: a new entry, term or vote must, a commit index alone need not (spec/storage.md 2.14).
   */
  save(hardState: RaftHardState | undefined, entries: readonly RaftEntry[]): boolean {
    for (const entry of entries) {
      this.#append(RecordType.entry, codecs['raftpb.Entry'].encode(entry));
      this.#lastIndex = entry.Index;
    }
    const before = this.#hardState;
    if (hardState !== undefined && !isEmpty(hardState)) {
      this.#append(RecordType.state, codecs['raftpb.HardState'].encode(hardState));
      this.#hardState = hardState;
    }
    const isNewVote = this.#hardState.term !== before.term || this.#hardState.vote !== before.vote;
    return entries.length > 0 || isNewVote;
  }

  /** Notes a snapshot, durably. */
  saveSnapshot(snapshot: WalSnapshot): void {
    this.#append(RecordType.snapshot, codecs['walpb.Snapshot'].encode(snapshot));
    this.#lastIndex = Math.max(this.#lastIndex, snapshot.index);
    this.sync();
  }

  /** Writes what is pending and returns when it is on the disk. */
  sync(): void {
    this.#write();
    this.#tail.file.syncData();
    this.#cutIfFull();
  }

  /** Writes what is pending; resolves when it is on the disk. What is saved meanwhile needs a sync of its own. */
  async syncInBackground(): Promise<void> {
    this.#write();
    await this.#tail.file.syncDataAsync();
    this.#cutIfFull();
  }

  /** Lets go of the segments that only hold entries up to `index`, but for the last of these. */
  releaseTo(index: number): void {
    const keepFrom = this.#segments.findLastIndex((segment) => segment.index < index);
    for (const { file } of this.#segments.splice(0, Math.max(keepFrom, 0))) file.close();
  }

  /** Syncs and closes. */
  close(): void {
    this.sync();
    for (const { file } of this.#segments) file.close();
  }

  get #tail(): OpenSegment {
    return this.#segments.at(-1) as OpenSegment;
  }

  #append(type: number, data: Uint8Array | undefined): void {
    if (data !== undefined) this.#crc = crc32c(this.#crc, data);
    this.#pending.push(encodeFrame({ type, crc: this.#crc, data }));
  }

  #write(): void {
    if (this.#pending.length === 0) return;
    const bytes = this.#pending.length === 1 ? (this.#pending[0] as Uint8Array) : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#tail.file.write(bytes, this.#offset);
    this.#offset += bytes.length;
  }

  // The new segment is whole and on the disk before it has its name, so a crash leaves the old end or the new one.
  #cutIfFull(): void {
    if (this.#offset < this.#options.segmentBytes) return;
    const { fs, directory, segmentBytes } = this.#options;
    this.#write();
    this.#tail.file.truncate(this.#offset);
    this.#tail.file.syncData();
    const sequence = this.#tail.sequence + 1;
    const index = this.#lastIndex + 1;
    const name = segmentName(sequence, index);
    const temporary = join(directory, `${sequence % 2}.tmp`);
    const building = makeSegment(fs, temporary, segmentBytes);
    this.#segments.push({ name, sequence, index, file: building });
    this.#offset = 0;
    this.#append(RecordType.crc, undefined);
    this.#append(RecordType.metadata, this.#metadata);
    if (!isEmpty(this.#hardState)) this.#append(RecordType.state, codecs['raftpb.HardState'].encode(this.#hardState));
    this.#write();
    building.syncData();
    fs.rename(temporary, join(directory, name));
    fs.syncDirectory(directory);
  }
}

// Extended at once, so that later syncs write no new size. Behind the last record there are only zeros.
function makeSegment(fs: FileSystem, path: string, bytes: number): File {
  const file = fs.open(path, 'create');
  file.truncate(0);
  file.truncate(bytes);
  return file;
}

// Removes what a crash may have left behind the end, and keeps the size.
function clearBehind({ file }: OpenSegment, offset: number): void {
  const size = file.size();
  file.truncate(offset);
  file.truncate(Math.max(size, offset));
}

function isEmpty(state: RaftHardState): boolean {
  return state.term === 0 && state.vote === 0n && state.commit === 0;
}

function parentOf(directory: string): string {
  const slash = directory.replace(/\/$/, '').lastIndexOf('/');
  return slash < 0 ? '.' : directory.slice(0, slash) || '/';
}
