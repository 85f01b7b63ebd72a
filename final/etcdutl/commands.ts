// What the commands of etcdutl do. The work is in snapshot_status.ts, snapshot_restore.ts, offline_defrag.ts and hash_kv.ts,
// which are loaded for those that need them; here are their flags and their log.

import { humanBytes } from '../etcdctl/cells.ts';
import { Exit, ExitError, type FlagValues, type Io } from '../etcdctl/command.ts';
import { defragmentOffline } from '../etcdctl/commands/defrag.ts';
import { orExit, restoreFile, statusOfFile } from '../etcdctl/commands/snapshot_file.ts';
import { formatDuration } from '../etcdctl/go_duration.ts';
import type { LogLine } from '../etcdctl/log_line.ts';
import { ETCD_VERSION } from '../version.ts';
import { consoleLine } from './console_log.ts';
import type { DatabaseSize } from './offline_defrag.ts';
import type { RestoreStep } from './snapshot_restore.ts';
import type { ToolContext } from './tool.ts';

export async function runVersion({ io }: ToolContext): Promise<void> {
  const [api] = /^\d+\.\d+/.exec(ETCD_VERSION) ?? [];
  io.stdout.write(`etcdutl version: ${ETCD_VERSION}\nAPI version: ${api}\n`);
}

/** Prints what a snapshot file holds. */
export async function runStatus({ args, printer }: ToolContext): Promise<void> {
  printer.dbStatus(await statusOfFile(args));
}

/** Prints the hash of a file's history. */
export async function runHashKV({ args, flags, printer }: ToolContext): Promise<void> {
  const [path = ''] = args;
  const { hashOfFile } = await import('./hash_kv.ts');
  const { nodeFileSystem } = await import('../storage/fs_node.ts');
  printer.dbHashKV(orExit(() => hashOfFile(nodeFileSystem, path, flags.int64('rev')), path));
}

/** Makes a data directory out of a snapshot file. */
export async function runRestore({ args, flags, io }: ToolContext): Promise<void> {
  const bumpRevision = Number(flags.text('bump-revision'));
  if (flags.bool('mark-compacted') !== bumpRevision > 0) {
    throw new ExitError(Exit.BadArgs, '--mark-compacted required if --revision-bump > 0');
  }
  const snapshot = args[0] ?? '';
  const onStep = (step: RestoreStep): void => log(io, restoreLines(step, snapshot, flags));
  await restoreFile(args, flags, { bumpRevision, onStep });
}

/** What etcdutl 3.5 logs of a step. */
function restoreLines(step: RestoreStep, snapshot: string, flags: FlagValues): LogLine[] {
  const level = 'info';
  switch (step.kind) {
    case 'begun':
    case 'done': {
      const begun = step.kind === 'begun';
      const { root, wal, snap } = step.dirs;
      const memory = Number(flags.text('initial-memory-map-size'));
      const paths = { path: snapshot, 'wal-dir': wal, 'data-dir': root, 'snap-dir': snap };
      const fields = { ...paths, 'initial-memory-map-size': memory };
      const caller = `snapshot/v3_snapshot.go:${begun ? 265 : 293}`;
      return [{ level, caller, msg: begun ? 'restoring snapshot' : 'restored snapshot', fields }];
    }
    case 'trimmed':
      return [{ level, caller: 'membership/store.go:138', msg: 'Trimming membership information from the backend...' }];
    case 'bumped': {
      const { from, by } = step;
      const bump = { 'latest-revision': from, 'bump-amount': by, 'new-latest-revision': from + by };
      const mark = { revision: from + by };
      return [
        { level, caller: 'snapshot/v3_snapshot.go:356', msg: 'bumping latest revision', fields: bump },
        { level, caller: 'snapshot/v3_snapshot.go:373', msg: 'marking revision compacted', fields: mark },
      ];
    }
    case 'added': {
      const fields = {
        'cluster-id': step.clusterId.toString(16),
        'local-member-id': '0',
        'added-peer-id': step.member.id.toString(16),
        'added-peer-peer-urls': step.member.peerUrls,
        'added-peer-is-learner': false,
      };
      return [{ level, caller: 'membership/cluster.go:421', msg: 'added member', fields }];
    }
    case 'compacted':
      return [];
  }
}

/** Writes the database of a data directory anew. */
export async function runDefrag({ flags, io }: ToolContext): Promise<void> {
  const start = process.hrtime.bigint();
  let before: DatabaseSize = { size: 0, inUse: 0 };
  await defragmentOffline(io, {
    dataDir: flags.text('data-dir'),
    onBegin: (path, size) => {
      before = size;
      const fields = { path, ...sizeFields(size) };
      log(io, [{ level: 'info', caller: 'backend/backend.go:527', msg: 'defragmenting', fields }]);
    },
    onEnd: (path, size) => {
      const took = formatDuration(process.hrtime.bigint() - start);
      const fields = { path, ...sizeFields(size, before), took };
      log(io, [{ level: 'info', caller: 'backend/backend.go:589', msg: 'finished defragmenting directory', fields }]);
    },
  });
}

/** @param before what the differences are to; absent: none are told */
function sizeFields({ size, inUse }: DatabaseSize, before?: DatabaseSize): object {
  return {
    ...(before && { 'current-db-size-bytes-diff': size - before.size }),
    'current-db-size-bytes': size,
    'current-db-size': humanBytes(size),
    ...(before && { 'current-db-size-in-use-bytes-diff': inUse - before.inUse }),
    'current-db-size-in-use-bytes': inUse,
    'current-db-size-in-use': humanBytes(inUse),
  };
}

/** Tells where snapshots can be saved. */
export async function refuseSave(): Promise<void> {
  throw new ExitError(Exit.BadArgs, 'In order to download snapshot use: `etcdctl snapshot save ...`');
}

/** @returns what refuses to run a command that is not there so far, with exit status 1 */
export function notYet(command: string): () => Promise<void> {
  return () => Promise.reject(new ExitError(Exit.Error, `etcdutl ${command} is not yet implemented`));
}

function log(io: Io, lines: readonly LogLine[]): void {
  for (const line of lines) io.stderr.write(consoleLine(line, new Date()));
}
