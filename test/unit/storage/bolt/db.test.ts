import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bucket } from '../../../../final/storage/bolt/bucket.ts';
import { check } from '../../../../final/storage/bolt/check.ts';
import { DB } from '../../../../final/storage/bolt/db.ts';
import type { BoltErrorKind } from '../../../../final/storage/bolt/errors.ts';
import { MemoryFile } from '../../../../final/storage/bolt/file_mem.ts';
import { BranchPage } from '../../../../final/storage/bolt/page.ts';
import { bytes, dump } from './dump.ts';
import { readFixture } from './fixture.ts';

function kind(expected: BoltErrorKind): (error: { kind?: unknown }) => boolean {
  return (error) => {
    assert.equal(error.kind, expected);
    return true;
  };
}

/** A revision key as etcd makes it: u64 BE, `_`, u64 BE. */
function revision(main: number): Uint8Array {
  const key = new Uint8Array(17);
  new DataView(key.buffer).setBigUint64(0, BigInt(main));
  key[8] = 0x5f;
  return key;
}

function fill(bucket: Bucket, from: number, to: number, valueBytes: number): void {
  for (let i = from; i < to; i++) bucket.put(revision(i), new Uint8Array(valueBytes).fill(i));
}

test('a new database is the file that bbolt makes', () => {
  const file = new MemoryFile();
  DB.open(file);
  assert.ok(readFixture('bbolt-empty-4096').equals(file.content()));
});

test('a file that is no database is refused, with the reason of its first meta page', () => {
  const good = readFixture('bbolt-deep-1024');
  const damaged = (damage: (file: Uint8Array) => void): MemoryFile => {
    const copy = Uint8Array.from(good);
    damage(copy);
    return new MemoryFile(copy);
  };
  const open = (file: MemoryFile) => () => DB.open(file);
  assert.throws(open(new MemoryFile(new Uint8Array(8192))), kind('Invalid'));
  assert.throws(open(new MemoryFile(new Uint8Array(20).fill(1))), kind('Invalid'));
  assert.throws(open(damaged((file) => file.fill(0, 0, 2048))), kind('Invalid'));
  assert.throws(
    open(
      damaged((file) => {
        file[20] = 9;
        file[1044] = 9;
      }),
    ),
    kind('VersionMismatch'),
  );
  assert.throws(
    open(
      damaged((file) => {
        file[70] = 1;
        file[1094] = 1;
      }),
    ),
    kind('Checksum'),
  );
  assert.throws(open(new MemoryFile(good.subarray(0, 100_000))), kind('Invalid'));
  assert.throws(() => DB.open(new MemoryFile(), { readOnly: true }), kind('Invalid'));
});

for (const [name, pageSize] of [
  ['bbolt-deep-1024', 1024],
  ['bbolt-synced-freelist-4096', 4096],
] as const) {
  test(`${name}: with one meta page damaged the other one rules, whatever the page size`, () => {
    const good = readFixture(name);
    for (const slot of [0, 1]) {
      const bytes = Uint8Array.from(good);
      bytes.fill(0xff, slot * pageSize + 16, slot * pageSize + 40);
      const file = new MemoryFile(bytes);
      const db = DB.open(file);
      assert.equal(db.metaDamage?.kind, 'Invalid');
      assert.equal(db.meta.pageSize, pageSize);
      assert.deepEqual(check(db), []);
      // The commit that follows puts the damaged page right.
      db.update((tx) => tx.createBucket('x'));
      const rest = DB.open(new MemoryFile(file.content()));
      assert.equal(rest.metaDamage, undefined);
      assert.deepEqual(check(db), []);
    }
  });
}

test('the next meta goes where the current one is not, in a snapshot with an odd number too', () => {
  const first = DB.open(new MemoryFile());
  first.update((tx) => tx.createBucket('a'));
  first.update((tx) => tx.createBucket('b'));
  const reader = first.begin();
  assert.equal(reader.id % 2, 1);
  const file = new MemoryFile(reader.readSnapshot(0, reader.sizeBytes));
  const copy = DB.open(file);
  const before = file.content();
  copy.update((tx) => tx.createBucket('c'));
  assert.deepEqual(file.content().subarray(0, 4096), before.subarray(0, 4096));
  assert.deepEqual([...copy.view(dump).entries.keys()], ['a', 'b', 'c']);
});

