// The logs that a real etcd wrote: every record reads as recorded and is written again to the same bytes; damage gives the
// recorded outcome.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repair } from '../../../final/storage/wal/repair.ts';
import { readWal, validSnapshots } from '../../../final/storage/wal/reader.ts';
import { Decoder } from '../../../final/storage/wal/decoder.ts';
import { WalError } from '../../../final/storage/wal/errors.ts';
import { encodeFrame } from '../../../final/storage/wal/record.ts';
import { nodeFileSystem } from '../../../final/storage/fs_node.ts';
import { expectedOf, unpackFixture } from '../../harness/fixtures.ts';

interface ExpectedRecord {
  readonly offset: number;
  readonly type: number;
  readonly crc: number;
  readonly data_bytes: number | null;
}
interface ExpectedSegment {
  readonly name: string;
  readonly end_of_records: number;
  readonly records: readonly ExpectedRecord[];
}

const FROM_START = { index: 0, term: 0 };

function assertSegments(folder: string, expected: readonly ExpectedSegment[]): void {
  const contents = expected.map(({ name }) => fs.readFileSync(path.join(folder, name)));
  const decoder = new Decoder(contents);
  for (const [i, segment] of expected.entries()) {
    const content = contents[i] as Buffer;
    for (const record of segment.records) {
      const where = `${segment.name} at ${record.offset}`;
      const read = decoder.next();
      assert.ok(read, where);
      assert.deepEqual(
        [read.type, read.crc, read.data?.length ?? null],
        [record.type, record.crc, record.data_bytes],
        where,
      );
      const frame = encodeFrame(read);
      assert.deepEqual(Buffer.from(frame), content.subarray(record.offset, record.offset + frame.length), where);
      assert.equal(decoder.lastValidOffset, record.offset + frame.length, where);
    }
    assert.equal(decoder.lastValidOffset, segment.end_of_records);
  }
  assert.equal(decoder.next(), undefined);
}

for (const name of ['datadir-basic', 'datadir-crash', 'datadir-auth', 'datadir-snapfiles']) {
  test(`every record of ${name} is read as recorded and written again to the same bytes`, () => {
    const { on_disk } = expectedOf(name) as { on_disk: { wal: ExpectedSegment[] } };
    assertSegments(path.join(unpackFixture(name), 'member', 'wal'), on_disk.wal);
  });
}

test('a log of four segments is one chain; it can be opened behind the snapshots that it notes', () => {
  const folder = unpackFixture('wal-segments');
  const expected = expectedOf('wal-segments') as {
    wal: ExpectedSegment[];
    open_for_read: Opening[];
    valid_snapshot_entries: number[][];
  };
  assertSegments(folder, expected.wal);
  for (const opening of expected.open_for_read) assertOpening(folder, opening);
  const snapshots = validSnapshots(nodeFileSystem, folder).map(({ index, term }) => [index, term]);
  assert.deepEqual(snapshots, expected.valid_snapshot_entries);
  const { entries } = readWal(nodeFileSystem, folder, FROM_START);
  assert.deepEqual(
    entries.slice(-2).map(({ Index, Term }) => [Index, Term]),
    [
      [58, 3],
      [59, 3],
    ],
    'overwritten entries are those of the later term',
  );
});

interface Opening {
  readonly snap: readonly [number, number];
  readonly metadata_hex: string;
  readonly state: readonly [number, number, number];
  readonly entries: number;
  readonly first: number;
  readonly last: number;
  readonly error: string;
}

function assertOpening(folder: string, { snap, metadata_hex, state, entries, first, last, error }: Opening): void {
  const [index, term] = snap;
  const open = (): ReturnType<typeof readWal> => readWal(nodeFileSystem, folder, { index, term });
  if (error === 'wal: snapshot mismatch') return assert.throws(open, { message: error });
  const content = open();
  assert.equal(content.isSnapshotFound, error === '');
  assert.equal(Buffer.from(content.metadata ?? []).toString('hex'), metadata_hex);
  assert.deepEqual([content.hardState.term, Number(content.hardState.vote), content.hardState.commit], state);
  assert.equal(content.entries.length, entries);
  assert.deepEqual([content.entries[0]?.Index, content.entries.at(-1)?.Index], [first, last]);
}

interface Damage {
  readonly file: string;
  readonly damage: string;
  readonly boots: boolean;
  readonly wal_dir_after: readonly { readonly name: string; readonly bytes: number }[];
  readonly records_after: number;
}

// A length that is too large: 3.4 refuses to start, 3.5 takes it for a torn end; the project follows 3.5.
const TORN_IN_35 = 'bad-length.wal';

test('each damage is repaired or refused as on the real etcd', async (t) => {
  const { cases, wal_name } = expectedOf('wal-damaged') as { cases: Damage[]; wal_name: string };
  const damaged = unpackFixture('wal-damaged');
  assert.equal(cases.length, 12);
  for (const one of cases) {
    await t.test(`${one.file}: ${one.damage}`, () => {
      const folder = fs.mkdtempSync(path.join(damaged, 'case-'));
      const file = path.join(folder, wal_name);
      fs.copyFileSync(path.join(damaged, one.file), file);
      const before = fs.readFileSync(file);
      if (!one.boots && one.file !== TORN_IN_35) {
        assert.throws(() => readWal(nodeFileSystem, folder, FROM_START), { kind: 'CrcMismatch' });
        assert.equal(repair(nodeFileSystem, folder), false);
        assert.deepEqual(fs.readFileSync(file), before, 'the file is untouched');
        return;
      }
      const isBroken = one.file === TORN_IN_35 || one.wal_dir_after.some(({ name }) => name.endsWith('.broken'));
      if (isBroken) assertTorn(folder, before, wal_name);
      assert.ok(readWal(nodeFileSystem, folder, FROM_START).isSnapshotFound);
      assert.equal(fs.existsSync(`${file}.broken`), isBroken);
    });
  }
});

function assertTorn(folder: string, before: Buffer, name: string): void {
  assert.throws(
    () => readWal(nodeFileSystem, folder, FROM_START),
    (error) => error instanceof WalError && error.kind === 'UnexpectedEof',
  );
  assert.equal(repair(nodeFileSystem, folder), true);
  const file = path.join(folder, name);
  assert.deepEqual(fs.readFileSync(`${file}.broken`), before, 'the copy has all bytes');
  const after = fs.readFileSync(file);
  assert.deepEqual(after, before.subarray(0, after.length), 'what is left is the beginning');
  assert.ok(after.length < before.length);
}
