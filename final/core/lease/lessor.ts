// Leases: a time to live that keys can hang on. Mirrors etcd's lease/lessor.go. Time comes in from outside as
// milliseconds of any steady clock; this file only compares it.
//
// Every member knows all leases and their keys; only the primary one, the leader, knows when they end. What it renewed is nowhere
// else, so a new leader gives every lease its whole time again, or what was left of it at its last checkpoint.

import { assert, must } from '../assert.ts';
import { EtcdError } from '../errors.ts';
import type { Key } from '../keys.ts';
import { type Lease, type MutableLease, newLease } from './lease.ts';
import { LeaseQueue } from './lease_queue.ts';
import { spreadDeadlines } from './spread.ts';

/** The largest TTL that is granted, in seconds. */
export const MAX_LEASE_TTL = 9_000_000_000;

// So many leases may begin anew together; of more than that, at most so many may end within a second (spec/rpc.md 8.6).
const SPREAD_FROM = 1000;
const EXPIRIES_PER_SECOND = 750;

/** After this, in ms, a lease is handed out again whose end has not come. */
const REVOKE_RETRY_MS = 3_000;

/** What the store tells the lessor when a put or delete moves a key. */
export interface LeaseAttachments {
  /** The lease that `key` hangs on; 0 = none. */
  leaseOf(key: Key): bigint;
  attach(lease: bigint, key: Key): void;
  detach(lease: bigint, key: Key): void;
  /** Attaches at a start; a lease that is not there is passed over. */
  restore(lease: bigint, key: Key): void;
}

/** What is left of a lease, in seconds. */
export interface LeaseCheckpoint {
  readonly id: bigint;
  readonly remainingTtl: number;
}

export interface LessorOptions {
  /** Seconds below which a TTL is raised. */
  readonly minTtl: number;
  /** How often the remaining time of a lease is written down, in ms; undefined = never. */
  readonly checkpointIntervalMs?: number | undefined;
}

export class Lessor implements LeaseAttachments {
  readonly #options: LessorOptions;
  readonly #leases = new Map<bigint, MutableLease>();
  readonly #leaseByKey = new Map<Key, bigint>();
  // Both hold leases of the primary member only.
  readonly #expiries = new LeaseQueue<MutableLease>();
  readonly #checkpoints = new LeaseQueue<MutableLease>();
  #isPrimary = false;

  constructor(options: LessorOptions) {
    this.#options = options;
  }

  /** Whether this member decides when leases end. */
  get isPrimary(): boolean {
    return this.#isPrimary;
  }

