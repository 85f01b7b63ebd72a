// etcdctl snapshot save: the file appears whole or not at all, and what went wrong is told.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ClientError } from '../../../final/client/errors.ts';
import { ExitError } from '../../../final/etcdctl/command.ts';
import { saveSnapshot } from '../../../final/etcdctl/save_snapshot.ts';
import { makeScratch } from '../../harness/scratch.ts';
import { fakeIo } from './fake_io.ts';

const whole = [Buffer.alloc(512, 1), Buffer.alloc(500, 2), Buffer.alloc(44, 3)];

interface Line {
  readonly level: string;
  readonly ts: string | number;
  readonly msg: string;
}

/** Saves what `blobs` gives to `file` in a folder of its own. */
async function save(
  blobs: () => AsyncIterable<Uint8Array>,
  file = 's.db',
): Promise<{ folder: string; log: Line[]; error: unknown }> {
  const folder = makeScratch();
  const fake = fakeIo();
  const options = { path: path.join(folder, file), endpoint: 'a:1', io: fake.io, open: async () => blobs() };
  const error = await saveSnapshot(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const log = fake.stderr().trim().split('\n').filter(Boolean);
  return { folder, log: log.map((line) => JSON.parse(line) as Line), error };
}

async function* stream(blobs: readonly Uint8Array[], end?: Error): AsyncIterable<Uint8Array> {
  yield* blobs;
  if (end !== undefined) throw end;
}

describe('snapshot save', () => {
  test('writes what comes, for its owner only, and logs as etcdctl 3.4 does', async () => {
    const { folder, log, error } = await save(() => stream(whole));
    assert.equal(error, undefined);
    assert.deepEqual(fs.readdirSync(folder), ['s.db']);
    assert.deepEqual(fs.readFileSync(path.join(folder, 's.db')), Buffer.concat(whole));
    assert.equal(fs.statSync(path.join(folder, 's.db')).mode & 0o777, 0o600);
    assert.deepEqual(
      log.map(({ msg, ts }) => `${typeof ts} ${msg}`),
      [
        'number created temporary db file',
        'string opened snapshot stream; downloading',
        'number fetching snapshot',
        'string completed snapshot read; closing',
        'number fetched snapshot',
        'number saved',
      ],
    );
  });

  const failed: [what: string, blobs: () => AsyncIterable<Uint8Array>, message: string][] = [
    ['without a sum', () => stream(whole.slice(0, 1)), 'sha256 checksum not found [bytes: 512]'],
    [
      'that breaks off',
      () => stream(whole, new ClientError(2, 'auth: user name is empty')),
      'rpc error: code = Unknown desc = auth: user name is empty',
    ],
  ];
  for (const [what, blobs, message] of failed) {
    test(`leaves nothing of a snapshot ${what}`, async () => {
      const { folder, error } = await save(blobs);
      assert.deepEqual(error, new ExitError(5, message));
      assert.deepEqual(fs.readdirSync(folder), []);
    });
  }

  test('keeps the old file when the new one does not come', async () => {
    const folder = makeScratch();
    const file = path.join(folder, 's.db');
    fs.writeFileSync(file, 'old');
    const open = (): Promise<never> => Promise.reject(new ClientError(4, 'late'));
    await assert.rejects(
      saveSnapshot({ path: file, endpoint: 'a:1', io: fakeIo().io, open }),
      new ExitError(5, 'context deadline exceeded'),
    );
    assert.deepEqual([fs.readdirSync(folder), fs.readFileSync(file, 'utf8')], [['s.db'], 'old']);
  });

  test('a folder that is not there, and a name that a folder has', async () => {
    const missing = (await save(() => stream(whole), 'no/s.db')).error as ExitError;
    assert.match(missing.message, /^could not open (.*\/no\/s\.db\.part) \(open \1: no such file or directory\)$/);
    const { folder, error } = await save(() => stream(whole), '.');
    assert.match((error as ExitError).message, /^could not rename .*\.part to .* \(rename .*: file exists\)$/);
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});
