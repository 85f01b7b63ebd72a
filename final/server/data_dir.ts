// The directories of a member: where they are, that they can be written, what is swept out of them. Mirrors the first steps of
// etcd's etcdserver/bootstrap.go and storage/datadir (spec/storage.md 1).

import type { Logger } from '../ports.ts';
import { type FileSystem, join } from '../storage/fs.ts';

const OWNER_ONLY = 0o700;

export interface DataDir {
  readonly root: string;
  readonly member: string;
  readonly snap: string;
  readonly wal: string;
  readonly db: string;
}

/** Where everything is. `walDir`: empty = inside the data directory. */
export function dataDirPaths(root: string, walDir: string): DataDir {
  const member = join(root, 'member');
  const snap = join(member, 'snap');
  return { root, member, snap, wal: walDir === '' ? join(member, 'wal') : walDir, db: join(snap, 'db') };
}

/**
 * Makes the directories that are missing, checks that files can be made in them, and removes what an interrupted transfer or
 * defragmentation left. Throws an Error with etcd's text.
 */
export function prepareDataDir(fs: FileSystem, dirs: DataDir, log: Logger): void {
  checkEntries(fs, dirs.root, log);
  for (const directory of [dirs.root, dirs.member, dirs.snap]) makeWritable(fs, directory, log);
  for (const name of fs.list(dirs.snap)) {
    if (name.startsWith('tmp') || name.startsWith('db.tmp')) fs.remove(join(dirs.snap, name));
  }
}

function checkEntries(fs: FileSystem, root: string, log: Logger): void {
  let names: string[];
  try {
    names = fs.list(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new Error(`error listing data dir: ${root}`);
  }
  if (names.includes('proxy')) {
    const both = names.includes('member');
    throw new Error(
      both ? 'invalid datadir. Both member and proxy directories exist.' : 'the v2 proxy is not yet implemented',
    );
  }
  for (const name of names) {
    if (name !== 'member') log.warn('found invalid file under data directory', { filename: name, 'data-dir': root });
  }
}

function makeWritable(fs: FileSystem, directory: string, log: Logger): void {
  try {
    if (!fs.exists(directory)) fs.makeDirectory(directory);
    const probe = join(directory, '.touch');
    fs.open(probe, 'create').close();
    fs.remove(probe);
  } catch (error) {
    throw new Error(`cannot access data directory: ${goText(error)}`);
  }
  const mode = fs.permissions(directory);
  if (mode === OWNER_ONLY) return;
  const found = modeText(mode);
  const text = `directory "${directory}" exist, but the permission is "${found}". The recommended permission is "-rwx------" to prevent possible unprivileged access to the data.`;
  log.warn('check file permission', { error: text });
}

function modeText(mode: number): string {
  return `d${Array.from('rwxrwxrwx', (letter, i) => (mode & (1 << (8 - i)) ? letter : '-')).join('')}`;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
};

// `mkdir d1: permission denied`, as Go says it.
function goText(error: unknown): string {
  const { syscall, path: where, code, message } = error as NodeJS.ErrnoException;
  const reason = REASONS[code ?? ''];
  return reason === undefined ? message : `${syscall} ${where}: ${reason}`;
}
