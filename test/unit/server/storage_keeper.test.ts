// When a raft snapshot is taken, what of the log stays behind it, and what waits for databases that are on their way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStorage } from '../../../final/core/raft/storage.ts';
import { KEEP_LOG_AFTER_SNAPSHOT_MS } from '../../../final/limits.ts';
import { dataDirPaths } from '../../../final/server/data_dir.ts';
import { StorageKeeper } from '../../../final/server/storage_keeper.ts';
import { Backend } from '../../../final/storage/backend/backend.ts';
import { readConsistentIndex } from '../../../final/storage/schema/meta_bucket.ts';
import { listSnapshots, loadNewest } from '../../../final/storage/snap/snapshotter.ts';
import { snapDbPath } from '../../../final/storage/snap/snap_db.ts';
import { validSnapshots } from '../../../final/storage/wal/reader.ts';
import { Wal } from '../../../final/storage/wal/wal.ts';
import { memberState, votersOf } from './member_fixture.ts';

const COUNT = 10;
const CATCH_UP = 4;
const TERM = 2;

function setUp(flags: Readonly<Record<string, string>> = {}) {
  const it = memberState([1n, 2n, 3n], {
    'snapshot-count': String(COUNT),
    'experimental-snapshot-catchup-entries': String(CATCH_UP),
    ...flags,
  });
  const dirs = dataDirPaths('data', '');
  it.fs.remove(dirs.wal);
  const wal = Wal.create({ fs: it.fs, directory: dirs.wal, segmentBytes: 64 * 1024 }, Uint8Array.of(1));
  const raftStorage = new MemoryStorage();
  let applied = { index: 0, term: 0 };
  const keeper = new StorageKeeper({
    config: it.config,
    ports: it.ports,
    fs: it.fs,
    dirs,
    wal,
    raftStorage,
    state: () => it.state,
    applied: () => applied,
    confState: () => votersOf([1n, 2n, 3n]),
    snapshotIndex: 0,
  });
  /** As if these entries had been saved and applied. */
  const applyTo = async (index: number): Promise<void> => {
    const entries = [];
    for (let i = applied.index + 1; i <= index; i++) entries.push({ Type: 0, Term: TERM, Index: i, Data: undefined });
    wal.save({ term: TERM, vote: 0n, commit: index }, entries);
    wal.sync();
    raftStorage.append(entries);
    applied = { index, term: TERM };
    it.progress.applied = applied;
    await keeper.afterApply();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => void setImmediate(resolve));
  };
  const messages = (): string[] => it.lines.map(([, message]) => message);
  return { ...it, dirs, wal, raftStorage, keeper, applyTo, messages };
}

const SKIPPED = 'skip compaction since there is an inflight snapshot';

test('a snapshot is due when more entries than the count are applied since the last one', async () => {
  const it = setUp();
  await it.applyTo(COUNT);
  assert.deepEqual(listSnapshots(it.fs, it.dirs.snap), []);
  await it.applyTo(COUNT + 1);
  assert.deepEqual(listSnapshots(it.fs, it.dirs.snap), ['0000000000000002-000000000000000b.snap']);
  await it.applyTo(2 * COUNT + 1);
  assert.equal(listSnapshots(it.fs, it.dirs.snap).length, 1);
  await it.applyTo(2 * COUNT + 2);
  assert.equal(listSnapshots(it.fs, it.dirs.snap).length, 2);
});

test('the database, the file and the note in the log agree', async () => {
  const it = setUp();
  await it.applyTo(COUNT + 1);
  const { snapshot } = loadNewest(it.fs, it.dirs.snap, validSnapshots(it.fs, it.dirs.wal));
  assert.deepEqual(snapshot?.metadata, { index: 11, term: TERM, conf_state: votersOf([1n, 2n, 3n]) });
  assert.deepEqual(readConsistentIndex(it.backend), { index: 11, term: TERM });
  assert.equal(it.raftStorage.snapshot().metadata?.index, 11);
  const { Root: root } = JSON.parse(Buffer.from(snapshot?.data ?? []).toString()) as {
    Root: { Children: Record<string, { Children: Record<string, { Children: object }> }> };
  };
  assert.deepEqual(Object.keys(root.Children['0']?.Children['members']?.Children ?? {}), ['1', '2', '3']);
});

