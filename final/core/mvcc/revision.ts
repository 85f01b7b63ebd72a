// Revisions: the clock of the store. Mirrors etcd's mvcc/revision.go.

/** `main` counts write transactions, `sub` the changes inside one, from 0 in execution order. */
export interface Revision {
  readonly main: number;
  readonly sub: number;
}

/** Order of two revisions: negative, zero or positive. */
export function compareRevisions(a: Revision, b: Revision): number {
  return a.main - b.main || a.sub - b.sub;
}

const PLAIN_LENGTH = 17;
const TOMBSTONE_LENGTH = 18;
const SEPARATOR = 0x5f; // '_'
const TOMBSTONE_MARK = 0x74; // 't'

/**
 * A revision as etcd's backend keeps it: 8 bytes main, `_`, 8 bytes sub (big endian), and `t` when the change is a
 * tombstone (spec/rpc.md 6.1). The bytes sort like the revisions; hashes are computed over them.
 */
export function encodeRevision(revision: Revision, isTombstone: boolean): Uint8Array {
  const bytes = new Uint8Array(isTombstone ? TOMBSTONE_LENGTH : PLAIN_LENGTH);
  const view = new DataView(bytes.buffer);
  setUint64(view, 0, revision.main);
  bytes[8] = SEPARATOR;
  setUint64(view, 9, revision.sub);
  if (isTombstone) bytes[PLAIN_LENGTH] = TOMBSTONE_MARK;
  return bytes;
}

/** What {@link encodeRevision} wrote. */
export function decodeRevision(bytes: Uint8Array): { readonly revision: Revision; readonly isTombstone: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const main = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  const sub = view.getUint32(9) * 2 ** 32 + view.getUint32(13);
  return { revision: { main, sub }, isTombstone: bytes.length === TOMBSTONE_LENGTH };
}

// Two halves, since the bigint setters of DataView are some thirty times slower.
function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / 2 ** 32));
  view.setUint32(offset + 4, value >>> 0);
}
