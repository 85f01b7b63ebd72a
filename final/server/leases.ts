// Leases as clients see them: grant, revoke, renew, look; and their expiry. Mirrors the lease part of etcd's v3_server.go
// and the loop of lease/lessor.go.

import type { LeaseGrantRequest, LeaseRevokeRequest } from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import { keyToBytes } from '../core/keys.ts';
import type { Lease, Lessor } from '../core/lease/lessor.ts';
import { LEASE_EXPIRY_INTERVAL_MS, LEASES_REVOKED_PER_LOOK } from '../limits.ts';
import type { Ports } from '../ports.ts';
import type { IdGenerator } from './id_generator.ts';
import type { LeaderCalls } from './leader_calls.ts';

export interface LeaseKeeperOptions {
  readonly lessor: () => Lessor;
  readonly ids: IdGenerator;
  readonly ports: Ports;
  /** Only the leader knows when a lease ends, and only once `promote` was called for its term: before, it does not know what
   * was renewed with the leader in front of it. It renews, and it revokes what has expired. */
  readonly isPrimary: () => boolean;
  /** Asks the leader, from another member. */
  readonly leader: Pick<LeaderCalls, 'renewLease' | 'leaseTimes'>;
  /** Put the change through the log. */
  readonly grant: (request: LeaseGrantRequest) => Promise<Lease>;
  readonly revoke: (request: LeaseRevokeRequest) => Promise<void>;
}

/** What TimeToLive tells of a lease; times in seconds. */
export interface LeaseTimes {
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: Uint8Array[];
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  // Leases whose end is in the log and not applied yet.
  readonly #revoking = new Set<bigint>();
  #stopLooking: (() => void) | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Begins to revoke leases that expire. */
  start(): void {
    this.#stopLooking = this.#options.ports.clock.every(LEASE_EXPIRY_INTERVAL_MS, () => this.#revokeExpired());
  }

  stop(): void {
    this.#stopLooking?.();
  }

  /** Grants a lease of `TTL` seconds; ID 0 lets the server choose. Errors: LeaseTTLTooLarge, LeaseExist. */
  grant(request: LeaseGrantRequest): Promise<Lease> {
    // Chosen IDs are positive as int64.
    const ID = request.ID === 0n ? BigInt.asUintN(63, this.#options.ids.next()) : request.ID;
    return this.#options.grant({ ID, TTL: request.TTL });
  }

  /** Ends a lease and deletes its keys in one revision. Error: LeaseNotFound. */
  revoke(id: bigint): Promise<void> {
    return this.#options.revoke({ ID: id });
  }

  /** Begins the TTL of a lease anew; returns it in seconds, or 0 when there is no such lease. Errors: NoLeader, Timeout. */
  async renew(id: bigint): Promise<number> {
    try {
      return this.#options.isPrimary() ? this.renewHere(id) : await this.#options.leader.renewLease(id);
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'LeaseNotFound') return 0;
      throw error;
    }
  }

  /** The same for the leader. Errors: NotPrimary, LeaseNotFound. */
  renewHere(id: bigint): number {
    if (!this.#options.isPrimary()) throw new EtcdError('NotPrimary');
    return this.#options.lessor().renew(id, this.#options.ports.clock.now()).ttl;
  }

  /** The times of a lease, with its keys in order if asked for; TTL −1 when there is no such lease. Errors: NoLeader, Timeout. */
  async timeToLive(id: bigint, withKeys: boolean): Promise<LeaseTimes> {
    try {
      return this.#options.isPrimary()
        ? this.timeToLiveHere(id, withKeys)
        : await this.#options.leader.leaseTimes(id, withKeys);
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'LeaseNotFound') return { ttl: -1, grantedTtl: 0, keys: [] };
      throw error;
    }
  }

  /** The same for the leader. Errors: NotPrimary, LeaseNotFound. */
  timeToLiveHere(id: bigint, withKeys: boolean): LeaseTimes {
    if (!this.#options.isPrimary()) throw new EtcdError('NotPrimary');
    const lease = this.#options.lessor().get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    const remainingMs = lease.deadline - this.#options.ports.clock.now();
    const keys = withKeys ? [...lease.keys].sort().map(keyToBytes) : [];
    return { ttl: Math.floor(remainingMs / 1000), grantedTtl: lease.ttl, keys };
  }

  /** A new leader does not know what was renewed with the old one: every lease gets its whole time, and `extendMs` more. */
  promote(extendMs: number): void {
    this.#options.lessor().extendAll(this.#options.ports.clock.now() + extendMs);
  }

  /** The IDs of all leases, the one that expires first in front. */
  list(): bigint[] {
    return this.#options
      .lessor()
      .list()
      .map((lease) => lease.id);
  }

  #revokeExpired(): void {
    if (!this.#options.isPrimary()) return;
    const now = this.#options.ports.clock.now();
    for (const { id } of this.#options.lessor().expired(now, LEASES_REVOKED_PER_LOOK)) {
      if (this.#revoking.has(id)) continue;
      this.#revoking.add(id);
      this.revoke(id).then(
        () => this.#revoking.delete(id),
        (error: unknown) => {
          this.#revoking.delete(id);
          // A client was faster, or it cannot be done now: the next look tries again.
          if (!(error instanceof EtcdError)) this.#options.ports.crash(error);
        },
      );
    }
  }
}
