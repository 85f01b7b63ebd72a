// A protobuf message taken apart, byte by byte, for people: each field with its bytes, number, name and value.

import { FIELDS, type Messages } from '../../proto/schema.ts';

/** One field of a message. */
export interface WireField {
  /** The bytes of tag and value; of a message within, those in front of its fields. */
  readonly bytes: Uint8Array;
  /** How deep: 0 for a field of the message itself. */
  readonly depth: number;
  readonly text: string;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** The fields of the message `name` in `bytes`, in their order. Throws an Error for bytes that are no message. */
export function wireFields(name: keyof Messages, bytes: Uint8Array, depth = 0): WireField[] {
  const known = new Map(
    FIELDS[name].map((text) => {
      const [no = '', field = '', type = ''] = text.split(' ');
      return [Number(no), { field, type }];
    }),
  );
  const found: WireField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const tag = varint(bytes, at);
    at = tag.end;
    const no = Number(tag.value >> 3n);
    const { field = 'unknown', type = 'bytes' } = known.get(no) ?? {};
    const label = `field ${no}, ${field}`;
    const wireType = Number(tag.value & 7n);
    if (wireType === VARINT) {
      const value = varint(bytes, at);
      at = value.end;
      found.push({ bytes: bytes.subarray(start, at), depth, text: `${label}: ${numberText(value.value, type)}` });
    } else if (wireType === LENGTH) {
      const length = varint(bytes, at);
      const end = length.end + Number(length.value);
      if (end > bytes.length) throw new Error('a field that is cut off');
      const content = bytes.subarray(length.end, end);
      at = end;
      if (type in FIELDS) {
        const text = `${label}: ${type}, ${count(content.length, 'byte')}`;
        found.push({ bytes: bytes.subarray(start, length.end), depth, text });
        found.push(...wireFields(type as keyof Messages, content, depth + 1));
      } else found.push({ bytes: bytes.subarray(start, end), depth, text: `${label}: ${contentText(content)}` });
    } else {
      at += wireType === FIXED64 ? 8 : wireType === FIXED32 ? 4 : Infinity;
      if (at > bytes.length) throw new Error(`a field of wire type ${wireType}`);
      found.push({ bytes: bytes.subarray(start, at), depth, text: label });
    }
  }
  return found;
}

/** `1 byte`, `2 bytes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function varint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let at = start, shift = 0n; at < bytes.length; at++, shift += 7n) {
    const byte = bytes[at] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error('a number that is cut off');
}

function numberText(value: bigint, type: string): string {
  if (type === 'bool') return value === 0n ? 'false' : 'true';
  return type === 'int64' ? String(BigInt.asIntN(64, value)) : String(value);
}

function contentText(content: Uint8Array): string {
  const text = new TextDecoder().decode(content);
  return /^[^\p{C}\ufffd]*$/u.test(text) ? JSON.stringify(text) : count(content.length, 'byte');
}
