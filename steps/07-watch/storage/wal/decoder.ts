// Reads the records of a log in order and holds each against the running crc. Mirrors etcd's wal/decoder.go.

import { codecs } from '../../../../proto/load.ts';
import type { WalRecord } from '../../../../proto/schema.ts';
import { crc32c } from '../../core/crc32c.ts';
import { WalError } from './errors.ts';
import { LENGTH_FIELD_BYTES, readFrameLength, RecordType } from './record.ts';

const SECTOR_BYTES = 512;
const NO_DATA = new Uint8Array(0);

export class Decoder {
  readonly #segment: Uint8Array;
  #offset = 0;
  #crc = 0;

  /** `segment`: the whole content of the file. */
  constructor(segment: Uint8Array) {
    this.#segment = segment;
  }

  /** The running crc over everything read so far. */
  get crc(): number {
    return this.#crc;
  }

  /** Offset behind the last good record. */
  get lastValidOffset(): number {
    return this.#offset;
  }

  /**
   * The next record, or undefined at the end. Errors: UnexpectedEof for a record that was torn, CrcMismatch for a damaged
   * one.
   */
  next(): WalRecord | undefined {
    const left = this.#segment.length - this.#offset;
    if (left === 0) return undefined;
    if (left < LENGTH_FIELD_BYTES) throw new WalError('UnexpectedEof');
    const { record: length, padding } = readFrameLength(this.#segment, this.#offset);
    if (length === 0) return undefined;
    const start = this.#offset + LENGTH_FIELD_BYTES;
    const end = start + length + padding;
    if (end > this.#segment.length || this.#isTorn(start, end)) throw new WalError('UnexpectedEof');
    const record = codecs['walpb.Record'].decode(this.#segment.subarray(start, start + length));
    this.#check(record);
    this.#offset = end;
    return record;
  }

  #check(record: WalRecord): void {
    if (record.type !== RecordType.crc) this.#crc = crc32c(this.#crc, record.data ?? NO_DATA);
    if (record.crc !== this.#crc) throw new WalError('CrcMismatch');
  }

  // A write that the power cut may have reached the disk in part, sector by sector: a sector of nothing but zeros was
  // never written, so nobody was told that the record is safe.
  #isTorn(start: number, end: number): boolean {
    for (let from = start; from < end; ) {
      const to = Math.min(from - (from % SECTOR_BYTES) + SECTOR_BYTES, end);
      if (this.#segment.subarray(from, to).every((byte) => byte === 0)) return true;
      from = to;
    }
    return false;
  }
}
