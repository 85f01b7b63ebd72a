// What snapshot status and snapshot restore of etcdctl and etcdutl have in common: arguments, flags, and how errors are told.

import fs from 'node:fs';
import type { RestoreOptions } from '../../etcdutl/snapshot_restore.ts';
import type { SnapshotStatus } from '../../etcdutl/snapshot_status.ts';
import { Exit, ExitError, type FlagValues } from '../command.ts';
import { goError } from '../go_error.ts';

/** @throws ExitError 128 unless there is one argument, 1 when it names no database */
export async function statusOfFile(args: readonly string[]): Promise<SnapshotStatus> {
  const path = oneFile(args, 'snapshot status');
  const { snapshotStatus } = await import('../../etcdutl/snapshot_status.ts');
  const { nodeFileSystem } = await import('../../storage/fs_node.ts');
  return orExit(() => {
    fs.statSync(path);
    return snapshotStatus(nodeFileSystem, path);
  }, path);
}

/**
 * @param flags of the command: those that both programs have are read here
 * @throws ExitError 128 unless there is one argument, 1 when the file or a flag does not allow it
 */
export async function restoreFile(
  args: readonly string[],
  flags: FlagValues,
  more: Pick<RestoreOptions, 'needsNewDirectory' | 'onStep'> & Partial<Pick<RestoreOptions, 'bumpRevision'>>,
): Promise<void> {
  const snapshot = oneFile(args, 'snapshot restore');
  const { restoreSnapshot } = await import('../../etcdutl/snapshot_restore.ts');
  const { nodeFileSystem } = await import('../../storage/fs_node.ts');
  const name = flags.text('name');
  const dataDir = flags.text('data-dir');
  const options = {
    fs: nodeFileSystem,
    snapshot,
    dataDir: dataDir === '' ? `${name}.etcd` : dataDir,
    walDir: flags.text('wal-dir'),
    name,
    initialCluster: flags.text('initial-cluster'),
    token: flags.text('initial-cluster-token'),
    advertisePeerUrls: flags.text('initial-advertise-peer-urls').split(','),
    skipHashCheck: flags.bool('skip-hash-check'),
    bumpRevision: 0,
    ...more,
  };
  orExit(() => restoreSnapshot(options), snapshot);
}

function oneFile(args: readonly string[], command: string): string {
  const [path, ...others] = args;
  if (path === undefined || others.length > 0) {
    throw new ExitError(Exit.BadArgs, `${command} requires exactly one argument`);
  }
  return path;
}

/**
 * Does something with a file.
 *
 * @returns what it returns
 * @throws ExitError 1 for what is wrong with the file, or what its caller asks for; a bug as it is
 */
export function orExit<T>(action: () => T, path: string): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'AssertionError' || error instanceof TypeError) throw error;
    throw new ExitError(Exit.Error, fileError(error, path));
  }
}

function fileError(error: Error, path: string): string {
  // What exactly makes a file no database is of no use to anyone who did not mean to give one.
  if (error.name === 'BoltError' && 'kind' in error && error.kind === 'Invalid') return 'invalid database';
  return goError(error, path).replace(/^error setting up initial cluster: /, '');
}
