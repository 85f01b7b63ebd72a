// Sizes of log entries: what a message and a Ready are limited by. The size is that of the entry's protobuf encoding
// (raftpb.Entry: type, term and index always present), computed without encoding. Mirrors etcd's raft/util.go.

import type { RaftEntry } from '../../../proto/schema.ts';

/** A size limit that limits nothing. */
export const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Bytes of the protobuf encoding of `entry`. */
export function entrySize(entry: RaftEntry): number {
  // Three scalars with a one-byte tag each, the type below 128.
  let size = 4 + varintSize(entry.Term) + varintSize(entry.Index);
  if (entry.Data !== undefined) size += 1 + varintSize(entry.Data.length) + entry.Data.length;
  return size;
}

/** Bytes of the data that `entries` carry: what the limit on uncommitted entries counts. */
export function payloadSize(entries: readonly RaftEntry[]): number {
  let size = 0;
  for (const entry of entries) size += entry.Data === undefined ? 0 : entry.Data.length;
  return size;
}

/** How many of the first `entries` fit into `maxSize` bytes: at least one, if there is one. */
export function countWithin(entries: readonly RaftEntry[], maxSize: number): number {
  if (maxSize === NO_LIMIT) return entries.length;
  let size = 0;
  for (let i = 0; i < entries.length; i++) {
    size += entrySize(entries[i] as RaftEntry);
    if (size > maxSize && i > 0) return i;
  }
  return entries.length;
}

/** The longest prefix of `entries` within `maxSize` bytes, never empty unless `entries` is. It may be `entries` itself. */
export function limitSize(entries: RaftEntry[], maxSize: number): RaftEntry[] {
  const count = countWithin(entries, maxSize);
  return count === entries.length ? entries : entries.slice(0, count);
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}
