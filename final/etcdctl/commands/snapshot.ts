// etcdctl snapshot save, status and restore. What save writes is in save_snapshot.ts, what the others do in ../../etcdutl/,
// which is loaded for them only.

import type { Client } from '../../client/client.ts';
import { ClientError } from '../../client/errors.ts';
import type { RestoreStep } from '../../etcdutl/snapshot_restore.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { givenEndpoints } from '../connect_options.ts';
import { type LogLine, programLogLine } from '../log_line.ts';
import { saveSnapshot } from '../save_snapshot.ts';
import { restoreFile, statusOfFile } from './snapshot_file.ts';

/** Saves a copy of a server's database. It may take long, so there is a time limit only if one was given. */
export async function runSnapshotSave(context: CommandContext): Promise<void> {
  const { args, globals, io } = context;
  const [path, ...others] = args;
  if (path === undefined || others.length > 0) {
    throw new ExitError(Exit.BadArgs, 'snapshot save expects one argument');
  }
  const endpoints = givenEndpoints(globals);
  const [endpoint] = endpoints;
  if (endpoint === undefined || endpoints.length > 1) {
    const message = `snapshot must be requested to one selected node, not multiple [${endpoints.join(' ')}]`;
    throw new ExitError(Exit.Interrupted, message);
  }
  const client = await connect(context, endpoint);
  const options = globals.isSet('command-timeout') ? context.callOptions : {};
  await saveSnapshot({ path, endpoint, io, open: () => client.snapshot(options) });
  io.stdout.write(`Snapshot saved at ${path}\n`);
}

async function connect(context: CommandContext, endpoint: string): Promise<Client> {
  try {
    return await context.clientOf(endpoint);
  } catch (error) {
    if (error instanceof ClientError) throw new ExitError(Exit.Interrupted, error.message);
    throw error;
  }
}

/** Prints what a snapshot file holds. */
export async function runSnapshotStatus(context: CommandContext): Promise<void> {
  context.printer.dbStatus(await statusOfFile(context.args));
}

/** Makes a data directory out of a snapshot file. */
export async function runSnapshotRestore({ args, flags, io }: CommandContext): Promise<void> {
  const snapshot = args[0] ?? '';
  const log = (step: RestoreStep): void => {
    const line = restoreLine(step, snapshot);
    if (line !== undefined) io.stderr.write(programLogLine(line));
  };
  await restoreFile(args, flags, { needsNewDirectory: true, onStep: log });
}

/** What etcdctl 3.4 logs of it; undefined for a step that it is silent about. */
function restoreLine(step: RestoreStep, snapshot: string): LogLine | undefined {
  const level = 'info';
  switch (step.kind) {
    case 'begun':
    case 'done': {
      const begun = step.kind === 'begun';
      const { root, wal, snap } = step.dirs;
      const fields = { path: snapshot, 'wal-dir': wal, 'data-dir': root, 'snap-dir': snap };
      const caller = `snapshot/v3_snapshot.go:${begun ? 296 : 309}`;
      return { level, caller, msg: begun ? 'restoring snapshot' : 'restored snapshot', fields };
    }
    case 'compacted': {
      const fields = {
        'meta-bucket-name': 'meta',
        'meta-bucket-name-key': 'finishedCompactRev',
        'restored-compact-revision': step.revision,
      };
      return { level, caller: 'mvcc/kvstore.go:388', msg: 'restored last compact revision', fields };
    }
    case 'added': {
      const fields = {
        'cluster-id': step.clusterId.toString(16),
        'local-member-id': '0',
        'added-peer-id': step.member.id.toString(16),
        'added-peer-peer-urls': step.member.peerUrls,
      };
      return { level, caller: 'membership/cluster.go:392', msg: 'added member', fields };
    }
    case 'trimmed':
    case 'bumped':
      return undefined;
  }
}