test('so many entries stay behind a snapshot; at least the first one goes', async () => {
  const it = setUp();
  await it.applyTo(COUNT + 1);
  assert.equal(it.raftStorage.firstIndex(), 11 - CATCH_UP + 1);
  const all = setUp({ 'experimental-snapshot-catchup-entries': '5000' });
  await all.applyTo(COUNT + 1);
  assert.equal(all.raftStorage.firstIndex(), 2);
  await all.applyTo(2 * COUNT + 2);
  assert.equal(all.raftStorage.firstIndex(), 2, 'what is gone is not removed again');
});

test('the log is kept whole while a database is on its way, and for a while behind one that has arrived', async () => {
  const it = setUp();
  it.keeper.beginTransfer();
  it.keeper.beginTransfer();
  await it.applyTo(11);
  assert.equal(it.raftStorage.firstIndex(), 1);
  assert.ok(it.messages().includes(SKIPPED));
  it.keeper.endTransfer();
  await it.applyTo(22);
  assert.equal(it.raftStorage.firstIndex(), 1, 'the other one is still on its way');
  it.keeper.endTransfer();
  it.keeper.keepLog();
  await it.applyTo(33);
  assert.equal(it.raftStorage.firstIndex(), 1, 'its receiver goes on from the log');
  it.time.pass(KEEP_LOG_AFTER_SNAPSHOT_MS - 1);
  await it.applyTo(44);
  assert.equal(it.raftStorage.firstIndex(), 1);
  it.time.pass(1);
  await it.applyTo(55);
  assert.equal(it.raftStorage.firstIndex(), 55 - CATCH_UP + 1);
});

test('one that failed keeps nothing', async () => {
  const it = setUp();
  it.keeper.beginTransfer();
  it.keeper.endTransfer();
  await it.applyTo(11);
  assert.equal(it.raftStorage.firstIndex(), 11 - CATCH_UP + 1);
});

test('a snapshot that came in while an own one was written makes that one useless', async () => {
  const it = setUp();
  const own = it.applyTo(11);
  const metadata = { index: 30, term: TERM, conf_state: votersOf([1n]) };
  it.keeper.saveReceived({ data: Uint8Array.of(1), metadata });
  await own;
  assert.deepEqual(listSnapshots(it.fs, it.dirs.snap), ['0000000000000002-000000000000001e.snap']);
  assert.equal(it.raftStorage.snapshot().metadata?.index, 0);
  await it.applyTo(40);
  assert.equal(listSnapshots(it.fs, it.dirs.snap).length, 1, 'counted from the one that came in');
});

test('databases that came for older snapshots go with a newer one', async () => {
  const it = setUp();
  for (const index of [5, 11, 12]) it.fs.open(snapDbPath(it.dirs.snap, index), 'create').close();
  await it.applyTo(11);
  assert.deepEqual(
    [5, 11, 12].map((index) => it.fs.exists(snapDbPath(it.dirs.snap, index))),
    [false, true, true],
  );
});

test('a database that is read has everything applied, and stays as it is', async () => {
  const it = setUp();
  await it.applyTo(7);
  const commit = it.backend.commitInBackground();
  const { snapshot, database } = await it.keeper.readDatabase();
  await commit;
  assert.equal(snapshot.metadata?.index, 7);
  await it.applyTo(COUNT + 1);
  const file = it.fs.open('sent', 'create');
  for (let at = 0; at < database.sizeBytes; at += 1000) file.write(database.read(at, 1000), at);
  database.release();
  assert.deepEqual(readConsistentIndex(new Backend({ fs: it.fs, file, path: 'sent' })), { index: 7, term: TERM });
});

test('a database whose entries are not all applied yet fits no snapshot', async () => {
  const it = setUp();
  it.progress.applied = { index: 5, term: TERM };
  it.backend.commit();
  assert.equal(it.keeper.isCaughtUp, false);
  await it.applyTo(5);
  assert.equal(it.keeper.isCaughtUp, true);
});

test('a stop, a defragmentation and a new database wait for all commits that others have begun', async () => {
  for (const end of ['stop', 'defragment', 'abandon'] as const) {
    const it = setUp();
    // One is on its way; another waits for it and begins as soon as it is over.
    const commits = [it.backend.commitInBackground(), it.backend.commitInBackground(), it.backend.commitInBackground()];
    await it.keeper[end]();
    await Promise.all(commits);
    assert.equal(it.backend.isCommitting, false, end);
  }
});
