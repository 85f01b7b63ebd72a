// The log as a program uses it: what was saved is read again, over restarts and segments; what was synced survives a crash
// that tears every other write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RaftEntry, RaftHardState } from '../../../proto/schema.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { listSegments } from '../../../final/storage/wal/names.ts';
import { repair } from '../../../final/storage/wal/repair.ts';
import { WalError } from '../../../final/storage/wal/errors.ts';
import { Wal } from '../../../final/storage/wal/wal.ts';

const METADATA = Buffer.from('08011002', 'hex');
const FROM_START = { index: 0, term: 0 };
const DIRECTORY = 'data/member/wal';
const SEGMENT_BYTES = 4096;

const newDisk = (): MemFileSystem => {
  const disk = new MemFileSystem();
  disk.makeDirectory('data/member');
  return disk;
};
const optionsOn = (fs: MemFileSystem) => ({ fs, directory: DIRECTORY, segmentBytes: SEGMENT_BYTES });
const entry = (Index: number, bytes = 20, Term = 1): RaftEntry => ({
  Type: 0,
  Term,
  Index,
  Data: new Uint8Array(bytes).fill(Index % 251),
});
const state = (commit: number, term = 1): RaftHardState => ({ term, vote: 7n, commit });

test('a new log holds its metadata and nothing else', () => {
  const disk = newDisk();
  Wal.create(optionsOn(disk), METADATA).close();
  const { wal, content } = Wal.open(optionsOn(disk), FROM_START);
  assert.deepEqual(Buffer.from(content.metadata ?? []), METADATA);
  assert.deepEqual([content.entries.length, content.hardState.commit, content.isSnapshotFound], [0, 0, true]);
  assert.deepEqual(wal.heldNames, ['0000000000000000-0000000000000000.wal']);
  assert.throws(() => Wal.create(optionsOn(disk), METADATA), { kind: 'Exists' });
});

test('only a new entry, term or vote must be synced', () => {
  const wal = Wal.create(optionsOn(newDisk()), METADATA);
  assert.equal(wal.save(state(0), []), true, 'the first vote');
  assert.equal(wal.save(state(0), [entry(1)]), true, 'an entry');
  assert.equal(wal.save(state(1), []), false, 'a commit index alone');
  assert.equal(wal.save(undefined, []), false, 'nothing');
  assert.equal(wal.save(state(1, 2), []), true, 'a term');
});

