// The few things that the tool leaves to git: differences between folders, files of a revision, three-way merges. Run
// without a shell; the user's own settings do not change the output.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Output of one git call is refused beyond this many bytes. */
export const MAX_GIT_OUTPUT = 256 * 1024 * 1024;

/** Options of every `git diff` here: same output for every user, files compared by path only. */
const DIFF = [
  'diff',
  '--no-index',
  '--no-ext-diff',
  '--no-color',
  '--no-renames',
  '--src-prefix=a/',
  '--dst-prefix=b/',
];

/** Lines and files that differ between two folders. */
export interface Difference {
  readonly added: number;
  readonly deleted: number;
  readonly files: number;
}

/**
 * The unified diff from folder `from` to folder `to` (relative to `root`; undefined stands for an empty folder).
 * `options` go to git diff. Empty text: no difference.
 */
export function diffFolders(
  root: string,
  folders: { from: string | undefined; to: string },
  options: readonly string[] = [],
): string {
  const empty = folders.from === undefined ? fs.mkdtempSync(path.join(os.tmpdir(), 'etcd-steps-empty-')) : undefined;
  try {
    const from = folders.from ?? empty ?? '';
    const { status, stdout } = git({ root, args: [...DIFF, ...options, '--', from, folders.to], accept: [0, 1] });
    return status === 0 ? '' : stdout.toString('utf8');
  } finally {
    if (empty !== undefined) fs.rmSync(empty, { recursive: true });
  }
}

/** Counts what `diffFolders` shows. A file that is no text counts as a file without lines. */
export function countDifference(root: string, folders: { from: string | undefined; to: string }): Difference {
  const lines = diffFolders(root, folders, ['--numstat']).split('\n').filter(Boolean);
  const columns = lines.map((line) =>
    line
      .split('\t')
      .slice(0, 2)
      .map((text) => Number(text) || 0),
  );
  return {
    added: columns.reduce((sum, [added = 0]) => sum + added, 0),
    deleted: columns.reduce((sum, [, deleted = 0]) => sum + deleted, 0),
    files: lines.length,
  };
}

/** The files of `folder` in `revision`: path below the folder → content. Throws an Error for an unknown revision. */
export function filesAt(root: string, revision: string, folder: string): Map<string, Buffer> {
  const listing = git({
    root,
    args: ['ls-tree', '-r', '-z', '--name-only', '--full-tree', revision, '--', `${folder}/`],
  });
  const names = listing.stdout.toString('utf8').split('\0').filter(Boolean);
  return new Map(
    names.map((name) => [
      name.slice(folder.length + 1),
      git({ root, args: ['cat-file', 'blob', `${revision}:${name}`] }).stdout,
    ]),
  );
}

/** A three-way merge of one file. */
export type Merge =
  | { readonly kind: 'clean'; readonly content: Buffer }
  /** The content has the conflicts marked, with the text of all three sides. */
  | { readonly kind: 'conflict'; readonly content: Buffer; readonly conflicts: number }
  | { readonly kind: 'binary' };

/** Merges the change from `base` to `next` into `current`. The labels name the sides in conflict marks. */
export function mergeFile(
  sides: { current: Buffer; base: Buffer; next: Buffer },
  labels: { current: string; base: string; next: string },
): Merge {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'etcd-steps-merge-'));
  try {
    for (const side of ['current', 'base', 'next'] as const) fs.writeFileSync(path.join(folder, side), sides[side]);
    const names = ['-L', labels.current, '-L', labels.base, '-L', labels.next];
    const { status, stdout } = git({
      root: folder,
      args: ['merge-file', '-p', '--diff3', ...names, 'current', 'base', 'next'],
      accept: 'any',
    });
    if (status === 0) return { kind: 'clean', content: stdout };
    // The exit code is the number of conflicts, cut at 127; beyond it git could not merge at all.
    if (status > 127) return { kind: 'binary' };
    return { kind: 'conflict', content: stdout, conflicts: status };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function git(call: { root: string; args: readonly string[]; accept?: readonly number[] | 'any' }): {
  status: number;
  stdout: Buffer;
} {
  const { status, stdout, stderr, error } = spawnSync('git', ['-c', 'core.autocrlf=false', ...call.args], {
    cwd: call.root,
    maxBuffer: MAX_GIT_OUTPUT,
    windowsHide: true,
  });
  if (error !== undefined) throw new Error(`git cannot be run: ${error.message}`);
  const accept = call.accept ?? [0];
  if (status === null || (accept !== 'any' && !accept.includes(status))) {
    throw new Error(`git ${call.args[0]} failed: ${stderr.toString('utf8').trim()}`);
  }
  return { status, stdout };
}
