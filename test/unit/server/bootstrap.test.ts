// What a member takes for committed when it starts again: all that its database has, whatever the log says of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConfig } from '../../../final/etcdmain/config.ts';
import { bootstrap } from '../../../final/server/bootstrap.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { Wal } from '../../../final/storage/wal/wal.ts';
import { ALONE } from '../../sim/alone.ts';
import { Life, Links } from './small_cluster.ts';

const URL = 'http://10.0.0.1:2380';
const FLAGS = { name: 'n1', 'data-dir': 'data', 'initial-advertise-peer-urls': URL, 'initial-cluster': `n1=${URL}` };

test('a commit index that a power failure took back is at least that of the database', async () => {
  const life = new Life(new Links(), new MemFileSystem());
  const server = await life.open(FLAGS);
  await server.start();
  for (const value of ['a', 'b', 'c']) {
    const options = { lease: 0n, prev_kv: false, ignore_value: false, ignore_lease: false };
    await server.put({ key: Buffer.from('k'), value: Buffer.from(value), ...options });
  }
  const { database, snapshot } = await server.storage.readDatabase();
  database.release();
  const inDatabase = snapshot.metadata?.index ?? 0;
  await server.stop();
  life.end(undefined);
  const { disk } = life;

  // A member of several hears of a commit behind the sync of its entries, and nobody waits for a note of it.
  const { wal, content } = Wal.open(
    { fs: disk, directory: 'data/member/wal', segmentBytes: 4096 },
    { index: 0, term: 0 },
  );
  wal.save({ ...content.hardState, commit: 4 }, []);
  wal.sync();
  wal.close();
  const { calls } = ALONE;
  const { ports } = new Life(new Links(), disk);
  const { hardState, backend } = await bootstrap({ config: toConfig(new Map(Object.entries(FLAGS))), ports, calls });
  assert.ok(inDatabase > 4);
  assert.equal(hardState.commit, inDatabase);
  backend.abandon();
});