test('limits and misuse are answered with the errors of bbolt', () => {
  const db = DB.open(new MemoryFile());
  const tx = db.beginWrite();
  const bucket = tx.createBucket('key');
  bucket.createBucket('inner');
  assert.throws(() => bucket.put(bytes(''), bytes('v')), kind('KeyRequired'));
  assert.throws(() => bucket.put(new Uint8Array(32_769), bytes('v')), kind('KeyTooLarge'));
  bucket.put(new Uint8Array(32_768), bytes('v'));
  // Only its length is looked at before it is refused.
  assert.throws(() => bucket.put(bytes('k'), { length: 2 ** 31 - 1 } as Uint8Array), kind('ValueTooLarge'));
  assert.throws(() => bucket.put(bytes('inner'), bytes('v')), kind('IncompatibleValue'));
  assert.throws(() => bucket.delete(bytes('inner')), kind('IncompatibleValue'));
  assert.throws(() => tx.createBucket(''), kind('BucketNameRequired'));
  assert.throws(() => tx.createBucket('key'), kind('BucketExists'));
  assert.throws(() => tx.deleteBucket('other'), kind('BucketNotFound'));
  bucket.put(bytes('k'), bytes('v'));
  assert.throws(() => bucket.createBucket('k'), kind('IncompatibleValue'));
  assert.throws(() => bucket.deleteBucket('k'), kind('IncompatibleValue'));
  assert.equal(bucket.get(bytes('inner')), undefined);
  assert.equal(bucket.bucket('k'), undefined);
  assert.throws(() => db.beginWrite(), /a second write transaction/);
  tx.deleteBucket('key');
  assert.throws(() => bucket.get(bytes('k')), kind('BucketNotFound'));
  tx.commit();
  assert.throws(() => tx.bucket('key'), kind('TxClosed'));
  assert.throws(() => tx.commit(), kind('TxClosed'));

  const reader = db.begin();
  assert.throws(() => reader.createBucket('a'), kind('TxNotWritable'));
  assert.throws(() => reader.commit(), kind('TxNotWritable'));
  db.close();
  assert.throws(() => reader.bucketNames(), kind('TxClosed'));
  assert.throws(() => db.begin(), kind('DatabaseNotOpen'));

  const readOnly = DB.open(new MemoryFile(readFixture('bbolt-empty-4096')), { readOnly: true });
  assert.throws(() => readOnly.beginWrite(), kind('DatabaseReadOnly'));
});

test('a change that throws leaves nothing behind', () => {
  const file = new MemoryFile();
  const db = DB.open(file);
  db.update((tx) => fill(tx.createBucket('key'), 0, 500, 100));
  const before = file.content();
  assert.throws(() =>
    db.update((tx) => {
      tx.deleteBucket('key');
      throw new Error('no');
    }),
  );
  assert.deepEqual(file.content(), before);
  db.update((tx) => fill(tx.bucket('key') as Bucket, 500, 600, 100));
  assert.deepEqual(check(db), []);
});

test('an asynchronous commit is visible at once, and the next state can be made while it goes to the disk', async () => {
  const db = DB.open(new MemoryFile());
  const tx = db.beginWrite();
  const bucket = tx.createBucket('key');
  bucket.put(bytes('k'), bytes('v'));
  const done = tx.commitAsync();
  assert.throws(() => bucket.put(bytes('k'), bytes('w')), kind('TxClosed'));
  assert.deepEqual(
    db.view((reader) => reader.bucket('key')?.get(bytes('k'))),
    bytes('v'),
  );
  const next = db.beginWrite();
  next.bucket('key')?.put(bytes('k'), bytes('w'));
  assert.throws(() => db.beginWrite(), /a second write transaction/);
  await done;
  next.commit();
  assert.deepEqual(
    db.view((reader) => reader.bucket('key')?.get(bytes('k'))),
    bytes('w'),
  );
  await assert.rejects(tx.commitAsync(), kind('TxClosed'));
});

