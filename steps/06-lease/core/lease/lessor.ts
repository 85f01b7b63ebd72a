// Leases: a time to live that keys can hang on. Mirrors etcd's lease/lessor.go. Time comes in from outside as
// milliseconds of any steady clock; this file only compares it.
//
// Grants and revocations come out of the log, so every member has the same leases. Deadlines are in no log: each member counts from
// where it applied the grant, and only those of the leader are acted upon.

import { EtcdError } from '../errors.ts';
import type { Key } from '../keys.ts';

// The largest TTL that is granted, in seconds.
const MAX_LEASE_TTL = 9_000_000_000;

/** What stands for no lease. */
export const NO_LEASE = 0n;

/** What the store tells the lessor when a put or delete moves a key. */
export interface LeaseAttachments {
  attach(lease: bigint, key: Key): void;
  detach(lease: bigint, key: Key): void;
}

export interface Lease {
  readonly id: bigint;
  /** Granted time to live, in seconds; never below the minimum. */
  readonly ttl: number;
  /** When it expires, in ms of the caller's clock. */
  readonly deadline: number;
  readonly keys: ReadonlySet<Key>;
}

interface MutableLease extends Lease {
  deadline: number;
  readonly keys: Set<Key>;
}

/** All leases of a member, and which keys hang on them. */
export class Lessor implements LeaseAttachments {
  readonly #leases = new Map<bigint, MutableLease>();
  readonly #minTtl: number;

  /** `minTtl`: seconds below which a TTL is raised. */
  constructor(minTtl: number) {
    this.#minTtl = minTtl;
  }

  /** Grants lease `id`, which is not 0, for `ttl` seconds from `now`. Errors: LeaseTTLTooLarge, then LeaseExist. */
  grant(input: { readonly id: bigint; readonly ttl: number; readonly now: number }): Lease {
    if (input.ttl > MAX_LEASE_TTL) throw new EtcdError('LeaseTTLTooLarge');
    if (this.#leases.has(input.id)) throw new EtcdError('LeaseExist');
    const ttl = Math.max(input.ttl, this.#minTtl);
    const lease: MutableLease = { id: input.id, ttl, deadline: input.now + ttl * 1000, keys: new Set() };
    this.#leases.set(lease.id, lease);
    return lease;
  }

  /** The lease `id`, to look at. Error: LeaseNotFound. */
  get(id: bigint): Lease {
    return this.#get(id);
  }

  /** Sets the deadline to `now` + TTL. Error: LeaseNotFound. */
  renew(id: bigint, now: number): Lease {
    const lease = this.#get(id);
    lease.deadline = now + lease.ttl * 1000;
    return lease;
  }

  /** Begins the time of every lease anew, from `now` on: a new leader does not know what the old one has renewed. */
  promote(now: number): void {
    for (const id of this.#leases.keys()) this.renew(id, now);
  }

  /** Forgets lease `id` and returns its keys, ascending: the caller deletes them. Error: LeaseNotFound. */
  revoke(id: bigint): Key[] {
    const { keys } = this.#get(id);
    this.#leases.delete(id);
    return [...keys].sort();
  }

  /** All leases, the one that expires first in front. */
  list(): Lease[] {
    return [...this.#leases.values()].sort((a, b) => a.deadline - b.deadline);
  }

  /** The lease must be there. */
  attach(lease: bigint, key: Key): void {
    this.#get(lease).keys.add(key);
  }

  /** A lease that is being revoked is gone already: then there is nothing to detach from. */
  detach(lease: bigint, key: Key): void {
    this.#leases.get(lease)?.keys.delete(key);
  }

  #get(id: bigint): MutableLease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    return lease;
  }
}
