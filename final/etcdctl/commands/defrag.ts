// etcdctl defrag: of running servers, or of a directory that no server uses.

import { ClientError } from '../../client/errors.ts';
import type { OfflineDefrag } from '../../etcdutl/offline_defrag.ts';
import { type CommandContext, Exit, ExitError, type Io } from '../command.ts';
import { goError } from '../go_error.ts';
import { wantedEndpoints } from './endpoint.ts';

/** The status of the real program where it crashes. */
const crashed = 2;

/** One server after the other, so that never all of them are busy; one that fails makes for the exit status. */
export async function runDefrag(context: CommandContext): Promise<void> {
  const dataDir = context.flags.text('data-dir');
  if (dataDir !== '') return defragmentOffline(context.io, { dataDir });
  const client = await context.client();
  let failed = false;
  for (const endpoint of await wantedEndpoints(context)) {
    try {
      await client.defragment(endpoint, context.callOptions);
      context.io.stdout.write(`Finished defragmenting etcd member[${endpoint}]\n`);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      failed = true;
      context.io.stderr.write(`Failed to defragment etcd member[${endpoint}] (${error.message})\n`);
    }
  }
  if (failed) throw new ExitError(Exit.Error, '');
}

/**
 * Defragments a directory, for etcdutl too.
 *
 * @throws ExitError 2 when there is no database that can be opened, 1 when the disk fails
 */
export async function defragmentOffline(io: Io, options: Omit<OfflineDefrag, 'fs' | 'onWait'>): Promise<void> {
  const { defragmentDirectory, OpenError } = await import('../../etcdutl/offline_defrag.ts');
  const { nodeFileSystem: fs } = await import('../../storage/fs_node.ts');
  const onWait = (path: string): void => {
    const hint = 'To defrag a running etcd instance, omit --data-dir.';
    io.stderr.write(`waiting for etcd to close and release its lock on "${path}". ${hint}\n`);
  };
  try {
    await defragmentDirectory({ fs, onWait, ...options });
  } catch (error) {
    if (error instanceof OpenError) throw new ExitError(crashed, `${error.message} (${goError(error.cause)})`);
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new ExitError(Exit.Error, `Failed to defragment etcd data[${options.dataDir}] (${goError(error)})`);
  }
}
