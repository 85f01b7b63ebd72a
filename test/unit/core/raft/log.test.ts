// The log and its parts where the scripts do not reach.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../../../final/core/assert.ts';
import { SILENT_LOGGER } from '../../../../final/core/raft/config.ts';
import { NO_LIMIT } from '../../../../final/core/raft/entries.ts';
import { RaftError } from '../../../../final/core/raft/errors.ts';
import { RaftLog } from '../../../../final/core/raft/log.ts';
import { Unstable } from '../../../../final/core/raft/log_unstable.ts';
import { emptyConfState, MemoryStorage } from '../../../../final/core/raft/storage.ts';
import type { RaftEntry, RaftSnapshot } from '../../../../proto/schema.ts';

function entry(Index: number, Term: number, size = 0): RaftEntry {
  return { Type: 0, Term, Index, Data: new Uint8Array(size) };
}

function entries(from: number, to: number, term: number): RaftEntry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term));
}

function snapshot(index: number, term: number): RaftSnapshot {
  return { data: undefined, metadata: { index, term, conf_state: emptyConfState() } };
}

function positions(list: readonly RaftEntry[] | undefined): string {
  return (list ?? []).map(({ Term, Index }) => `${Term}/${Index}`).join(' ');
}

function isError(kind: string): (error: unknown) => boolean {
  return (error) => error instanceof RaftError && error.kind === kind;
}

// Entries 4 to 6 on disk after a snapshot at 3, 7 and 8 not.
function newLog(maxNextSize = NO_LIMIT): RaftLog {
  const storage = new MemoryStorage();
  storage.applySnapshot(snapshot(3, 1));
  storage.append(entries(4, 6, 1));
  const log = new RaftLog(storage, SILENT_LOGGER, maxNextSize);
  log.append(entries(7, 8, 2));
  return log;
}

test('the log knows terms from the compacted index to its end', () => {
  const log = newLog();
  const terms = [2, 3, 4, 6, 7, 8, 9].map((index) => log.term(index));
  assert.deepEqual(terms, [0, 1, 1, 1, 2, 2, 0]);
  assert.deepEqual([log.firstIndex(), log.lastIndex(), log.committed, log.applied], [4, 8, 3, 3]);
  assert.ok(log.matchTerm(3, 1));
  assert.ok(!log.matchTerm(9, 0), 'an index behind the end matches nothing');
});

test('a log is up to date by its last term, then by its length', () => {
  const log = newLog();
  const verdicts = [log.isUpToDate(1, 3), log.isUpToDate(8, 2), log.isUpToDate(7, 2), log.isUpToDate(100, 1)];
  assert.deepEqual(verdicts, [true, true, false, false]);
});

test('a slice joins both parts and keeps the limit', () => {
  const log = newLog();
  assert.equal(positions(log.slice(5, 9, NO_LIMIT)), '1/5 1/6 2/7 2/8');
  // Eight bytes an entry: type, term and index with a byte each, and two for the empty data.
  assert.equal(positions(log.slice(5, 9, 8)), '1/5');
  assert.equal(positions(log.slice(5, 9, 16)), '1/5 1/6');
  assert.equal(positions(log.slice(5, 9, 24)), '1/5 1/6 2/7');
  assert.equal(positions(log.slice(7, 9, 0)), '2/7');
  assert.equal(positions(log.slice(9, 9, 0)), '');
  assert.throws(() => log.slice(3, 5, NO_LIMIT), AssertionError);
  assert.throws(() => log.slice(8, 10, NO_LIMIT), AssertionError);
});

test('entries from an index on, unless they are compacted', () => {
  const log = newLog();
  assert.equal(positions(log.entriesFrom(6, NO_LIMIT)), '1/6 2/7 2/8');
  assert.deepEqual(log.entriesFrom(9, NO_LIMIT), []);
  assert.equal(log.entriesFrom(3, NO_LIMIT), undefined);
});

test('appending cuts a conflicting tail but never what is committed', () => {
  const log = newLog();
  log.commitTo(5);
  assert.equal(log.maybeAppend(5, 1, 6, [entry(6, 1), entry(7, 3)]), 7);
  assert.equal(positions(log.slice(4, 8, NO_LIMIT)), '1/4 1/5 1/6 3/7');
  assert.deepEqual([log.committed, log.lastIndex()], [6, 7]);
  assert.equal(log.maybeAppend(7, 2, 7, []), undefined);
  assert.throws(() => log.maybeAppend(5, 1, 6, [entry(6, 9)]), /conflict with committed entry/);
  assert.throws(() => log.append([entry(6, 9)]), /out of range/);
});

test('a follower commits only as far as the append reaches', () => {
  const log = newLog();
  log.maybeAppend(6, 1, 100, [entry(7, 2)]);
  assert.equal(log.committed, 7);
  assert.throws(() => log.commitTo(9), /tocommit\(9\) is out of range \[lastIndex\(8\)\]/);
});

