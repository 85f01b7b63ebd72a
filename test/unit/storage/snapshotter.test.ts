// Snapshot files: those of a real etcd are read and written again to the same bytes; a damaged one is set aside.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { nodeFileSystem } from '../../../final/storage/fs_node.ts';
import { listSnapshots, loadNewest, saveSnapshot, snapshotName } from '../../../final/storage/snap/snapshotter.ts';
import { validSnapshots } from '../../../final/storage/wal/reader.ts';
import { expectedOf, unpackFixture } from '../../harness/fixtures.ts';

interface Expected {
  readonly on_disk: {
    readonly snap_files: readonly {
      readonly name: string;
      readonly index: number;
      readonly voters: readonly string[];
    }[];
  };
}

const { on_disk: expected } = expectedOf('datadir-snapfiles') as Expected;
const newest = expected.snap_files.at(-1);

test('the newest snapshot that the log notes is loaded, and every file is written again to the same bytes', () => {
  const member = path.join(unpackFixture('datadir-snapfiles'), 'member');
  const folder = path.join(member, 'snap');
  const names = expected.snap_files.map(({ name }) => name);
  assert.deepEqual(listSnapshots(nodeFileSystem, folder), names.toReversed());
  const noted = validSnapshots(nodeFileSystem, path.join(member, 'wal'));
  const { snapshot, broken } = loadNewest(nodeFileSystem, folder, noted);
  assert.deepEqual(broken, []);
  assert.equal(snapshot?.metadata?.index, newest?.index);
  assert.deepEqual(snapshot?.metadata?.conf_state?.voters.map(String), newest?.voters);
  const disk = new MemFileSystem();
  disk.makeDirectory('snap');
  for (const { name, index } of expected.snap_files) {
    const one = loadNewest(nodeFileSystem, folder, [{ index, term: 2, conf_state: undefined }]).snapshot;
    assert.ok(one);
    saveSnapshot(disk, 'snap', one);
    const file = disk.open(`snap/${name}`, 'read');
    const written = new Uint8Array(file.size());
    file.read(written, 0);
    assert.deepEqual(Buffer.from(written), fs.readFileSync(path.join(folder, name)), name);
  }
});

test('a snapshot without a note in the log is passed over', () => {
  const folder = path.join(unpackFixture('datadir-snapfiles'), 'member', 'snap');
  assert.equal(
    loadNewest(nodeFileSystem, folder, [{ index: 21, term: 2, conf_state: undefined }]).snapshot?.metadata?.index,
    21,
  );
  assert.equal(loadNewest(nodeFileSystem, folder, [{ index: 21, term: 1, conf_state: undefined }]).snapshot, undefined);
});

for (const [damage, change] of Object.entries({
  'an empty file': () => Buffer.alloc(0),
  'a flipped bit': (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]),
  'a cut file': (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1),
  'no snapshot at all': () => Buffer.from('0800', 'hex'),
})) {
  test(`${damage} is renamed to .broken and the next older snapshot is taken`, () => {
    const member = path.join(unpackFixture('datadir-snapfiles'), 'member');
    const folder = path.join(member, 'snap');
    const name = snapshotName(2, newest?.index ?? 0);
    const file = path.join(folder, name);
    const before = change(fs.readFileSync(file));
    fs.writeFileSync(file, before);
    const noted = validSnapshots(nodeFileSystem, path.join(member, 'wal'));
    const { snapshot, broken } = loadNewest(nodeFileSystem, folder, noted);
    assert.equal(snapshot?.metadata?.index, expected.snap_files.at(-2)?.index);
    assert.deepEqual(
      broken.map((one) => one.name),
      [name],
    );
    assert.deepEqual(fs.readFileSync(`${file}.broken`), before);
    assert.equal(fs.existsSync(file), false);
  });
}
