// A database as plain data, for comparisons: nested maps from latin1 keys to short forms of the values.

import assert from 'node:assert/strict';
import { crc32c } from '../../../../final/core/crc32c.ts';
import type { Bucket } from '../../../../final/storage/bolt/bucket.ts';
import type { Tx } from '../../../../final/storage/bolt/tx.ts';
import { bytesToKey } from '../../../../final/core/keys.ts';

/** A bucket: its sequence, and entries in order. */
export interface Dump {
  sequence: number;
  entries: Map<string, string | Dump>;
}

/** Everything that `tx` sees, read forwards. */
export function dump(tx: Tx): Dump {
  const entries = new Map<string, string | Dump>();
  for (const name of tx.bucketNames()) entries.set(bytesToKey(name), dumpBucket(tx.bucket(name) as Bucket));
  return { sequence: 0, entries };
}

/** Everything in `bucket`. */
export function dumpBucket(bucket: Bucket): Dump {
  const entries = new Map<string, string | Dump>();
  bucket.forEach((key, value) => {
    entries.set(bytesToKey(key), value === undefined ? dumpBucket(bucket.bucket(key) as Bucket) : brief(value));
  });
  return { sequence: bucket.sequence, entries };
}

/** The keys of `bucket`, last first. */
export function keysBackwards(bucket: Bucket): string[] {
  const keys: string[] = [];
  const cursor = bucket.cursor();
  for (let found = cursor.last(); found; found = cursor.prev()) keys.push(bytesToKey(cursor.key));
  return keys;
}

/** A value as length and checksum: equal texts for equal values. */
export function brief(value: Uint8Array): string {
  return `${value.length}:${crc32c(0, value).toString(16)}`;
}

/** Throws AssertionError unless both are equal; much faster than deepEqual while they are. */
export function assertSame(actual: Dump, expected: Dump, message?: string): void {
  if (textOf(actual) !== textOf(expected)) assert.deepEqual(actual, expected, message);
}

/** Whether both are equal. */
export function isSame(a: Dump, b: Dump): boolean {
  return textOf(a) === textOf(b);
}

function textOf({ sequence, entries }: Dump): string {
  const texts = [...entries].map(([key, value]) => `${key}=${typeof value === 'string' ? value : textOf(value)}`);
  return `${sequence}{${texts.join(';')}}`;
}

/** The bytes of an ASCII text. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A generator of numbers from 0 to below 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
