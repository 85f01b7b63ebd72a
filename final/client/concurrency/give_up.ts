// What becomes of a change that is on its way when its caller gives up: whoever does not know whether it was made cannot take
// it back.

import { timeLimit, whenAborted } from '../abort.ts';
import { GIVE_UP_MS } from '../limits.ts';
import type { WaitOptions } from './store.ts';

/**
 * Makes a change, and waits until it is made or has failed, also when the signal is aborted meanwhile: for {@link GIVE_UP_MS}
 * then. The caller looks at the signal afterwards.
 *
 * @throws what `change` throws; the reason of the signal when it was aborted before, or that time is over
 */
export async function toItsEnd<T>({ signal }: WaitOptions, change: (options: WaitOptions) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const ignoreSignal = whenAborted(signal, () => {
    timer = setTimeout(() => over.abort(signal?.reason), GIVE_UP_MS);
  });
  try {
    return await change({ signal: over.signal });
  } finally {
    ignoreSignal();
    clearTimeout(timer);
  }
}

/**
 * Takes back what was made for someone who has failed already: never throws, and takes no longer than {@link GIVE_UP_MS}. What
 * cannot be taken back goes with its lease.
 */
export async function takeBack(undo: (options: WaitOptions) => Promise<unknown>): Promise<void> {
  await undo({ signal: timeLimit(GIVE_UP_MS) }).catch(() => undefined);
}
