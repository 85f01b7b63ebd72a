import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { crc32c } from '../../../../final/core/crc32c.ts';
import { bytesToKey } from '../../../../final/core/keys.ts';
import type { Bucket } from '../../../../final/storage/bolt/bucket.ts';
import { check } from '../../../../final/storage/bolt/check.ts';
import { DB } from '../../../../final/storage/bolt/db.ts';
import { MemoryFile } from '../../../../final/storage/bolt/file_mem.ts';
import { decodeFreelist } from '../../../../final/storage/bolt/freelist.ts';
import { decodeMeta } from '../../../../final/storage/bolt/meta.ts';
import { decodeHeader } from '../../../../final/storage/bolt/page.ts';
import { dump } from './dump.ts';
import { FOLDER, openFixture, readFixture, status } from './fixture.ts';

interface Expected {
  file_bytes: number;
  page_size: number;
  metas: { pageSize: number; root: number; seq: number; freelist: string; pgid: number; txid: number }[];
  freelist: { page: number; header_count: number; overflow: number; ids: number; ids_sha256_le64: string } | null;
  buckets: Record<string, { root: number; inline: boolean; items: number; content_crc32c: number }>;
}

const expected = JSON.parse(fs.readFileSync(`${FOLDER}/bbolt.expected.json`, 'utf8')) as Record<string, Expected>;

for (const [file, want] of Object.entries(expected)) {
  const name = `bbolt-${file.replace('.db', '')}`;

  test(`${name}: both metas are read`, () => {
    const bytes = readFixture(name);
    want.metas.forEach((meta, slot) => {
      assert.deepEqual(decodeMeta(bytes.subarray(slot * want.page_size)), {
        pageSize: meta.pageSize,
        root: meta.root,
        sequence: meta.seq,
        freelist: meta.freelist === 'f'.repeat(16) ? undefined : Number.parseInt(meta.freelist, 16),
        pgid: meta.pgid,
        txid: meta.txid,
      });
    });
  });

  test(`${name}: buckets and their content are read`, () => {
    const db = openFixture(name, { readOnly: true });
    db.view((tx) => {
      assert.deepEqual(tx.bucketNames().map(bytesToKey), Object.keys(want.buckets).sort());
      for (const [bucketName, { items, content_crc32c }] of Object.entries(want.buckets)) {
        let crc = 0;
        let count = 0;
        (tx.bucket(bucketName) as Bucket).forEach((key, value) => {
          crc = crc32c(crc32c(crc, key), value as Uint8Array);
          count++;
        });
        assert.deepEqual({ bucketName, count, crc }, { bucketName, count: items, crc: content_crc32c });
      }
    });
  });

  test(`${name}: the freelist is read`, () => {
    const { freelist } = want;
    const db = openFixture(name);
    if (freelist === null) {
      assert.equal(db.meta.freelist, undefined);
      return;
    }
    assert.equal(db.meta.freelist, freelist.page);
    const page = db.pager.readPage(freelist.page);
    const header = decodeHeader(page);
    assert.deepEqual([header.count, header.overflow], [freelist.header_count, freelist.overflow]);
    const ids = decodeFreelist(freelist.page, page);
    const le64 = Buffer.alloc(8 * ids.length);
    ids.forEach((id, i) => le64.writeBigUInt64LE(BigInt(id), 8 * i));
    assert.equal(createHash('sha256').update(le64).digest('hex'), freelist.ids_sha256_le64);
    assert.equal(db.stats().freePages, freelist.ids);
    assert.deepEqual(db.freeIds(), ids);
  });

  test(`${name}: is whole, and stays so when rewritten in part`, () => {
    const db = openFixture(name);
    assert.deepEqual(check(db), []);
    const before = db.view(dump);
    for (const round of [1, 2, 3]) {
      db.update((tx) => tx.createBucketIfNotExists('added').put(Uint8Array.of(round), new Uint8Array(round * 500)));
      assert.deepEqual(check(db), []);
    }
    db.update((tx) => tx.deleteBucket('added'));
    assert.deepEqual(check(db), []);
    assert.deepEqual(db.view(dump), before);
  });
}

test('scanning finds the free pages that are stored', () => {
  // The same file with and without a stored list: meta 0 of the fixture does not name the list that meta 1 names.
  const stored = openFixture('bbolt-synced-freelist-4096');
  const bytes = readFixture('bbolt-synced-freelist-4096');
  bytes.fill(0, 4096, 8192);
  const scanned = DB.open(new MemoryFile(bytes));
  assert.notEqual(scanned.metaDamage, undefined);
  assert.deepEqual(
    scanned.freeIds(),
    [...(stored.freeIds() as number[]), 5].sort((a, b) => a - b),
  );
});

// Numbers that the real server and client reported (spec/storage.md 10.23 to 10.25).
const SNAPSHOTS = [
  { name: 'snapshot-before-compaction', hash: 4092794558, totalKey: 357 },
  { name: 'snapshot-after-compaction-250', hash: 1938222854, totalKey: 310 },
  { name: 'snapshot-final', hash: 4182463945, totalKey: 212 },
];

for (const { name, hash, totalKey } of SNAPSHOTS) {
  test(`${name}: has the status that etcdctl prints`, () => {
    const db = openFixture(name);
    assert.deepEqual(check(db), []);
    assert.deepEqual(db.view(status), { hash, totalKey, totalSize: db.meta.pgid * 4096 });
  });

  test(`${name}: a snapshot of it is the same file, byte for byte`, () => {
    const bytes = readFixture(name);
    const data = bytes.subarray(0, bytes.length - 32);
    const tx = openFixture(name, { readOnly: true }).begin();
    assert.equal(tx.sizeBytes, data.length);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < tx.sizeBytes; at += 3_000) parts.push(tx.readSnapshot(at, 3_000));
    assert.ok(Buffer.concat(parts).equals(data));
  });
}
