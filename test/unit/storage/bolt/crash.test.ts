import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../../../../final/storage/bolt/check.ts';
import { DB, type OpenOptions } from '../../../../final/storage/bolt/db.ts';
import { MemoryFile } from '../../../../final/storage/bolt/file_mem.ts';
import type { Tx } from '../../../../final/storage/bolt/tx.ts';
import { assertSame, bytes, type Dump, dump, isSame, seeded } from './dump.ts';
import { LOSSES, PowerFailure, SimDisk } from './sim_disk.ts';

const OPTIONS: OpenOptions[] = [{ pageSize: 4096 }, { pageSize: 512 }, { pageSize: 1024, syncFreelist: true }];

// A change that moves pages about: new keys, overwritten ones, deleted ones, buckets made and dropped.
function change(tx: Tx, random: () => number): void {
  const bucket = tx.createBucketIfNotExists('key');
  for (let i = 0; i < 60; i++) {
    const key = bytes(`k${Math.floor(random() * 400)}`);
    if (random() < 0.3) bucket.delete(key);
    else bucket.put(key, new Uint8Array(Math.floor(random() * 200)).fill(random() * 256));
  }
  const name = `b${Math.floor(random() * 4)}`;
  if (tx.bucket(name) === undefined) tx.createBucket(name).createBucket('inner').put(bytes('k'), bytes(name));
  else if (random() < 0.5) tx.deleteBucket(name);
  if (random() < 0.2) bucket.put(bytes('large'), new Uint8Array(20_000).fill(1));
}

// Opens what is on a disk after a failure; it has to be whole.
function recover(content: Uint8Array, options: OpenOptions): Dump {
  const db = DB.open(new MemoryFile(content), options);
  assert.deepEqual(check(db), []);
  const found = db.view(dump);
  // And it can be written on.
  db.update((tx) => tx.createBucketIfNotExists('after').put(bytes('a'), bytes('b')));
  assert.deepEqual(check(db), []);
  return found;
}

for (const options of OPTIONS) {
  const label = `page size ${options.pageSize}${options.syncFreelist ? ', stored freelist' : ''}`;

  test(`a commit that loses power at any write or sync leaves the old or the new state (${label})`, () => {
    const random = seeded(options.pageSize as number);
    let content: Uint8Array = new Uint8Array(0);
    for (let round = 0; round < 8; round++) {
      const seed = Math.floor(random() * 2 ** 32);
      const good = new SimDisk(content);
      const db = DB.open(good, options);
      const before = db.view(dump);
      const operationsBefore = good.operations;
      db.update((tx) => change(tx, seeded(seed)));
      const operations = good.operations - operationsBefore;
      const after = db.view(dump);
      assert.ok(!isSame(after, before));
      if (round > 0) {
        for (let failAt = 1; failAt <= operations; failAt++) {
          const disk = new SimDisk(content);
          const failing = DB.open(disk, options);
          disk.failAt = disk.operations + failAt;
          assert.throws(() => failing.update((tx) => change(tx, seeded(seed))), PowerFailure);
          // The last two operations are the write of the meta page and the sync behind it.
          const mayBeNew = failAt >= operations - 1;
          for (const loss of LOSSES) {
            for (const unit of [512, 16]) {
              const found = recover(disk.afterPowerFailure(loss, unit, random), options);
              const where = `operation ${failAt} of ${operations}, ${loss}, unit ${unit}`;
              if (!mayBeNew || !isSame(found, after)) assertSame(found, before, where);
            }
          }
        }
      }
      // Once the commit has returned nothing can take it back.
      const kept = good.afterPowerFailure('lost', 512, random);
      assertSame(recover(kept, options), after);
      content = kept;
    }
  });
}

test('power that fails again and again never costs a committed state', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const options = OPTIONS[seed % OPTIONS.length] as OpenOptions;
    const first = new SimDisk();
    DB.open(first, options).close();
    let content = first.afterPowerFailure('lost', 512, random);
    let committed: Dump = DB.open(new MemoryFile(content)).view(dump);
    for (let life = 0; life < 8; life++) {
      const disk = new SimDisk(content);
      const db = DB.open(disk, options);
      const found = db.view(dump);
      assertSame(found, committed);
      disk.failAt = disk.operations + 1 + Math.floor(random() * 25);
      let next = committed;
      try {
        for (;;) {
          const tx = db.beginWrite();
          change(tx, random);
          next = dump(tx);
          tx.commit();
          committed = next;
        }
      } catch (error) {
        if (!(error instanceof PowerFailure)) throw error;
      }
      assert.throws(() => db.begin(), /a commit failed/);
      const loss = LOSSES[Math.floor(random() * LOSSES.length)] as (typeof LOSSES)[number];
      content = disk.afterPowerFailure(loss, 512, random);
      const survived = DB.open(new MemoryFile(content)).view(dump);
      if (isSame(survived, next)) committed = next;
      assertSame(survived, committed);
    }
  }
});

test('an asynchronous commit that loses power fails, and the database with it', async () => {
  for (const failAt of [1, 2, 3, 4]) {
    const disk = new SimDisk();
    const db = DB.open(disk);
    disk.failAt = disk.operations + failAt;
    const tx = db.beginWrite();
    tx.createBucket('key');
    await assert.rejects(tx.commitAsync(), PowerFailure);
    assert.throws(() => db.beginWrite(), /database not open: a commit failed/);
  }
});
