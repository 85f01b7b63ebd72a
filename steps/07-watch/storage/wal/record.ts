// The records of the log: a frame of 8 bytes with the length, the record, and zeros up to the next multiple of 8. Mirrors
// etcd's wal/encoder.go and walpb/record.go.
//
//   length field   low 56 bits: bytes of the record; top byte: 0x80 | number of padding bytes, or 0 without padding
//   record         walpb.Record { type, crc, data }
//
// The crc runs on from record to record over all data, and over the segments, so that no record can be taken out or swapped.

import { codecs } from '../../../../proto/load.ts';

/** Types of records (spec/storage.md 3.7). */
export const RecordType = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;

export const LENGTH_FIELD_BYTES = 8;
const ALIGNMENT = 8;
// Above this, the length of a field does not fit its half: the high half of the length is bits 32 to 55.
const HALF = 2 ** 32;
const HIGH_LENGTH_MASK = 0x00ff_ffff;
const PADDING_FLAG = 0x80;
const PADDING_MASK = 0x07;

/** Lengths of a frame that begins at some offset: `record` bytes, then `padding` zeros. */
export interface FrameLength {
  readonly record: number;
  readonly padding: number;
}

/** One record in its frame. `crc` covers everything up to and with `data`. */
export function encodeFrame(record: { type: number; crc: number; data: Uint8Array | undefined }): Uint8Array {
  const body = codecs['walpb.Record'].encode(record);
  const padding = (ALIGNMENT - (body.length % ALIGNMENT)) % ALIGNMENT;
  const frame = new Uint8Array(LENGTH_FIELD_BYTES + body.length + padding);
  const view = new DataView(frame.buffer);
  view.setUint32(0, body.length, true);
  if (padding > 0) frame[LENGTH_FIELD_BYTES - 1] = PADDING_FLAG | padding;
  frame.set(body, LENGTH_FIELD_BYTES);
  return frame;
}

/** Reads a length field, whose 8 bytes are there. A field of zeros, which ends a segment, gives record 0. */
export function readFrameLength(segment: Uint8Array, offset: number): FrameLength {
  const view = new DataView(segment.buffer, segment.byteOffset + offset, LENGTH_FIELD_BYTES);
  const high = view.getUint32(4, true);
  const top = high >>> 24;
  return {
    record: (high & HIGH_LENGTH_MASK) * HALF + view.getUint32(0, true),
    padding: (top & PADDING_FLAG) === 0 ? 0 : top & PADDING_MASK,
  };
}
