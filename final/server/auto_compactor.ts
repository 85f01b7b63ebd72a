// Compactions that nobody has to ask for: by age of the history, or by the number of revisions. Mirrors etcd's
// v3compactor/periodic.go and revision.go. Only decides when and where; time comes in from outside.

import { parseDuration } from '../etcdmain/duration.ts';

const HOUR_MS = 3_600_000;
/** How often the number of revisions is looked at, in ms. */
export const REVISION_INTERVAL_MS = 5 * 60_000;
// A compaction by age takes the revision of this many looks ago.
const LOOKS = 10;

/** What to compact, and how often to ask. */
export interface AutoCompactor {
  /** Milliseconds between two calls of `look`. */
  readonly intervalMs: number;
  /** The revision to compact at now, or undefined. `revision`: the current one. */
  look(revision: number): number | undefined;
}

/**
 * The compactor that the flags ask for, or undefined when the retention is 0. A retention without unit is a number of hours, or
 * of revisions. Throws an Error with the reason when it is neither.
 */
export function autoCompactor(mode: string, retention: string): AutoCompactor | undefined {
  const isNumber = /^\d+$/.test(retention);
  if (mode === 'revision') {
    if (!isNumber) throw new Error(`error parsing CompactionRetention: "${retention}" is no number of revisions`);
    return Number(retention) === 0 ? undefined : byRevision(Number(retention));
  }
  const periodMs = isNumber ? Number(retention) * HOUR_MS : parseDuration(retention);
  if (periodMs === undefined || periodMs < 0) {
    throw new Error(`error parsing CompactionRetention: time: invalid duration "${retention}"`);
  }
  return periodMs === 0 ? undefined : byAge(periodMs);
}

function byRevision(kept: number): AutoCompactor {
  let last = 0;
  return {
    intervalMs: REVISION_INTERVAL_MS,
    look(revision) {
      const target = revision - kept;
      if (target <= last) return undefined;
      last = target;
      return target;
    },
  };
}

// Compacts every hour, or every period when that is shorter, at the revision of a period ago.
function byAge(periodMs: number): AutoCompactor {
  const everyMs = Math.min(periodMs, HOUR_MS);
  const intervalMs = everyMs / LOOKS;
  const remembered = Math.ceil(periodMs / intervalMs) + 1;
  const revisions: number[] = [];
  let looks = 0;
  let last = 0;
  return {
    intervalMs,
    look(revision) {
      revisions.push(revision);
      if (revisions.length > remembered) revisions.shift();
      looks++;
      const oldest = revisions[0] as number;
      const isDue = revisions.length === remembered && looks % LOOKS === 1;
      if (!isDue || oldest <= last) return undefined;
      last = oldest;
      return oldest;
    },
  };
}
