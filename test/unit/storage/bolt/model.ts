// An obviously right database, nested maps, and random operations that go to it and to a real one alike.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bytesToKey, compareBytes } from '../../../../final/core/keys.ts';
import type { Bucket } from '../../../../final/storage/bolt/bucket.ts';
import { BoltError } from '../../../../final/storage/bolt/errors.ts';
import type { Tx } from '../../../../final/storage/bolt/tx.ts';
import { bytes, type Dump, brief, dumpBucket, keysBackwards, assertSame } from './dump.ts';

/** A change inside a write transaction. `at` chooses the bucket it goes to, `key` and `size` what is done there. */
export interface Change {
  readonly kind: 'put' | 'fill' | 'delete' | 'clear' | 'createBucket' | 'deleteBucket' | 'sequence' | 'look';
  readonly at: number;
  readonly key: number;
  readonly size: number;
}

const MAX_DEPTH = 3;

/** Random changes; `keys` is the number of different keys, `valueBytes` the longest value. */
export function changes(keys: number, valueBytes: number): fc.Arbitrary<Change> {
  const kind = fc.oneof(
    { weight: 10, arbitrary: fc.constant('put' as const) },
    { weight: 2, arbitrary: fc.constant('fill' as const) },
    { weight: 5, arbitrary: fc.constant('delete' as const) },
    { weight: 2, arbitrary: fc.constant('clear' as const) },
    { weight: 3, arbitrary: fc.constant('createBucket' as const) },
    { weight: 1, arbitrary: fc.constant('deleteBucket' as const) },
    { weight: 1, arbitrary: fc.constant('sequence' as const) },
    { weight: 2, arbitrary: fc.constant('look' as const) },
  );
  // Mostly short values: they make trees deep.
  const size = fc.oneof({ weight: 5, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(valueBytes) });
  return fc.record({ kind, at: fc.nat(7), key: fc.nat(keys), size });
}

export function emptyModel(): Dump {
  return { sequence: 0, entries: new Map() };
}

export function cloneModel(model: Dump): Dump {
  const entries = [...model.entries].map(([key, value]) => {
    return [key, typeof value === 'string' ? value : cloneModel(value)] as const;
  });
  return { sequence: model.sequence, entries: new Map(entries) };
}

/** The model with its keys in order, as a dump of the database has them. */
export function sorted(model: Dump): Dump {
  const entries = [...model.entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, typeof value === 'string' ? value : sorted(value)] as const);
  return { sequence: model.sequence, entries: new Map(entries) };
}

/** Applies `change` to both, and compares what they answer. */
export function apply(tx: Tx, model: Dump, change: Change): void {
  // The top level holds buckets only.
  const places = listBuckets(model);
  const place = places[change.at % (places.length + 1)];
  const name = `b${change.key % 5}`;
  if (place === undefined) {
    applyToParent(tx, model, change, name);
    return;
  }
  const bucket = place.path
    .slice(1)
    .reduce<Bucket>((parent, next) => parent.bucket(next) as Bucket, tx.bucket(place.path[0] as string) as Bucket);
  if (change.kind === 'createBucket' || change.kind === 'deleteBucket') {
    const isTooDeep = place.path.length >= MAX_DEPTH;
    if (!isTooDeep) applyToParent(bucket, place.model, change, name);
    return;
  }
  applyToBucket(bucket, place.model, change);
}

function applyToParent(parent: Tx | Bucket, model: Dump, { kind }: Change, name: string): void {
  const old = model.entries.get(name);
  if (kind === 'deleteBucket') {
    const error = kindOf(() => parent.deleteBucket(name));
    assert.equal(
      error,
      old === undefined ? 'BucketNotFound' : typeof old === 'string' ? 'IncompatibleValue' : undefined,
    );
    if (error === undefined) model.entries.delete(name);
  } else {
    const error = kindOf(() => parent.createBucket(name));
    assert.equal(error, old === undefined ? undefined : typeof old === 'string' ? 'IncompatibleValue' : 'BucketExists');
    if (error === undefined) model.entries.set(name, emptyModel());
  }
}

function applyToBucket(bucket: Bucket, model: Dump, { kind, key: n, size }: Change): void {
  switch (kind) {
    case 'put':
      return put(bucket, model, keyOf(n), valueOf(n, size));
    case 'fill':
      for (let i = 0; i < 20 + (size % 50); i++) put(bucket, model, keyOf(n + i), valueOf(i, size % 300));
      return;
    case 'delete':
      return remove(bucket, model, keyOf(n));
    case 'clear':
      for (let i = 0; i < 60; i++) remove(bucket, model, keyOf(n + i));
      return;
    case 'sequence':
      model.sequence++;
      assert.equal(bucket.nextSequence(), model.sequence);
      return;
    case 'look':
      return look(bucket, model, keyOf(n));
    case 'createBucket':
    case 'deleteBucket':
      throw new Error(`${kind} is for the parent`);
  }
}

function put(bucket: Bucket, model: Dump, key: string, value: Uint8Array): void {
  const isBucket = typeof model.entries.get(key) === 'object';
  const error = kindOf(() => bucket.put(bytes(key), value));
  assert.equal(error, isBucket ? 'IncompatibleValue' : undefined);
  if (!isBucket) model.entries.set(key, brief(value));
}

function remove(bucket: Bucket, model: Dump, key: string): void {
  const isBucket = typeof model.entries.get(key) === 'object';
  assert.equal(
    kindOf(() => bucket.delete(bytes(key))),
    isBucket ? 'IncompatibleValue' : undefined,
  );
  if (!isBucket) model.entries.delete(key);
}

// Reads in the middle of a transaction: one key, a seek and its neighbours, the whole bucket both ways.
function look(bucket: Bucket, model: Dump, key: string): void {
  const want = model.entries.get(key);
  const got = bucket.get(bytes(key));
  assert.equal(got === undefined ? undefined : brief(got), typeof want === 'string' ? want : undefined);
  const keys = [...model.entries.keys()].sort();
  const at = keys.findIndex((other) => other >= key);
  const cursor = bucket.cursor();
  assert.equal(cursor.seek(bytes(key)), at >= 0);
  if (at >= 0) {
    assert.equal(bytesToKey(cursor.key), keys[at]);
    assert.ok(compareBytes(cursor.key, bytes(key)) >= 0);
    assert.equal(cursor.prev(), at > 0);
    if (at > 0) assert.equal(bytesToKey(cursor.key), keys[at - 1]);
  }
  assertSame(dumpBucket(bucket), sorted(model));
  assert.deepEqual(keysBackwards(bucket), keys.reverse());
}

function listBuckets(model: Dump, path: readonly string[] = []): { path: readonly string[]; model: Dump }[] {
  return [...model.entries].flatMap(([name, value]) => {
    if (typeof value === 'string') return [];
    return [{ path: [...path, name], model: value }, ...listBuckets(value, [...path, name])];
  });
}

// Some keys are the names that buckets have, so that the two get in each other's way.
function keyOf(n: number): string {
  return n % 37 === 5 ? `b${n % 5}` : `k${String(n).padStart(4, '0')}${'x'.repeat(n % 7)}`;
}

function valueOf(n: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(n);
}

function kindOf(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof BoltError) return error.kind;
    throw error;
  }
}
