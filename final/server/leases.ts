// Leases as clients see them: grant, revoke, renew, look; and their expiry. Mirrors the lease part of etcd's v3_server.go
// and the loop of lease/lessor.go.

import { EtcdError } from '../core/errors.ts';
import { keyToBytes } from '../core/keys.ts';
import type { Lease, Lessor } from '../core/lease/lessor.ts';
import type { StoreWriter } from '../core/mvcc/kvstore_txn.ts';
import { LEASE_EXPIRY_INTERVAL_MS, LEASES_REVOKED_PER_LOOK } from '../limits.ts';
import type { Ports } from '../ports.ts';
import type { IdGenerator } from './id_generator.ts';
import type { Proposal } from './propose.ts';

export interface LeaseKeeperOptions {
  readonly lessor: Lessor;
  readonly ids: IdGenerator;
  readonly ports: Ports;
  readonly propose: <T>(proposal: Proposal, apply: () => T) => T;
  readonly write: <T>(run: (writer: StoreWriter) => T) => T;
}

/** What TimeToLive tells of a lease; times in seconds. */
export interface LeaseTimes {
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: Uint8Array[];
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
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

  /** Grants a lease of `ttl` seconds; ID 0 lets the server choose. Errors: LeaseTTLTooLarge, LeaseExist. */
  grant(request: { readonly ID: bigint; readonly TTL: number }): Lease {
    // Chosen IDs are positive as int64.
    const id = request.ID === 0n ? BigInt.asUintN(63, this.#options.ids.next()) : request.ID;
    const lease_grant = { ID: id, TTL: request.TTL };
    return this.#options.propose({ lease_grant }, () =>
      this.#options.lessor.grant({ id, ttl: request.TTL, now: this.#options.ports.clock.now() }),
    );
  }

  /** Ends a lease and deletes its keys in one revision. Error: LeaseNotFound. */
  revoke(id: bigint): void {
    this.#options.propose({ lease_revoke: { ID: id } }, () => {
      const keys = this.#options.lessor.revoke(id);
      this.#options.write((writer) => {
        for (const key of keys) writer.deleteRange({ kind: 'single', key });
      });
    });
  }

  /** Begins the TTL of a lease anew; returns it in seconds, or 0 when there is no such lease. */
  renew(id: bigint): number {
    try {
      return this.#options.lessor.renew(id, this.#options.ports.clock.now()).ttl;
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'LeaseNotFound') return 0;
      throw error;
    }
  }

  /** The times of a lease, with its keys in order if asked for; TTL −1 when there is no such lease. */
  timeToLive(id: bigint, withKeys: boolean): LeaseTimes {
    const lease = this.#options.lessor.get(id);
    if (lease === undefined) return { ttl: -1, grantedTtl: 0, keys: [] };
    const remainingMs = lease.deadline - this.#options.ports.clock.now();
    const keys = withKeys ? [...lease.keys].sort().map(keyToBytes) : [];
    return { ttl: Math.floor(remainingMs / 1000), grantedTtl: lease.ttl, keys };
  }

  /** The IDs of all leases, the one that expires first in front. */
  list(): bigint[] {
    return this.#options.lessor.list().map((lease) => lease.id);
  }

  #revokeExpired(): void {
    const now = this.#options.ports.clock.now();
    for (const lease of this.#options.lessor.expired(now, LEASES_REVOKED_PER_LOOK)) this.revoke(lease.id);
  }
}
