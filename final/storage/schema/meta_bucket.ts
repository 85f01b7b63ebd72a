// What the bucket `meta` says: how far the log is applied, and how far compactions have come (spec/storage.md 9, 12.1).
// Mirrors etcd's schema/meta.go, cindex.go and compaction.go.

import type { RaftConfState } from '../../../proto/schema.ts';
import { keyToBytes } from '../../core/keys.ts';
import { decodeRevision, encodeRevision } from '../../core/mvcc/revision.ts';
import type { CompactionMarks } from '../../core/mvcc/kvstore.ts';
import type { Backend } from '../backend/backend.ts';
import { Buckets } from './buckets.ts';

const CONSISTENT_INDEX = keyToBytes('consistent_index');
const TERM = keyToBytes('term');
const CONF_STATE = keyToBytes('confState');
const SCHEDULED_COMPACTION = keyToBytes('scheduledCompactRev');
const FINISHED_COMPACTION = keyToBytes('finishedCompactRev');

/** Index and term of the last log entry whose effect is in the database; zeros when there is none. */
export interface ConsistentIndex {
  readonly index: number;
  readonly term: number;
}

export function readConsistentIndex(backend: Backend): ConsistentIndex {
  return { index: readUint64(backend, CONSISTENT_INDEX), term: readUint64(backend, TERM) };
}

export function writeConsistentIndex(backend: Backend, { index, term }: ConsistentIndex): void {
  if (index === 0) return;
  backend.put(Buckets.meta, CONSISTENT_INDEX, uint64(index));
  if (term > 0) backend.put(Buckets.meta, TERM, uint64(term));
}

/** Forgets how far a log was applied: another log begins. */
export function resetConsistentIndex(backend: Backend): void {
  backend.put(Buckets.meta, CONSISTENT_INDEX, uint64(0));
  backend.put(Buckets.meta, TERM, uint64(0));
}

/** The configuration as raft knows it at the consistent index, or, when it has only voters, these. */
export function writeConfState(backend: Backend, state: RaftConfState | readonly bigint[]): void {
  backend.put(Buckets.meta, CONF_STATE, keyToBytes(encodeConfState('voters' in state ? state : onlyVoters(state))));
}

function onlyVoters(voters: readonly bigint[]): RaftConfState {
  return { voters: [...voters], learners: [], voters_outgoing: [], learners_next: [], auto_leave: false };
}

// As Go writes it: lists that are empty are left out.
function encodeConfState(state: RaftConfState): string {
  const lists = (['voters', 'learners', 'voters_outgoing', 'learners_next'] as const)
    .map((name) => ({ name, ids: state[name] }))
    .filter(({ ids }) => ids.length > 0)
    .map(({ name, ids }) => `"${name}":[${ids.join(',')}]`);
  return `{${[...lists, `"auto_leave":${state.auto_leave}`].join(',')}}`;
}

export function readCompactionMarks(backend: Backend): CompactionMarks {
  const read = (key: Uint8Array): number => {
    const bytes = backend.get(Buckets.meta, key);
    return bytes === undefined ? 0 : decodeRevision(bytes).revision.main;
  };
  return { scheduled: read(SCHEDULED_COMPACTION), finished: read(FINISHED_COMPACTION) };
}

export function writeScheduledCompaction(backend: Backend, revision: number): void {
  backend.put(Buckets.meta, SCHEDULED_COMPACTION, encodeRevision({ main: revision, sub: 0 }, false));
}

export function writeFinishedCompaction(backend: Backend, revision: number): void {
  backend.put(Buckets.meta, FINISHED_COMPACTION, encodeRevision({ main: revision, sub: 0 }, false));
}

/** Entries of `meta` that are left out of the hash of the database: members may differ in them (spec/storage.md 9.19). */
export const UNHASHED_META: readonly string[] = ['consistent_index', 'term'];

function readUint64(backend: Backend, key: Uint8Array): number {
  const bytes = backend.get(Buckets.meta, key);
  if (bytes === undefined) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value >>> 0);
  return bytes;
}
