// Reads the records of one or more segments in order and holds each against the running crc. Mirrors etcd's wal/decoder.go.

import { codecs } from '../../../proto/load.ts';
import type { WalRecord } from '../../../proto/schema.ts';
import { crc32c } from '../../core/crc32c.ts';
import { WalError } from './errors.ts';
import { LENGTH_FIELD_BYTES, readFrameLength, RecordType } from './record.ts';

const SECTOR_BYTES = 512;

/** A record that was read and whose data is right. */
export interface DecodedRecord {
  readonly type: number;
  readonly crc: number;
  /** A view of the segment; absent in a crc record. */
  readonly data: Uint8Array | undefined;
}

export class Decoder {
  readonly #segments: readonly Uint8Array[];
  #current = 0;
  #offset = 0;
  #crc = 0;

  /** `segments`: their whole contents, consecutive. */
  constructor(segments: readonly Uint8Array[]) {
    this.#segments = segments;
  }

  /** The running crc over everything read so far. */
  get crc(): number {
    return this.#crc;
  }

  /** Offset behind the last good record, in the segment that is being read. */
  get lastValidOffset(): number {
    return this.#offset;
  }

  /**
   * The next record, or undefined at the end. A crc record sets the running crc when there was none; otherwise it must be
   * equal. Errors: UnexpectedEof for a record that was torn, CrcMismatch and UndecodableRecord for a damaged one.
   */
  next(): DecodedRecord | undefined {
    for (;;) {
      const segment = this.#segments[this.#current];
      if (segment === undefined) return undefined;
      const isAtEnd = this.#offset >= segment.length;
      if (!isAtEnd && segment.length - this.#offset < LENGTH_FIELD_BYTES) throw new WalError('UnexpectedEof');
      if (!isAtEnd && readFrameLength(segment, this.#offset).record > 0) return this.#read(segment);
      // The last segment stays current: what follows is appended behind its last record.
      if (this.#current === this.#segments.length - 1) return undefined;
      this.#current++;
      this.#offset = 0;
    }
  }

  #read(segment: Uint8Array): DecodedRecord {
    const { record: length, padding } = readFrameLength(segment, this.#offset);
    const start = this.#offset + LENGTH_FIELD_BYTES;
    if (length + padding > segment.length - start) throw new WalError('UnexpectedEof');
    const record = this.#decode(segment.subarray(start, start + length), segment, { start, length: length + padding });
    this.#check(record, segment, { start, length: length + padding });
    this.#offset = start + length + padding;
    return record;
  }

  #decode(body: Uint8Array, segment: Uint8Array, frame: Frame): WalRecord {
    try {
      return codecs['walpb.Record'].decode(body);
    } catch (error) {
      if (this.#isTorn(segment, frame)) throw new WalError('UnexpectedEof');
      throw new WalError('UndecodableRecord', (error as Error).message);
    }
  }

  #check(record: WalRecord, segment: Uint8Array, frame: Frame): void {
    if (record.type === RecordType.crc) {
      if (this.#crc !== 0 && record.crc !== this.#crc) throw new WalError('CrcMismatch');
      this.#crc = record.crc;
      return;
    }
    const crc = crc32c(this.#crc, record.data ?? NO_DATA);
    if (crc !== record.crc) throw new WalError(this.#isTorn(segment, frame) ? 'UnexpectedEof' : 'CrcMismatch');
    this.#crc = crc;
  }

  // A write that the power cut may have reached the disk in part, sector by sector: a sector of nothing but zeros at the end
  // of the last segment was never written, so nobody was told that the record is safe (spec/storage.md 4.3).
  #isTorn(segment: Uint8Array, { start, length }: Frame): boolean {
    if (this.#current !== this.#segments.length - 1) return false;
    const end = start + length;
    for (let from = start; from < end; ) {
      const to = Math.min(from - (from % SECTOR_BYTES) + SECTOR_BYTES, end);
      if (segment.subarray(from, to).every((byte) => byte === 0)) return true;
      from = to;
    }
    return false;
  }
}

interface Frame {
  readonly start: number;
  readonly length: number;
}

const NO_DATA = new Uint8Array(0);