test('pages that a reader sees are not used again while it is open, and are behind it', () => {
  const db = DB.open(new MemoryFile(), { cacheBytes: 0 });
  const overwrite = (n: number): void =>
    db.update((tx) => tx.createBucketIfNotExists('key').put(bytes('k'), new Uint8Array(9_000).fill(n)));
  overwrite(1);
  const reader = db.begin();
  for (let n = 2; n < 10; n++) overwrite(n);
  assert.equal(reader.bucket('key')?.get(bytes('k'))?.[8_999], 1);
  assert.ok(db.stats().pendingPages >= 8 * 3);
  const { pages } = db.stats();
  reader.rollback();
  for (let n = 10; n < 30; n++) overwrite(n);
  assert.equal(db.stats().pages, pages);
  assert.ok(db.stats().pendingPages < 10);
  assert.deepEqual(check(db), []);
});

test('a cursor goes on from its key while the bucket is changed under it', () => {
  const db = DB.open(new MemoryFile(), { pageSize: 256 });
  db.update((tx) => fill(tx.createBucket('key'), 0, 100, 20));
  db.update((tx) => {
    const bucket = tx.bucket('key') as Bucket;
    const cursor = bucket.cursor();
    const seen: number[] = [];
    for (let found = cursor.first(); found; found = cursor.next()) {
      const n = cursor.key[7] as number;
      seen.push(n);
      bucket.delete(revision(n));
      // A key that is added behind the cursor is met, one before it is not.
      if (n === 50) {
        bucket.put(revision(200), bytes('new'));
        bucket.put(revision(10), bytes('again'));
      }
    }
    assert.deepEqual(seen, [...Array(100).keys(), 200]);
    assert.ok(cursor.first());
    assert.equal(cursor.key[7], 10);
    assert.equal(cursor.next(), false);
    assert.equal(cursor.next(), false);
    assert.throws(() => cursor.key, /stands nowhere/);
  });
  assert.deepEqual(check(db), []);
});

test('keys in order fill the pages as far as they are told to', () => {
  const pagesAt = (fillPercent: number): number => {
    const db = DB.open(new MemoryFile());
    for (let batch = 0; batch < 20; batch++) {
      db.update((tx) => {
        const bucket = tx.createBucketIfNotExists('key');
        bucket.fillPercent = fillPercent;
        fill(bucket, batch * 500, batch * 500 + 500, 100);
      });
    }
    assert.deepEqual(check(db), []);
    return db.stats().pages;
  };
  // 10,000 entries of 133 bytes are 328 full pages, and 371 of at most 27 entries.
  assert.ok(pagesAt(0.9) < 390, `${pagesAt(0.9)} pages`);
  assert.ok(pagesAt(0.5) > 600, `${pagesAt(0.5)} pages`);
});

test('deleting most of a bucket gives its pages back, and the tree becomes flat again', () => {
  const db = DB.open(new MemoryFile(), { pageSize: 512 });
  db.update((tx) => fill(tx.createBucket('key'), 0, 5_000, 50));
  for (let part = 0; part < 10; part++) {
    db.update((tx) => {
      const bucket = tx.bucket('key') as Bucket;
      for (let i = part; i < 5_000; i += 10) if (i !== 2_500) bucket.delete(revision(i));
    });
    assert.deepEqual(check(db), []);
  }
  db.update(() => undefined);
  const { pages, freePages, pendingPages } = db.stats();
  // Two metas and the root page: the one key that is left is stored inside it.
  assert.equal(pages - freePages - pendingPages, 3);
  assert.ok(db.view((tx) => tx.bucket('key')?.get(revision(2_500))) !== undefined);
});

test('the cache stays within its bound and reads stay right', () => {
  const file = new MemoryFile();
  const db = DB.open(file, { cacheBytes: 40_000 });
  db.update((tx) => fill(tx.createBucket('key'), 0, 3_000, 200));
  for (let round = 0; round < 2; round++) {
    db.view((tx) => {
      for (let i = 0; i < 3_000; i++) assert.equal(tx.bucket('key')?.get(revision(i))?.[0], i & 0xff);
    });
    assert.ok(db.stats().cachedBytes <= 40_000);
    assert.ok(db.stats().cachedBytes >= 30_000);
  }
});

