// Leases as clients see them: grant, revoke, renew, look; and their expiry. Mirrors the lease part of etcd's v3_server.go
// and the loop of lease/lessor.go.

import type {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
} from '../../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import { keyToBytes } from '../core/keys.ts';
import type { Lessor } from '../core/lease/lessor.ts';
import type { IdGenerator } from './id_generator.ts';
import type { LeaderCalls } from './leader_calls.ts';

// How often the leader looks for leases that have expired: one lives at most this much longer than its TTL.
const EXPIRY_INTERVAL_MS = 500;
// Most leases that are revoked in one look, so that a mass expiry does not stop the server.
const REVOKED_PER_LOOK = 500;

export interface LeaseKeeperOptions {
  readonly lessor: Lessor;
  readonly ids: IdGenerator;
  /** Only the leader knows when a lease ends, and only once `promote` was called for its term: it renews, and it revokes. */
  readonly isPrimary: () => boolean;
  /** Asks the leader, from another member. */
  readonly leader: LeaderCalls;
  /** Put the change through the log. */
  readonly grant: (request: LeaseGrantRequest) => Promise<LeaseGrantResponse>;
  readonly revoke: (request: LeaseRevokeRequest) => Promise<LeaseRevokeResponse>;
}

/** What TimeToLive tells of a lease; times in seconds. */
export interface LeaseTimes {
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: Uint8Array[];
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  // Leases whose end is in the log and not applied yet, each with its being applied.
  readonly #revoking = new Map<bigint, Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Begins to revoke leases that expire. */
  start(): void {
    this.#timer = setInterval(() => this.#revokeExpired(), EXPIRY_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Grants a lease of `TTL` seconds; ID 0 lets the server choose. Errors: LeaseTTLTooLarge, LeaseExist. */
  grant(request: LeaseGrantRequest): Promise<LeaseGrantResponse> {
    // Chosen IDs are positive as int64.
    const ID = request.ID === 0n ? BigInt.asUintN(63, this.#options.ids.next()) : request.ID;
    return this.#options.grant({ ID, TTL: request.TTL });
  }

  /** Ends a lease and deletes its keys in one revision. Error: LeaseNotFound. */
  revoke(id: bigint): Promise<LeaseRevokeResponse> {
    return this.#options.revoke({ ID: id });
  }

  /** Begins the TTL of a lease anew; returns it in seconds, or 0 when there is no such lease. Errors: NoLeader, Timeout. */
  async renew(id: bigint): Promise<number> {
    const { isPrimary, leader } = this.#options;
    const ttl = await unlessGone(() => (isPrimary() ? this.renewHere(id) : leader.renewLease(id)));
    return ttl ?? 0;
  }

  /** The same here, on the member that leads. Errors: NotPrimary, LeaseNotFound. */
  async renewHere(id: bigint): Promise<number> {
    // Nobody is told of a renewal that the end of the lease overtakes.
    await this.#revoking.get(id);
    if (!this.#options.isPrimary()) throw new EtcdError('NotPrimary');
    return this.#options.lessor.renew(id, performance.now()).ttl;
  }

  /** The times of a lease, with its keys in order if asked for; TTL −1 when there is no such lease. Errors: NoLeader, Timeout. */
  async timeToLive(id: bigint, withKeys: boolean): Promise<LeaseTimes> {
    const { isPrimary, leader } = this.#options;
    const times = await unlessGone(() =>
      isPrimary() ? this.timeToLiveHere(id, withKeys) : leader.leaseTimes(id, withKeys),
    );
    return times ?? { ttl: -1, grantedTtl: 0, keys: [] };
  }

  /** The same here, on the member that leads. Errors: NotPrimary, LeaseNotFound. */
  timeToLiveHere(id: bigint, withKeys: boolean): LeaseTimes {
    if (!this.#options.isPrimary()) throw new EtcdError('NotPrimary');
    const lease = this.#options.lessor.get(id);
    const remainingMs = lease.deadline - performance.now();
    const keys = withKeys ? [...lease.keys].sort().map(keyToBytes) : [];
    return { ttl: Math.floor(remainingMs / 1000), grantedTtl: lease.ttl, keys };
  }

  /** This member leads from now on. The old leader may have renewed leases for up to `extendMs` yet. */
  promote(extendMs: number): void {
    this.#options.lessor.promote(performance.now() + extendMs);
  }

  /** The IDs of all leases, the one that expires first in front. */
  list(): bigint[] {
    return this.#options.lessor.list().map((lease) => lease.id);
  }

  // The end of a lease is an entry of the log: no member ends one by its own clock.
  #revokeExpired(): void {
    const { lessor, isPrimary } = this.#options;
    if (!isPrimary()) return;
    const now = performance.now();
    const expired = lessor.list().filter(({ id, deadline }) => deadline <= now && !this.#revoking.has(id));
    for (const { id } of expired.slice(0, REVOKED_PER_LOOK)) {
      // A client may be faster, or the leader may be lost: the next look tries what is left. Another error ends the process.
      const end = this.revoke(id)
        .catch((error: unknown) => {
          if (!(error instanceof EtcdError)) throw error;
        })
        .finally(() => this.#revoking.delete(id));
      this.#revoking.set(id, end);
    }
  }
}

// Undefined when there is no such lease: that is an answer, not an error.
async function unlessGone<T>(ask: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof EtcdError && error.kind === 'LeaseNotFound') return undefined;
    throw error;
  }
}
