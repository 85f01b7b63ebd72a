// What commands that hold a session have in common.

import { ConcurrencyError } from '../../client/concurrency/errors.ts';
import { Exit, ExitError } from '../command.ts';

/** Does it; a lock or an office that was lost is a failed request. */
export async function orExit<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ConcurrencyError) throw new ExitError(Exit.Error, error.message);
    throw error;
  }
}

/** Returns when the signal is aborted, or at once when it was. */
export async function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