test('a page that is written again takes the place of the old one in the cache', () => {
  const db = DB.open(new MemoryFile(), { cacheBytes: 1_000_000 });
  for (let n = 0; n < 200; n++) {
    const size = 3_000 + (n % 5) * 4_000;
    db.update((tx) => tx.createBucketIfNotExists('key').put(bytes('k'), new Uint8Array(size).fill(n)));
    assert.equal(db.view((tx) => tx.bucket('key')?.get(bytes('k')))?.[size - 1], n & 0xff);
  }
  assert.ok(db.stats().cachedBytes <= db.stats().pages * 4096);
});

test('a bucket with buckets in it is not stored inside its parent', () => {
  const db = DB.open(new MemoryFile());
  db.update((tx) => tx.createBucket('outer'));
  assert.deepEqual(db.stats().pages - db.stats().freePages - db.stats().pendingPages, 3);
  db.update((tx) => tx.bucket('outer')?.createBucket('inner'));
  assert.deepEqual(db.stats().pages - db.stats().freePages - db.stats().pendingPages, 4);
});

test('a check finds what is wrong', () => {
  const content = readFixture('bbolt-deep-1024');
  const problems = (damage: (file: Uint8Array, view: DataView) => void): string[] => {
    const copy = Uint8Array.from(content);
    damage(copy, new DataView(copy.buffer));
    return check(DB.open(new MemoryFile(copy), { readOnly: true }));
  };
  assert.deepEqual(
    problems(() => undefined),
    [],
  );
  // Root 566 → key's root 565; its first two children are swapped, or one is named twice.
  const branch = DB.open(new MemoryFile(content)).pager.node(565);
  assert.ok(branch instanceof BranchPage);
  const child = (i: number): number => 565 * 1024 + 16 + i * 16 + 8;
  assert.match(
    problems((_, view) => view.setUint32(child(0), branch.childId(1), true)).join('\n'),
    /multiple references/,
  );
  assert.match(problems((_, view) => view.setUint32(child(0), 9_999, true)).join('\n'), /out of bounds|beyond the end/);
  const swapped = problems((_, view) => {
    view.setUint32(child(0), branch.childId(1), true);
    view.setUint32(child(1), branch.childId(0), true);
  });
  assert.match(swapped.join('\n'), /is below what its parent says/);
  // The freelist is page 567: its first id is replaced by one that is in use.
  const freed = problems((_, view) => view.setUint32(567 * 1024 + 16, 318, true));
  assert.match(freed.join('\n'), /page 318: reachable freed/);
  assert.match(freed.join('\n'), /page 2: unreachable unfreed/);
  assert.match(problems((file) => file.fill(8, 318 * 1024 + 8, 318 * 1024 + 9)).join('\n'), /page 318: invalid type/);
  const looped = problems((_, view) => view.setUint32(child(0), 565, true));
  assert.match(looped.join('\n'), /page 565: multiple references/);
});

test('a damaged tree without a stored freelist is refused at the open', () => {
  const bytes = readFixture('bbolt-defragmented-4096');
  bytes.fill(0x33, 7 * 4096, 7 * 4096 + 16);
  assert.throws(() => DB.open(new MemoryFile(bytes)), kind('Corrupt'));
});

test('more free pages than a count can say are stored and read', () => {
  const file = new MemoryFile();
  const db = DB.open(file, { pageSize: 256, syncFreelist: true });
  for (let i = 0; i < 3; i++) {
    db.update((tx) => tx.createBucket(`b${i}`).put(bytes('k'), new Uint8Array(256 * 25_000)));
  }
  for (let i = 0; i < 3; i++) db.update((tx) => tx.deleteBucket(`b${i}`));
  const again = DB.open(new MemoryFile(file.content()));
  assert.ok(again.stats().freePages > 0xffff);
  assert.deepEqual(again.freeIds(), db.freeIds());
  assert.deepEqual(check(again), []);
});

test('a commit that begins before the one before it is on the disk is a bug, and ends the database', async () => {
  const db = DB.open(new MemoryFile());
  const first = db.beginWrite();
  first.createBucket('key');
  const done = first.commitAsync();
  const second = db.beginWrite();
  assert.throws(() => second.commit(), /before the one before it is on the disk/);
  await done;
  assert.throws(() => db.begin(), kind('DatabaseNotOpen'));
});
