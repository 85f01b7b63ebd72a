// Keys inside the core are latin1 strings, one character a byte: comparing two strings is then comparing their bytes,
// and a string is a fast key of a Map. On the wire and in a KeyValue they stay Uint8Array.

/** A key as a latin1 string: every character is in U+0000…U+00FF. */
export type Key = string;

/** The half-open interval [key, end). `end` absent = the single key; `fromKey` = every key ≥ `key`. */
export type KeyRange =
  | { readonly kind: 'single'; readonly key: Key }
  | { readonly kind: 'interval'; readonly key: Key; readonly end: Key }
  | { readonly kind: 'fromKey'; readonly key: Key };

// A call with more arguments than this may overflow the stack of the engine.
const CHUNK = 4096;

/** The latin1 string of `bytes`, of any length. */
export function bytesToKey(bytes: Uint8Array): Key {
  if (bytes.length <= CHUNK) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  let key = '';
  for (let i = 0; i < bytes.length; i += CHUNK) key += bytesToKey(bytes.subarray(i, i + CHUNK));
  return key;
}

/** The bytes of `key`. */
export function keyToBytes(key: Key): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
  return bytes;
}

/**
 * What a request means by `key` and `range_end` (spec/rpc.md 6.2): empty end = the one key, a single zero byte = from
 * the key on. An end that is not above the key is kept: such an interval is empty, not an error.
 */
export function keyRange(key: Uint8Array, rangeEnd: Uint8Array): KeyRange {
  const start = bytesToKey(key);
  if (rangeEnd.length === 0) return { kind: 'single', key: start };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { kind: 'fromKey', key: start };
  return { kind: 'interval', key: start, end: bytesToKey(rangeEnd) };
}

/** Whether `key` lies in `range`. */
export function inRange(key: Key, range: KeyRange): boolean {
  switch (range.kind) {
    case 'single':
      return key === range.key;
    case 'interval':
      return key >= range.key && key < range.end;
    case 'fromKey':
      return key >= range.key;
  }
}

/** Unsigned lexicographic order of two byte strings: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
