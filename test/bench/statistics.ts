// Medians, percentiles and the rate of a load.

import type { Entry } from './h2load.ts';

/** The value that `share` (0 to 1) of the values do not exceed. Throws an Error when there are no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)];
  if (value === undefined) throw new Error('no values');
  return value;
}

/** The middle value, or the mean of the middle two. Throws an Error when there are no values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new Error('no values');
  return (lower + upper) / 2;
}

/**
 * Answers per second over the middle 80 % of the answers: the opening of the connections and the wait for the last ones
 * are left out. Throws an Error when there are too few answers to tell.
 */
export function steadyRate(entries: readonly Entry[]): number {
  const ends = Float64Array.from(entries, (entry) => entry.startUs + entry.tookUs).sort();
  const first = Math.floor(ends.length * 0.1);
  const last = Math.floor(ends.length * 0.9);
  const us = (ends[last] ?? 0) - (ends[first] ?? 0);
  if (us <= 0) throw new Error(`${ends.length} answers are too few for a rate`);
  return ((last - first) / us) * 1e6;
}
