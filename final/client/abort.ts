// Signals that end what is under way. One signal may end any number of calls, watches and renewals.

import { setMaxListeners } from 'node:events';
import { MAX_TIMER_MS } from './limits.ts';

/**
 * Calls `listener` when the signal is aborted; one that is aborted already does not call it.
 *
 * @returns what to call when it is no longer of interest
 */
export function whenAborted(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  allowMany(signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Lets a signal have many listeners: Node takes more than ten for a leak, and says so on stderr. */
export function allowMany(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

/** @returns a signal that is aborted after `ms` milliseconds, or after the longest time that a timer can wait */
export function timeLimit(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(ms)), MAX_TIMER_MS));
}
