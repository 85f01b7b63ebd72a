// Decodes header blocks (RFC 7541). The decoder of a connection must see every block of it, in order, also those of
// streams that are refused: each may change the dynamic table that the next one refers to.

import { MAX_HEADER_LIST_BYTES } from '../limits.ts';
import { ConnectionError, ErrorCode } from './frames.ts';
import { DynamicTable } from './hpack_dynamic.ts';
import { Field, STATIC_TABLE } from './hpack_static.ts';
import { decodeHuffman } from './huffman.ts';
import { RequestHeaders } from './request_headers.ts';

/** Bound of the dynamic table, in bytes: what a peer may take for granted before anything is said. */
export const MAX_TABLE_BYTES = 4096;

// Larger ones are too long for a header anyway.
const MAX_INTEGER_BYTES = 5;
const MAX_REMEMBERED_BYTES = 128;

export class HpackDecoder {
  readonly #table = new DynamicTable(MAX_TABLE_BYTES);
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  // The last block that left the table as it was, what it meant, and which state of the table that was. The meaning of a
  // block follows from its bytes and the table, so the same bytes mean the same while the table is the same.
  readonly #remembered = Buffer.alloc(MAX_REMEMBERED_BYTES);
  #rememberedLength = 0;
  #rememberedVersion = -1;
  #rememberedHeaders: RequestHeaders | undefined;

  /** Decodes a whole block. Throws {@link ConnectionError} for bytes that are none. */
  decode(bytes: Buffer, start: number, end: number): RequestHeaders {
    if (this.#rememberedHeaders !== undefined && this.#isRemembered(bytes, start, end)) return this.#rememberedHeaders;
    const versionBefore = this.#table.version;
    const headers = this.#decode(bytes, start, end);
    if (this.#table.version === versionBefore && end - start <= MAX_REMEMBERED_BYTES) {
      bytes.copy(this.#remembered, 0, start, end);
      this.#rememberedLength = end - start;
      this.#rememberedVersion = versionBefore;
      this.#rememberedHeaders = headers;
    }
    return headers;
  }

  #isRemembered(bytes: Buffer, start: number, end: number): boolean {
    const length = this.#rememberedLength;
    if (end - start !== length || this.#rememberedVersion !== this.#table.version) return false;
    const remembered = this.#remembered;
    for (let i = 0; i < length; i++) if (remembered[i] !== bytes[start + i]) return false;
    return true;
  }

  // A list that is too large is read to its end, for the sake of the table, and not kept.
  #decode(bytes: Buffer, start: number, end: number): RequestHeaders {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const fields: Field[] = [];
    let size = 0;
    let mayResize = true;
    while (this.#at < end) {
      const byte = bytes[this.#at] as number;
      if ((byte & 0xe0) === 0x20) {
        if (!mayResize) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'a table size update inside a block');
        this.#resize();
        continue;
      }
      mayResize = false;
      const field = byte >= 0x80 ? this.#field(this.#integer(7)) : this.#literal(byte);
      size += field.size;
      if (size <= MAX_HEADER_LIST_BYTES) fields.push(field);
    }
    return new RequestHeaders(fields, size > MAX_HEADER_LIST_BYTES);
  }

  #resize(): void {
    const size = this.#integer(5);
    if (size > MAX_TABLE_BYTES) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, `a table of ${size} bytes`);
    this.#table.resize(size);
  }

  #literal(byte: number): Field {
    const isIndexed = byte >= 0x40;
    const index = this.#integer(isIndexed ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#field(index).name;
    const field = new Field(name, this.#string());
    if (isIndexed) this.#table.add(field);
    return field;
  }

  #field(index: number): Field {
    const field = index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.#table.get(index - STATIC_TABLE.length);
    if (field === undefined) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, `no header field ${index}`);
    return field;
  }

  // An integer of which the first byte has `bits` bits.
  #integer(bits: number): number {
    const max = 2 ** bits - 1;
    const first = (this.#byte() & max) >>> 0;
    if (first < max) return first;
    let value = first;
    let factor = 1;
    for (let i = 0; i < MAX_INTEGER_BYTES; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'an integer without an end');
  }

  #string(): string {
    const isHuffman = this.#at < this.#end && (this.#bytes[this.#at] as number) >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'a string beyond its block');
    this.#at = end;
    if (!isHuffman) return this.#bytes.toString('latin1', start, end);
    // The shortest code has five bits.
    const target = Buffer.allocUnsafe(Math.ceil((length * 8) / 5));
    const decoded = decodeHuffman(this.#bytes, { start, end }, target);
    if (decoded < 0) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'a string that is no Huffman code');
    return target.toString('latin1', 0, decoded);
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'a header block that is cut off');
    return this.#bytes[this.#at++] as number;
  }
}
