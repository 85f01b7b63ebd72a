// Leases: a time to live that keys can hang on. Mirrors etcd's lease/lessor.go. Time comes in from outside as
// milliseconds of any steady clock; this file only compares it.

import { must } from '../assert.ts';
import { EtcdError } from '../errors.ts';
import type { Key } from '../keys.ts';

/** The largest TTL that is granted, in seconds. */
export const MAX_LEASE_TTL = 9_000_000_000;

/** What the store tells the lessor when a put or delete moves a key. */
export interface LeaseAttachments {
  /** The lease that `key` hangs on; 0 = none. */
  leaseOf(key: Key): bigint;
  attach(lease: bigint, key: Key): void;
  detach(lease: bigint, key: Key): void;
  /** Attaches at a start; a lease that is not there is passed over. */
  restore(lease: bigint, key: Key): void;
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

export class Lessor implements LeaseAttachments {
  readonly #leases = new Map<bigint, MutableLease>();
  readonly #leaseByKey = new Map<Key, bigint>();
  readonly #minTtl: number;

  /** `minTtl`: seconds below which a TTL is raised. */
  constructor(minTtl: number) {
    this.#minTtl = minTtl;
  }

  /**
   * Grants lease `id`, which is not 0, for `ttl` seconds from `now`. Errors: LeaseTTLTooLarge, then LeaseExist
   * (spec/rpc.md 8.1).
   */
  grant(input: { readonly id: bigint; readonly ttl: number; readonly now: number }): Lease {
    if (input.ttl > MAX_LEASE_TTL) throw new EtcdError('LeaseTTLTooLarge');
    if (this.#leases.has(input.id)) throw new EtcdError('LeaseExist');
    const ttl = Math.max(input.ttl, this.#minTtl);
    const lease: MutableLease = { id: input.id, ttl, deadline: input.now + ttl * 1000, keys: new Set() };
    this.#leases.set(lease.id, lease);
    return lease;
  }

  /** Takes over a lease from disk; its time begins anew. */
  recover(input: { readonly id: bigint; readonly ttl: number; readonly now: number }): void {
    const { id, ttl, now } = input;
    this.#leases.set(id, { id, ttl, deadline: now + ttl * 1000, keys: new Set() });
  }

  /** The lease `id`, or undefined. */
  get(id: bigint): Lease | undefined {
    return this.#leases.get(id);
  }

  /** Sets the deadline to `now` + TTL. Error: LeaseNotFound. */
  renew(id: bigint, now: number): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    lease.deadline = now + lease.ttl * 1000;
    return lease;
  }

  /** Begins the time of every lease anew, from `now` on. */
  extendAll(now: number): void {
    for (const lease of this.#leases.values()) lease.deadline = now + lease.ttl * 1000;
  }

  /** Forgets lease `id` and returns its keys, ascending: the caller deletes them. Error: LeaseNotFound. */
  revoke(id: bigint): Key[] {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    this.#leases.delete(id);
    for (const key of lease.keys) this.#leaseByKey.delete(key);
    return [...lease.keys].sort();
  }

  /** All leases, the one that expires first in front. */
  list(): Lease[] {
    return [...this.#leases.values()].sort((a, b) => a.deadline - b.deadline);
  }

  /** At most `limit` leases whose deadline is at or before `now`. */
  expired(now: number, limit: number): Lease[] {
    const found: Lease[] = [];
    for (const lease of this.#leases.values()) {
      if (lease.deadline > now) continue;
      found.push(lease);
      if (found.length === limit) break;
    }
    return found;
  }

  leaseOf(key: Key): bigint {
    return this.#leaseByKey.get(key) ?? 0n;
  }

  attach(lease: bigint, key: Key): void {
    must(this.#leases.get(lease), `lease ${lease} of a put key`).keys.add(key);
    this.#leaseByKey.set(key, lease);
  }

  restore(lease: bigint, key: Key): void {
    if (this.#leases.has(lease)) this.attach(lease, key);
  }

  /** A lease that is being revoked is gone already: then there is nothing to detach from. */
  detach(lease: bigint, key: Key): void {
    this.#leases.get(lease)?.keys.delete(key);
    this.#leaseByKey.delete(key);
  }
}
