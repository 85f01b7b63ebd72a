// etcdctl lock.

import { Mutex } from '../../client/concurrency/mutex.ts';
import { Session } from '../../client/concurrency/session.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { decodeText, encodeText } from '../text.ts';
import { orExit, whenAborted } from './session_errors.ts';

/** Takes a lock, and holds it while a command runs, or else until it is told to stop. */
export async function runLock(context: CommandContext): Promise<void> {
  const { args, flags } = context;
  const [name, ...command] = args;
  if (name === undefined) {
    throw new ExitError(Exit.BadArgs, 'lock takes a lock name argument and an optional command to execute');
  }
  const store = await context.client();
  const ttl = flags.int64('ttl');
  await orExit(async () => {
    const session = await Session.open({ store, ...(ttl > 0 ? { ttl } : {}) });
    const mutex = new Mutex(session, encodeText(name));
    const stop = context.io.interrupted();
    await mutex.lock({ signal: stop });
    if (command.length > 0) return runLocked(context, mutex, command);
    const held = await store.range({ key: mutex.key }, { signal: stop });
    if (held.kvs.length === 0) throw new ExitError(Exit.Error, 'lock lost on init');
    context.printer.get(held);
    await whenAborted(AbortSignal.any([stop, session.done]));
    if (!stop.aborted) throw new ExitError(Exit.Error, 'session expired');
    await mutex.unlock();
  });
}

async function runLocked({ io, env }: CommandContext, mutex: Mutex, command: readonly string[]): Promise<void> {
  const variables = {
    ETCD_LOCK_KEY: decodeText(mutex.key),
    ETCD_LOCK_REV: (mutex.header?.revision ?? 0).toString(),
  };
  const failure = await io.run(command, { ...variables, ...env });
  await mutex.unlock().catch((error: unknown) => {
    if (failure === undefined) throw error;
  });
  if (failure !== undefined) throw new ExitError(Exit.Error, failure);
}
