// The lock on a file: it holds between open files and between processes, and ends with whoever has it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { nodeFileSystem } from '../../../final/storage/fs_node.ts';
import { REPOSITORY } from '../../../steps/tool/chain.ts';
import { makeScratch } from '../../harness/scratch.ts';

const hasFlock = spawnSync('flock', ['--version']).error === undefined;
const skip = hasFlock ? false : 'no flock(1): nothing can be locked here';
const newPath = (): string => path.join(makeScratch(), 'file');

test('a file is locked for one, or for several that only read', { skip }, () => {
  const name = newPath();
  const writer = nodeFileSystem.open(name, 'create');
  assert.equal(writer.lock('exclusive'), true);
  const other = nodeFileSystem.open(name, 'read');
  assert.equal(other.lock('exclusive'), false);
  assert.equal(other.lock('shared'), false);
  writer.close();
  const readers = [other, nodeFileSystem.open(name, 'read')];
  for (const reader of readers) assert.equal(reader.lock('shared'), true);
  const late = nodeFileSystem.open(name, 'write');
  assert.equal(late.lock('exclusive'), false);
  for (const reader of readers) reader.close();
  assert.equal(late.lock('exclusive'), true);
  late.close();
});

test('a lock ends with the process that has it, also when that is killed', { skip }, () => {
  const name = newPath();
  const program = `import { nodeFileSystem } from './final/storage/fs_node.ts';
    if (!nodeFileSystem.open(${JSON.stringify(name)}, 'create').lock('exclusive')) process.exit(3);
    process.kill(process.pid, 'SIGKILL');`;
  const { signal } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: REPOSITORY,
  });
  assert.equal(signal, 'SIGKILL');
  const file = nodeFileSystem.open(name, 'write');
  assert.equal(file.lock('exclusive'), true);
  file.close();
});
