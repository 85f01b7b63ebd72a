import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { check } from '../../../../final/storage/bolt/check.ts';
import { DB } from '../../../../final/storage/bolt/db.ts';
import { openNodeFile, waitForNodeFile } from '../../../../final/storage/bolt/file_node.ts';
import { makeScratch, removeScratch } from '../../../harness/scratch.ts';
import { bytes } from './dump.ts';

const folder = makeScratch();
after(() => removeScratch(folder));
const skip = spawnSync('flock', ['--version']).error === undefined ? false : 'no flock(1)';

test('a database in a real file survives its closing', () => {
  const file = path.join(folder, 'real');
  const db = DB.open(openNodeFile(file));
  db.update((tx) => tx.createBucket('key').put(bytes('k'), new Uint8Array(100_000).fill(3)));
  db.close();
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const again = DB.open(openNodeFile(file, { readOnly: true }), { readOnly: true });
  assert.deepEqual(check(again), []);
  assert.equal(
    again.view((tx) => tx.bucket('key')?.get(bytes('k'))?.length),
    100_000,
  );
  again.close();
});

test('a writer keeps everybody else out, readers only writers', { skip }, () => {
  const file = path.join(folder, 'locked');
  const writer = openNodeFile(file);
  assert.ok(writer.isLocked);
  assert.throws(() => openNodeFile(file), { kind: 'Timeout' });
  assert.throws(() => openNodeFile(file, { readOnly: true }), { kind: 'Timeout' });
  // Any other program sees the lock too, and only as long as the file is open.
  const tryLock = (): number | null => spawnSync('flock', ['-n', file, 'true']).status;
  assert.equal(tryLock(), 1);
  writer.close();
  assert.equal(tryLock(), 0);
  const readers = [openNodeFile(file, { readOnly: true }), openNodeFile(file, { readOnly: true })];
  assert.throws(() => openNodeFile(file), { kind: 'Timeout' });
  for (const reader of readers) reader.close();
  openNodeFile(file).close();
});

test('one can wait for a lock, for a while or until told to stop', { skip }, async () => {
  const file = path.join(folder, 'awaited');
  fs.writeFileSync(file, '');
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; read x'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  await assert.rejects(waitForNodeFile(file, { timeoutMs: 120 }), { kind: 'Timeout' });
  await assert.rejects(waitForNodeFile(file, { signal: AbortSignal.timeout(80) }), { name: 'TimeoutError' });
  const waits: number[] = [];
  const waiting = waitForNodeFile(file, {
    onHeld: (waitedMs) => {
      waits.push(waitedMs);
      if (waits.length === 2) holder.stdin.end('\n');
    },
  });
  (await waiting).close();
  assert.deepEqual(waits.slice(0, 2), [0, 50]);
});

test('a lock ends with the process that holds it', { skip }, () => {
  const file = path.join(folder, 'orphaned');
  const program = `import { openNodeFile } from './final/storage/bolt/file_node.ts';
    openNodeFile(${JSON.stringify(file)}); process.kill(process.pid, 'SIGKILL');`;
  assert.throws(() => execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]));
  openNodeFile(file).close();
});
