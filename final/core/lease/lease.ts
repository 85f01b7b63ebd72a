// A lease, as the lessor keeps it and as others see it.

import type { Key } from '../keys.ts';
import type { QueueEntry } from './lease_queue.ts';

export interface Lease {
  readonly id: bigint;
  /** Granted time to live, in seconds; never below the minimum. */
  readonly ttl: number;
  /** Seconds that were left at the last checkpoint; 0 = the whole TTL, from the moment a member becomes the leader. */
  readonly remainingTtl: number;
  /** When it expires, in ms of the caller's clock. Infinity on every member but the primary one: only that one knows. */
  readonly deadline: number;
  readonly keys: ReadonlySet<Key>;
}

/** The lessor's own view. */
export interface MutableLease extends Lease {
  remainingTtl: number;
  deadline: number;
  /** Shared by all leases without keys until a first key comes. */
  keys: ReadonlySet<Key>;
  /**
   * Where it stands among those that expire. A renewal leaves it where it is, so it may be due before the deadline, never
   * behind it, but for a lease that is being revoked, which is due when it is to be tried again.
   */
  expiry: QueueEntry<MutableLease> | undefined;
  /** Where it stands among those whose remaining time is to be written down. */
  checkpoint: QueueEntry<MutableLease> | undefined;
  /** Its remaining time is on its way through the log. */
  isBeingCheckpointed: boolean;
}

export const NO_KEYS: ReadonlySet<Key> = new Set();

/** A lease that nobody waits for yet. */
export function newLease(id: bigint, ttl: number, remainingTtl: number): MutableLease {
  return {
    id,
    ttl,
    remainingTtl,
    deadline: Number.POSITIVE_INFINITY,
    keys: NO_KEYS,
    expiry: undefined,
    checkpoint: undefined,
    isBeingCheckpointed: false,
  };
}