test('a full segment is cut, the next one goes on with crc, metadata and state, and old ones are let go', () => {
  const disk = newDisk();
  const wal = Wal.create(optionsOn(disk), METADATA);
  for (let index = 1; index <= 40; index++) {
    wal.save(state(index - 1), [entry(index, 400)]);
    wal.sync();
  }
  const names = listSegments(disk, DIRECTORY);
  assert.ok(names.length > 3, `${names.length} segments`);
  assert.deepEqual(
    wal.heldNames,
    names.map(({ name }) => name),
  );
  wal.releaseTo(30);
  const held = listSegments(disk, DIRECTORY).filter(({ name }) => wal.heldNames.includes(name));
  assert.ok((held[0]?.index ?? 0) < 30 && (held[1]?.index ?? 99) >= 30, 'one below the index stays');
  wal.close();
  const { content } = Wal.open(optionsOn(disk), FROM_START);
  assert.deepEqual(
    content.entries.map(({ Index }) => Index),
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
  assert.equal(content.hardState.commit, 39);
});

test('a log is read from a snapshot in a later segment on; one that it does not note is told', () => {
  const disk = newDisk();
  const wal = Wal.create(optionsOn(disk), METADATA);
  for (let index = 1; index <= 30; index++) {
    wal.save(state(index), [entry(index, 300)]);
    if (index === 20) wal.saveSnapshot({ index: 20, term: 1, conf_state: undefined });
    wal.sync();
  }
  wal.close();
  const { content } = Wal.open(optionsOn(disk), { index: 20, term: 1 });
  assert.deepEqual([content.entries[0]?.Index, content.entries.length, content.isSnapshotFound], [21, 10, true]);
  assert.throws(() => Wal.open(optionsOn(disk), { index: 20, term: 2 }), { kind: 'SnapshotMismatch' });
  assert.equal(Wal.open(optionsOn(disk), { index: 25, term: 1 }).content.isSnapshotFound, false);
});

test('a segment behind a snapshot that came from the leader is named by it, also when the log was opened in between', () => {
  const disk = newDisk();
  const before = Wal.create(optionsOn(disk), METADATA);
  before.saveSnapshot({ index: 40, term: 2, conf_state: undefined });
  before.save(state(0, 40), []);
  before.close();
  const { wal } = Wal.open(optionsOn(disk), { index: 40, term: 2 });
  while (listSegments(disk, DIRECTORY).length === 1) {
    wal.save(state(0, 40), []);
    wal.sync();
  }
  wal.close();
  assert.equal(listSegments(disk, DIRECTORY).at(-1)?.index, 41);
});

interface Step {
  readonly bytes: number;
  readonly isSynced: boolean;
  readonly isReopened: boolean;
  readonly back: number;
}

const steps = fc.array(
  fc.record({
    bytes: fc.integer({ min: 0, max: 900 }),
    isSynced: fc.boolean(),
    isReopened: fc.boolean(),
    back: fc.constantFrom(0, 0, 0, 1, 3),
  }),
  { minLength: 1, maxLength: 60 },
);

/** Runs the steps; returns the log's entries as they should be read, and how many of the saves were synced. */
function write(disk: MemFileSystem, list: readonly Step[]): { saves: RaftEntry[]; synced: number } {
  let wal = Wal.create(optionsOn(disk), METADATA);
  const saves: RaftEntry[] = [];
  let synced = 0;
  for (const [i, { bytes, isSynced, isReopened, back }] of list.entries()) {
    const index = Math.max(1, (saves.at(-1)?.Index ?? 0) + 1 - back);
    const one = entry(index, bytes, i + 1);
    wal.save(state(0, i + 1), [one]);
    saves.push(one);
    if (isSynced || isReopened) {
      wal.sync();
      synced = saves.length;
    }
    if (isReopened) {
      wal.close();
      wal = Wal.open(optionsOn(disk), FROM_START).wal;
    }
  }
  return { saves, synced };
}

function logOf(saves: readonly RaftEntry[]): [number, number][] {
  const log: [number, number][] = [];
  for (const { Index, Term } of saves) {
    log.length = Index - 1;
    log.push([Index, Term]);
  }
  return log;
}

test('what was saved is read again, over segments and restarts', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const disk = newDisk();
      const { saves } = write(disk, [...list, { bytes: 1, isSynced: true, isReopened: false, back: 0 }]);
      const { content } = Wal.open(optionsOn(disk), FROM_START);
      assert.deepEqual(
        content.entries.map(({ Index, Term }) => [Index, Term]),
        logOf(saves),
      );
    }),
    { numRuns: 200 },
  );
});

test('after a crash that tears what was not synced, the log holds every synced save and a beginning of the others', () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.boolean()), (list, coins) => {
      const disk = newDisk();
      const { saves, synced } = write(disk, list);
      disk.crash(() => coins.next().value === true);
      const found = readAfterCrash(disk);
      const candidates = Array.from({ length: saves.length - synced + 1 }, (_, i) => logOf(saves.slice(0, synced + i)));
      const matches = candidates.some((log) => JSON.stringify(log) === JSON.stringify(found));
      assert.ok(matches, `read ${JSON.stringify(found)}, synced ${JSON.stringify(candidates[0])}`);
    }),
    { numRuns: 500 },
  );
});

function readAfterCrash(disk: MemFileSystem): [number, number][] {
  const read = (): [number, number][] =>
    Wal.open(optionsOn(disk), FROM_START).content.entries.map(({ Index, Term }) => [Index, Term]);
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof WalError && error.kind === 'UnexpectedEof', String(error));
    assert.equal(repair(disk, DIRECTORY), true);
    return read();
  }
}
