// The wire format of protobuf: varints, lengths and bytes. Counters are numbers that saturate at ±2^53, far above any
// value that occurs; identities are bigints and keep all 64 bits.

/** Bytes that are not an encoding of the message. The texts are those of etcd's decoder. */
export class DecodeError extends Error {}

/** How deep messages may be nested. Beyond it the stack of the engine could overflow. */
export const MAX_DEPTH = 1_000;

const LIMIT = 2 ** 53;
const HIGH = 2 ** 32;
// The largest that protobuf allows; no message has a field near it.
const MAX_FIELD_NUMBER = 2 ** 29 - 1;
const MAX_INT32 = 2 ** 31 - 1;
const EMPTY = new Uint8Array(0);

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

// Halves of the last varint that was read: a function that returned both would have to allocate.
let low = 0;
let high = 0;

// Bytes that are not UTF-8 become replacement characters: etcd's decoder lets them pass too.
const utf8Decoder = new TextDecoder('utf-8');
const utf8Encoder = new TextEncoder();

/** Reads one message; nested ones are read by the same reader with a nearer end. */
export class Reader {
  bytes: Uint8Array = EMPTY;
  pos = 0;
  end = 0;
  depth = 0;
  /** What is wrong with the last tag, when its field number is 0 or negative and it had more than one byte. */
  badTag: string | undefined;

  /** Tag of the next field: number × 8 + wire type. One that makes no sense has number 0. */
  tag(): number {
    const byte = this.bytes[this.pos] as number;
    if (byte < 0x80 && this.pos < this.end) {
      this.pos++;
      return byte;
    }
    this.#varint();
    return high === 0 && low >>> 3 !== 0 ? low >>> 0 : this.#longTag();
  }

  // etcd's decoder takes the number of a field as an int32 of the bits above the wire type.
  #longTag(): number {
    const number = (high << 29) | (low >>> 3);
    const wireType = low & 7;
    if (number > MAX_FIELD_NUMBER) return MAX_FIELD_NUMBER * 8 + wireType;
    if (number > 0) return number * 8 + wireType;
    this.badTag = `${number} (wire type ${(BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)})`;
    return wireType;
  }

  /** A length, and checks that so many bytes are there. */
  length(): number {
    this.#varint();
    const isNegative = high < 0 || (high === MAX_INT32 && (low >>> 0) + this.pos >= HIGH);
    if (isNegative) throw new DecodeError('proto: negative length found during unmarshaling');
    if (high !== 0 || low >>> 0 > this.end - this.pos) throw new DecodeError('unexpected EOF');
    return low;
  }

  bool(): boolean {
    this.#varint();
    return low !== 0 || high !== 0;
  }

  /** int32 and enum. */
  int32(): number {
    this.#varint();
    return low | 0;
  }

  uint32(): number {
    this.#varint();
    return low >>> 0;
  }

  /** int64 as a counter. */
  int64(): number {
    this.#varint();
    return saturated(high * HIGH + (low >>> 0));
  }

  /** uint64 as a counter. */
  uint64(): number {
    this.#varint();
    return saturated((high >>> 0) * HIGH + (low >>> 0));
  }

  /** int64 as an identity. */
  int64Identity(): bigint {
    this.#varint();
    if (high === 0) return BigInt(low >>> 0);
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }

  /** uint64 as an identity. */
  uint64Identity(): bigint {
    this.#varint();
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  /** A view of the input, not a copy. */
  view(): Uint8Array {
    const length = this.length();
    const start = this.pos;
    this.pos += length;
    return length === 0 ? EMPTY : this.bytes.subarray(start, this.pos);
  }

  string(): string {
    return utf8Decoder.decode(this.view());
  }

  /** Passes over a field that is not known. */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        return this.#varint();
      case FIXED64:
        return this.#forward(8);
      case LENGTH:
        return this.#forward(this.length());
      case START_GROUP:
        return this.#skipGroup();
      case END_GROUP:
        throw new DecodeError('proto: unexpected end of group');
      case FIXED32:
        return this.#forward(4);
      default:
        throw new DecodeError(`proto: illegal wireType ${tag & 7}`);
    }
  }

  #skipGroup(): void {
    this.enter();
    for (let tag = this.tag(); (tag & 7) !== END_GROUP; tag = this.tag()) this.skip(tag);
    this.depth--;
  }

  /** Begins a nested message; it ends with `depth--`. */
  enter(): void {
    if (++this.depth > MAX_DEPTH) throw new DecodeError(`proto: messages nested more than ${MAX_DEPTH} deep`);
  }

  #forward(bytes: number): void {
    if (bytes > this.end - this.pos) throw new DecodeError('unexpected EOF');
    this.pos += bytes;
  }

  // Ten bytes at most; bits above the 64th are dropped, as Go does.
  #varint(): void {
    low = 0;
    high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.pos >= this.end) throw new DecodeError('unexpected EOF');
      const byte = this.bytes[this.pos++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return;
    }
    throw new DecodeError('proto: integer overflow');
  }
}