  /**
   * Grants lease `id`, which is not 0, for `ttl` seconds from `now`. Errors: LeaseTTLTooLarge, then LeaseExist
   * (spec/rpc.md 8.1).
   */
  grant(input: { readonly id: bigint; readonly ttl: number; readonly now: number }): Lease {
    if (input.ttl > MAX_LEASE_TTL) throw new EtcdError('LeaseTTLTooLarge');
    if (this.#leases.has(input.id)) throw new EtcdError('LeaseExist');
    const lease = newLease(input.id, Math.max(input.ttl, this.#options.minTtl), 0);
    this.#leases.set(lease.id, lease);
    if (this.#isPrimary) this.#begin(lease, input.now + lease.ttl * 1000, input.now);
    return lease;
  }

  /** Takes over a lease from disk. `remainingTtl` in seconds; 0 = it was not checkpointed. */
  recover(input: { readonly id: bigint; readonly ttl: number; readonly remainingTtl: number }): void {
    const ttl = Math.max(input.ttl, this.#options.minTtl);
    this.#leases.set(input.id, newLease(input.id, ttl, input.remainingTtl));
  }

  /** The lease `id`, or undefined. */
  get(id: bigint): Lease | undefined {
    return this.#leases.get(id);
  }

  /** All leases, the one that expires first in front. */
  list(): Lease[] {
    return [...this.#leases.values()].sort(byDeadline);
  }

  /** Sets the deadline to `now` + TTL, on the primary member. Error: LeaseNotFound. */
  renew(id: bigint, now: number): Lease {
    assert(this.#isPrimary, 'a renewal by a member that is not primary');
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    lease.deadline = now + lease.ttl * 1000;
    const entry = must(lease.expiry, `the end of lease ${id}`);
    // Later is the rule, and is noticed when its turn comes; earlier is a lease that was given more than its TTL.
    if (lease.deadline < entry.time) this.#expiries.move(entry, lease.deadline);
    return lease;
  }

  /** Forgets lease `id` and returns its keys, ascending: the caller deletes them. Error: LeaseNotFound. */
  revoke(id: bigint): Key[] {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    this.#leases.delete(id);
    if (lease.expiry !== undefined) this.#expiries.remove(lease.expiry);
    if (lease.checkpoint !== undefined) this.#checkpoints.remove(lease.checkpoint);
    for (const key of lease.keys) this.#leaseByKey.delete(key);
    return [...lease.keys].sort();
  }

  /**
   * This member is the leader from now on: every lease lives what is left of it, and `extendMs` more, in which it could not
   * be renewed. Very many leases are kept from ending all together (spec/rpc.md 8.6).
   */
  promote(now: number, extendMs: number): void {
    this.demote();
    this.#isPrimary = true;
    const leases = [...this.#leases.values()];
    leases.sort((a, b) => whatIsLeft(a) - whatIsLeft(b));
    const deadlines = leases.map((lease) => now + extendMs + whatIsLeft(lease) * 1000);
    const spread = leases.length < SPREAD_FROM ? deadlines : spreadDeadlines(deadlines, EXPIRIES_PER_SECOND);
    for (const [i, lease] of leases.entries()) this.#begin(lease, spread[i] as number, now);
  }

  /** Somebody else leads: no lease ends here any more. */
  demote(): void {
    if (!this.#isPrimary) return;
    this.#isPrimary = false;
    this.#expiries.clear();
    this.#checkpoints.clear();
    for (const lease of this.#leases.values()) {
      lease.deadline = Number.POSITIVE_INFINITY;
      lease.expiry = undefined;
      lease.checkpoint = undefined;
      lease.isBeingCheckpointed = false;
    }
  }

  /** At most `limit` leases whose deadline is at or before `now`. Each is due again a while later, unless it is revoked. */
  expired(now: number, limit: number): Lease[] {
    const found: Lease[] = [];
    while (found.length < limit) {
      const entry = this.#expiries.peek();
      if (entry === undefined || entry.time > now) break;
      const lease = entry.item;
      const isOver = lease.deadline <= now;
      if (isOver) found.push(lease);
      this.#expiries.move(entry, isOver ? now + REVOKE_RETRY_MS : lease.deadline);
    }
    return found;
  }

  /** At most `limit` leases whose remaining times are to be written down now. */
  dueCheckpoints(now: number, limit: number): LeaseCheckpoint[] {
    const due: LeaseCheckpoint[] = [];
    while (due.length < limit) {
      const entry = this.#checkpoints.peek();
      if (entry === undefined || entry.time > now) break;
      const lease = entry.item;
      // The next is due from now on, not from when it is written: it may never be.
      this.#checkpoints.move(entry, now + must(this.#options.checkpointIntervalMs, 'an interval'));
      const left = secondsLeft(lease, now);
      const remainingTtl = left >= lease.ttl ? 0 : left;
      // One that ends needs no time, and what the others know already need not be said.
      if (left <= 0 || remainingTtl === lease.remainingTtl) continue;
      lease.isBeingCheckpointed = true;
      due.push({ id: lease.id, remainingTtl });
    }
    return due;
  }

  /** Whether a renewal has to be told to the others, who would give the lease less than its TTL. */
  isCheckpointed(id: bigint): boolean {
    const lease = this.#leases.get(id);
    return lease !== undefined && (lease.remainingTtl > 0 || lease.isBeingCheckpointed);
  }

  /** Notes what is left of a lease, in seconds; 0 = the whole TTL. Returns the lease, or undefined when there is none. */
  checkpoint({ id, remainingTtl }: LeaseCheckpoint, now: number): Lease | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined) return undefined;
    lease.remainingTtl = remainingTtl;
    lease.isBeingCheckpointed = false;
    if (lease.checkpoint !== undefined) this.#checkpoints.remove(lease.checkpoint);
    // Renewed while this was on its way: it is to be corrected at once.
    const isOutdated = this.#isPrimary && remainingTtl > 0 && remainingTtl < secondsLeft(lease, now);
    this.#scheduleCheckpoint(lease, { now, isUrgent: isOutdated });
    return lease;
  }

  leaseOf(key: Key): bigint {
    return this.#leaseByKey.get(key) ?? 0n;
  }

  attach(lease: bigint, key: Key): void {
    const found = must(this.#leases.get(lease), `lease ${lease} of a put key`);
    if (found.keys.size === 0) found.keys = new Set();
    (found.keys as Set<Key>).add(key);
    this.#leaseByKey.set(key, lease);
  }

  restore(lease: bigint, key: Key): void {
    if (this.#leases.has(lease)) this.attach(lease, key);
  }

  /** A lease that is being revoked is gone already: then there is nothing to detach from. */
  detach(lease: bigint, key: Key): void {
    const found = this.#leases.get(lease);
    if (found !== undefined && found.keys.size > 0) (found.keys as Set<Key>).delete(key);
    this.#leaseByKey.delete(key);
  }

  // The time of a lease begins, on the primary member.
  #begin(lease: MutableLease, deadline: number, now: number): void {
    lease.deadline = deadline;
    lease.expiry = this.#expiries.add(lease, deadline);
    this.#scheduleCheckpoint(lease, { now, isUrgent: false });
  }

  // What ends within an interval is over before the next look.
  #scheduleCheckpoint(lease: MutableLease, when: { readonly now: number; readonly isUrgent: boolean }): void {
    const { checkpointIntervalMs: interval } = this.#options;
    lease.checkpoint = undefined;
    if (interval === undefined || !this.#isPrimary) return;
    if (when.isUrgent) lease.checkpoint = this.#checkpoints.add(lease, when.now);
    else if (whatIsLeft(lease) * 1000 > interval) lease.checkpoint = this.#checkpoints.add(lease, when.now + interval);
  }
}

// With which a new leader begins, in seconds.
function whatIsLeft({ remainingTtl, ttl }: Lease): number {
  return remainingTtl > 0 ? remainingTtl : ttl;
}

function secondsLeft({ deadline }: Lease, now: number): number {
  return Math.ceil((deadline - now) / 1000);
}

function byDeadline(a: Lease, b: Lease): number {
  return a.deadline === b.deadline ? 0 : a.deadline - b.deadline;
}
