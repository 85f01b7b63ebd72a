// Ranges of keys by what they begin with, as etcd's clients write them (spec/rpc.md 6.2).

/** As a key: the first one that there can be. As an end: there is none. */
const zero = Uint8Array.of(0);

/** @returns the first key behind all that begin with `prefix` */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last === -1) return zero;
  const end = new Uint8Array(prefix.subarray(0, last + 1));
  end[last] = (prefix[last] ?? 0) + 1;
  return end;
}

/** @returns the fields of a request for all keys that begin with `prefix`; for an empty one, for all keys */
export function prefixRange(prefix: Uint8Array): { readonly key: Uint8Array; readonly range_end: Uint8Array } {
  return { key: prefix.length === 0 ? zero : prefix, range_end: prefixEnd(prefix) };
}