function saturated(value: number): number {
  return value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value;
}

const FIRST_BUFFER_BYTES = 64 * 1024;
// A larger one, grown for a large message, is given back.
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** Writes a message from its last byte to its first: then the length of a nested one is known when its prefix is written. */
export class Writer {
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #pos = FIRST_BUFFER_BYTES;

  /** Bytes written so far. */
  get written(): number {
    return this.#buffer.length - this.#pos;
  }

  /** What was written, copied; the writer is empty behind it. */
  finish(): Uint8Array {
    const result = copyOf(this.#buffer, this.#pos);
    this.reset();
    return result;
  }

  /** Forgets what was written. */
  reset(): void {
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    this.#pos = this.#buffer.length;
  }

  /** A number from 0 to 2^32 − 1. */
  uint32(value: number): void {
    this.#reserve(5);
    if (value < 0x80) this.#buffer[--this.#pos] = value;
    else this.#split(value, 0);
  }

  bool(value: boolean): void {
    this.uint32(value ? 1 : 0);
  }

  /** int32 and enum; a negative one takes ten bytes. */
  int32(value: number): void {
    this.counter(value | 0);
  }

  /** A whole number within ±2^63. */
  counter(value: number): void {
    if (!Number.isInteger(value)) throw new RangeError(`${value} is not a whole number`);
    this.#reserve(10);
    if (value >= 0 && value < 0x80) this.#buffer[--this.#pos] = value;
    else if (value >= 0) this.#split(value >>> 0, Math.floor(value / HIGH));
    else this.identity(BigInt(value));
  }

  /** Any 64 bits, signed or not. */
  identity(value: bigint): void {
    this.#reserve(10);
    this.#split(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length + 5);
    this.#pos -= value.length;
    this.#buffer.set(value, this.#pos);
    this.uint32(value.length);
  }

  string(value: string): void {
    this.bytes(utf8Encoder.encode(value));
  }

  // A varint of up to 64 bits, given as halves.
  #split(lowHalf: number, highHalf: number): void {
    const size = highHalf === 0 ? sizeOf(lowHalf) : Math.ceil((64 - Math.clz32(highHalf)) / 7);
    let l = lowHalf;
    let h = highHalf;
    this.#pos -= size;
    let at = this.#pos;
    while (h !== 0 || l >= 0x80) {
      this.#buffer[at++] = (l & 0x7f) | 0x80;
      l = ((l >>> 7) | ((h & 0x7f) << 25)) >>> 0;
      h >>>= 7;
    }
    this.#buffer[at] = l;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#pos) return;
    const old = this.#buffer;
    const used = old.length - this.#pos;
    this.#buffer = new Uint8Array(Math.max(old.length * 2, used + bytes));
    this.#pos = this.#buffer.length - used;
    this.#buffer.set(old.subarray(old.length - used), this.#pos);
  }
}

// Bytes of the varint of a number below 2^32.
function sizeOf(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

interface BufferLike {
  allocUnsafe(bytes: number): Uint8Array;
}

// Small buffers of Node come from a pool; elsewhere a plain array does.
const pool = (globalThis as { readonly Buffer?: BufferLike }).Buffer;

function copyOf(source: Uint8Array, start: number): Uint8Array {
  if (pool === undefined) return source.slice(start);
  const copy = pool.allocUnsafe(source.length - start);
  copy.set(source.subarray(start));
  return copy;
}
