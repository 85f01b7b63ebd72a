// Opens the database of a member, and puts the one in its place that a leader has sent. Mirrors etcd's storage/backend.go.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../etcdmain/config.ts';
import type { Ports } from '../ports.ts';
import { Backend } from '../storage/backend/backend.ts';
import { DB } from '../storage/bolt/db.ts';
import type { FileSystem } from '../storage/fs.ts';
import { readConsistentIndex, writeConsistentIndex } from '../storage/schema/meta_bucket.ts';
import { removeSnapDbsBelow, snapDbPath } from '../storage/snap/snap_db.ts';
import type { SnapshotPoint } from '../storage/wal/reader.ts';
import type { Progress } from './bootstrap.ts';
import type { DataDir } from './data_dir.ts';

const LOG_CALLER = 'etcdserver/backend.ts';
const LOCK_RETRY_MS = 50;
const LOCK_WARNING_MS = 10_000;

export interface OpenBackendOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly fs: FileSystem;
  readonly dirs: DataDir;
  /** How far the log is applied; every commit of the database holds it. */
  readonly progress: Progress;
}

/** Opens the database, or makes a new one. Whoever has the lock may be a server that is about to end: etcd waits for ever. */
export async function openBackend({ config, ports, fs, dirs, progress }: OpenBackendOptions): Promise<Backend> {
  const log = ports.log.at(LOG_CALLER);
  const begin = ports.clock.now();
  let isWarned = false;
  if (!fs.exists(dirs.db)) createDatabase(fs, dirs.db);
  const file = fs.open(dirs.db, 'write');
  while (!file.lock('exclusive')) {
    const waited = ports.clock.now() - begin;
    if (waited > LOCK_WARNING_MS && !isWarned) {
      isWarned = true;
      log.info('db file is flocked by another process, or taking too long', { path: dirs.db, took: `${waited}ms` });
    }
    await sleep(LOCK_RETRY_MS);
  }
  const backend = new Backend({
    fs,
    file,
    path: dirs.db,
    batchLimit: config.backendBatchLimit,
    beforeCommit: (it) => writeConsistentIndex(it, progress.applied),
  });
  log.info('opened backend db', { path: dirs.db, took: `${Math.round(ports.clock.now() - begin)}ms` });
  return backend;
}

/**
 * The database that belongs to `snapshot`: the one that is there, or, when the member ended before it could take it over, the
 * one that was sent with the snapshot. Throws an Error with etcd's text when neither fits.
 */
export async function openBackendOf(snapshot: SnapshotPoint, options: OpenBackendOptions): Promise<Backend> {
  const backend = await openBackend(options);
  const { index } = readConsistentIndex(backend);
  if (index >= snapshot.index) return backend;
  const { fs, dirs } = options;
  backend.abandon();
  if (fs.exists(snapDbPath(dirs.snap, snapshot.index))) return installDatabase(snapshot.index, options);
  if (index === 0) throw new Error(`database file (${dirs.db}) of the backend is missing`);
  throw new Error(`database file (${dirs.db} index ${index}) does not match with snapshot (index ${snapshot.index})`);
}

/** Puts the database that was sent with the snapshot at `index` in the place of the old one, which must be closed. */
export async function installDatabase(index: number, options: OpenBackendOptions): Promise<Backend> {
  const { fs, dirs } = options;
  fs.rename(snapDbPath(dirs.snap, index), dirs.db);
  fs.syncDirectory(dirs.snap);
  // Those that came before and were not needed any more.
  removeSnapDbsBelow(fs, dirs.snap, index);
  return openBackend(options);
}

// Under another name until it is whole: a crash leaves a database or none.
function createDatabase(fs: FileSystem, path: string): void {
  const temporary = `${path}.tmp.new`;
  fs.remove(temporary);
  DB.open(fs.open(temporary, 'create')).close();
  fs.rename(temporary, path);
}
