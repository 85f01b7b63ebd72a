// Waiting, for those who may be told to stop.

import { setTimeout as delay } from 'node:timers/promises';
import { allowMany } from './abort.ts';

/** Returns after `ms` milliseconds, or as soon as the signal is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal !== undefined) allowMany(signal);
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // Whoever waits looks at the signal.
  }
}