test('a leader commits only entries of its own term', () => {
  const log = newLog();
  assert.equal(log.maybeCommit(6, 2), false);
  assert.equal(log.maybeCommit(7, 2), true);
  assert.equal(log.maybeCommit(7, 2), false);
  assert.equal(log.committed, 7);
});

test('conflicts are searched by term', () => {
  const log = newLog();
  assert.equal(log.findConflictByTerm(8, 2), 8);
  assert.equal(log.findConflictByTerm(8, 1), 6);
  assert.equal(log.findConflictByTerm(100, 1), 100);
  assert.equal(log.findConflictByTerm(8, 0), 2, 'all that is known has a higher term');
});

test('committed entries are handed out in parts', () => {
  const log = newLog(16);
  assert.ok(!log.hasNextEntries());
  log.commitTo(7);
  assert.equal(positions(log.nextEntries()), '1/4 1/5');
  log.appliedTo(5);
  assert.equal(positions(log.nextEntries()), '1/6 2/7');
  assert.throws(() => log.appliedTo(4), AssertionError);
  assert.throws(() => log.appliedTo(8), AssertionError);
});

test('what was handed out does not change with the log', () => {
  const log = newLog();
  const handedOut = log.unstableEntries();
  log.append([entry(8, 3), entry(9, 3)]);
  log.append([entry(7, 4)]);
  assert.equal(positions(handedOut), '2/7 2/8');
});

test('a snapshot replaces the log', () => {
  const log = newLog();
  log.restore(snapshot(20, 5));
  assert.deepEqual([log.firstIndex(), log.lastIndex(), log.committed, log.term(20)], [21, 20, 20, 5]);
  assert.ok(log.hasPendingSnapshot());
  log.append([entry(21, 5)]);
  log.unstable.stableSnapshotTo(19);
  assert.ok(log.hasPendingSnapshot());
  log.unstable.stableSnapshotTo(20);
  assert.ok(!log.hasPendingSnapshot());
});

test('the unstable part forgets what is written, unless it was replaced meanwhile', () => {
  const unstable = new Unstable(5, SILENT_LOGGER);
  assert.equal(unstable.maybeLastIndex(), undefined);
  unstable.truncateAndAppend(entries(5, 7, 1));
  unstable.stableTo(6, 2);
  assert.equal(unstable.offset, 5, 'entry 6 is of term 1');
  unstable.stableTo(6, 1);
  assert.deepEqual([unstable.offset, positions(unstable.entries)], [7, '1/7']);
  unstable.stableTo(6, 1);
  assert.equal(unstable.offset, 7);
  unstable.truncateAndAppend(entries(6, 6, 2));
  assert.deepEqual([unstable.offset, positions(unstable.entries)], [6, '2/6']);
  unstable.truncateAndAppend(entries(7, 9, 2));
  unstable.truncateAndAppend(entries(8, 8, 3));
  assert.equal(positions(unstable.entries), '2/6 2/7 3/8');
  assert.throws(() => unstable.truncateAndAppend(entries(11, 11, 3)), /gap/);
  assert.throws(() => unstable.slice(5, 7), AssertionError);
});

test('the storage keeps its bounds', () => {
  const storage = new MemoryStorage();
  assert.throws(() => storage.entries(1, 1, NO_LIMIT), isError('Unavailable'));
  storage.append(entries(1, 5, 1));
  storage.compact(2);
  assert.deepEqual([storage.firstIndex(), storage.lastIndex(), storage.term(2)], [3, 5, 1]);
  assert.throws(() => storage.term(1), isError('Compacted'));
  assert.throws(() => storage.term(6), isError('Unavailable'));
  assert.throws(() => storage.entries(2, 4, NO_LIMIT), isError('Compacted'));
  assert.throws(() => storage.entries(3, 7, NO_LIMIT), AssertionError);
  assert.throws(() => storage.compact(2), isError('Compacted'));
  assert.throws(() => storage.compact(6), AssertionError);
  storage.append(entries(1, 2, 1));
  storage.append([...entries(2, 3, 1), entry(4, 2)]);
  assert.equal(positions(storage.entries(3, 5, NO_LIMIT)), '1/3 2/4');
  assert.throws(() => storage.append(entries(6, 6, 2)), /missing log entry \[last: 4, append at: 6\]/);
  storage.createSnapshot(3, undefined, undefined);
  assert.throws(() => storage.createSnapshot(3, undefined, undefined), isError('SnapshotOutOfDate'));
  assert.throws(() => storage.applySnapshot(snapshot(3, 1)), isError('SnapshotOutOfDate'));
  storage.applySnapshot(snapshot(9, 3));
  assert.deepEqual([storage.firstIndex(), storage.lastIndex()], [10, 9]);
});
