// Data directories, logs and databases that a real etcd wrote, with what is known of them: test/data/storage.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { makeScratch } from './scratch.ts';

const DATA = path.join(REPOSITORY, 'test', 'data', 'storage');

/** Unpacks `NAME.tar.gz` into a scratch folder and returns the folder that is in it. */
export function unpackFixture(name: string): string {
  const folder = makeScratch();
  execFileSync('tar', ['-xzf', path.join(DATA, `${name}.tar.gz`), '-C', folder]);
  return path.join(folder, name);
}

/** The content of `NAME.expected.json`; 64-bit IDs are texts in it. */
export function expectedOf(name: string): unknown {
  return JSON.parse(fs.readFileSync(path.join(DATA, `${name}.expected.json`), 'utf8'));
}
