// Header blocks of answers (RFC 7541). They have few fields, most of them the same in every answer, so blocks are made
// once and sent often. No field enters the dynamic table: a block means the same wherever it is sent.

import { FIELD_OVERHEAD_BYTES, STATIC_TABLE } from './hpack_static.ts';

// First bits of each representation.
const INDEXED = 0x80;
const LITERAL = 0x00;

/** A block that sets the size of our dynamic table to 0; put before the next one when a peer lowers the bound. */
export const TABLE_SIZE_ZERO = 0x20;

/** Encodes names (in lower case) and values; characters are bytes. */
export function encodeBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const target = Buffer.alloc(fields.reduce((sum, [name, value]) => sum + sizeBound(name, value), 0));
  let length = 0;
  for (const [name, value] of fields) length = putField(target, length, name, value);
  return target.subarray(0, length);
}

function sizeBound(name: string, value: string): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES;
}

function putField(target: Buffer, at: number, name: string, value: string): number {
  const whole = STATIC_TABLE.findIndex((field) => field.name === name && field.value === value);
  if (whole >= 0) return putInteger(target, at, { first: INDEXED, bits: 7, value: whole + 1 });
  const named = STATIC_TABLE.findIndex((field) => field.name === name);
  const end = putInteger(target, at, { first: LITERAL, bits: 4, value: named + 1 });
  return putString(target, named >= 0 ? end : putString(target, end, name), value);
}

function putString(target: Buffer, at: number, text: string): number {
  const start = putInteger(target, at, { first: 0, bits: 7, value: text.length });
  return start + target.write(text, start, 'latin1');
}

function putInteger(
  target: Buffer,
  at: number,
  { first, bits, value }: { readonly first: number; readonly bits: number; readonly value: number },
): number {
  const max = 2 ** bits - 1;
  if (value < max) {
    target[at] = first | value;
    return at + 1;
  }
  target[at++] = first | max;
  let rest = value - max;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}
