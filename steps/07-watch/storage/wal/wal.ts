// The write-ahead log: what must not be forgotten, on disk before anybody is told. Mirrors etcd's wal/wal.go. A log is a
// file in a directory; it is only written to at its end.
//
//   create   crc(0) metadata snapshot{0,0}
//   save     entries, then the hard state

import fs from 'node:fs';
import path from 'node:path';
import { codecs } from '../../../../proto/load.ts';
import type { RaftEntry, RaftHardState } from '../../../../proto/schema.ts';
import { crc32c } from '../../core/crc32c.ts';
import { Decoder } from './decoder.ts';
import { WalError } from './errors.ts';
import { encodeFrame, RecordType } from './record.ts';

const SEGMENT = '0000000000000000-0000000000000000.wal';

export interface WalContent {
  /** What the log was created with. */
  metadata: Uint8Array;
  /** The last one that was saved. */
  hardState: RaftHardState;
  readonly entries: RaftEntry[];
}

export class Wal {
  readonly #fd: number;
  #crc: number;

  private constructor(fd: number, crc: number) {
    this.#fd = fd;
    this.#crc = crc;
  }

  /** Whether `directory` holds a log. */
  static exists(directory: string): boolean {
    return fs.existsSync(path.join(directory, SEGMENT));
  }

  /** Makes a new log that carries `metadata`. Until it is whole it has another name. */
  static create(directory: string, metadata: Uint8Array): Wal {
    const temporary = `${directory}.tmp`;
    fs.rmSync(temporary, { recursive: true, force: true });
    fs.mkdirSync(temporary, { recursive: true, mode: 0o700 });
    const wal = new Wal(fs.openSync(path.join(temporary, SEGMENT), 'a', 0o600), 0);
    wal.#append(RecordType.crc, undefined);
    wal.#append(RecordType.metadata, metadata);
    wal.#append(RecordType.snapshot, codecs['walpb.Snapshot'].encode({ index: 0, term: 0 }));
    fs.fdatasyncSync(wal.#fd);
    fs.renameSync(temporary, directory);
    syncDirectory(path.dirname(directory));
    return wal;
  }

  /** Opens a log and reads it. A record that was torn at its end is cut off. Error: CrcMismatch for a damaged log. */
  static open(directory: string): { readonly wal: Wal; readonly content: WalContent } {
    const file = path.join(directory, SEGMENT);
    const decoder = new Decoder(fs.readFileSync(file));
    const content: WalContent = {
      metadata: new Uint8Array(0),
      hardState: { term: 0, vote: 0n, commit: 0 },
      entries: [],
    };
    try {
      for (let record = decoder.next(); record !== undefined; record = decoder.next()) {
        read(content, record.type, record.data ?? new Uint8Array(0));
      }
    } catch (error) {
      if (!(error instanceof WalError) || error.kind !== 'UnexpectedEof') throw error;
    }
    fs.truncateSync(file, decoder.lastValidOffset);
    return { wal: new Wal(fs.openSync(file, 'a'), decoder.crc), content };
  }

  /** Adds entries and the hard state; returns when they are on the disk. */
  save(hardState: RaftHardState, entries: readonly RaftEntry[]): void {
    for (const entry of entries) this.#append(RecordType.entry, codecs['raftpb.Entry'].encode(entry));
    this.#append(RecordType.state, codecs['raftpb.HardState'].encode(hardState));
    fs.fdatasyncSync(this.#fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #append(type: number, data: Uint8Array | undefined): void {
    if (data !== undefined) this.#crc = crc32c(this.#crc, data);
    const frame = encodeFrame({ type, crc: this.#crc, data });
    for (let done = 0; done < frame.length; ) done += fs.writeSync(this.#fd, frame, done);
  }
}

function read(content: WalContent, type: number, data: Uint8Array): void {
  if (type === RecordType.metadata) content.metadata = data;
  else if (type === RecordType.entry) readEntry(content, codecs['raftpb.Entry'].decode(data));
  else if (type === RecordType.state) content.hardState = codecs['raftpb.HardState'].decode(data);
}

// An entry takes the place of the one with its index, and of all behind that: they were never committed.
function readEntry({ entries }: WalContent, entry: RaftEntry): void {
  entries.splice(entry.Index - 1, Infinity, entry);
}

// A new name is on the disk only when its directory is.
function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
