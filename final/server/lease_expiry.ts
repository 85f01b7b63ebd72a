// Ends leases whose time is over: looks for them, and has each revoked through the log, so many at a time. Only the primary member
// does. Mirrors the loop of etcd's lease/lessor.go and revokeExpiredLeases of etcdserver/server.go (spec/rpc.md 8.3).

import { EtcdError, type ErrorKind } from '../core/errors.ts';
import type { Lessor } from '../core/lease/lessor.ts';
import { LEASE_EXPIRY_INTERVAL_MS, LEASE_REVOKES_IN_FLIGHT, LEASES_REVOKED_PER_LOOK } from '../limits.ts';
import type { Ports } from '../ports.ts';

export interface LeaseExpiryOptions {
  readonly lessor: () => Lessor;
  readonly ports: Ports;
  readonly isPrimary: () => boolean;
  /** Puts the end of a lease through the log, unless this member no longer leads then. */
  readonly revoke: (id: bigint) => Promise<void>;
  /** How long somebody waits for the end of a lease, in ms. */
  readonly timeoutMs: number;
}

interface Waiting {
  readonly id: bigint;
  readonly deadline: number;
  readonly reject: (error: EtcdError) => void;
}

export class LeaseExpiry {
  readonly #options: LeaseExpiryOptions;
  // Found and not yet proposed; a lease may be found again while it is in here, or on its way.
  readonly #queue = new Set<bigint>();
  readonly #inFlight = new Set<bigint>();
  #waiting: Waiting[] = [];
  #stopLooking: (() => void) | undefined;

  constructor(options: LeaseExpiryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopLooking = this.#options.ports.clock.every(LEASE_EXPIRY_INTERVAL_MS, () => this.#look());
  }

  /** Ends those who wait with Stopped. */
  stop(): void {
    this.#stopLooking?.();
    this.#queue.clear();
    this.#settle('Stopped');
  }

  /** Somebody else leads: nothing ends here any more. */
  demote(): void {
    this.#queue.clear();
    this.#settle('NotPrimary');
  }

  /**
   * Waits for the end of a lease whose time is over. Always rejects: with LeaseNotFound when it is gone, NotPrimary, Timeout or
   * Stopped.
   */
  ended(id: bigint): Promise<never> {
    const deadline = this.#options.ports.clock.now() + this.#options.timeoutMs;
    return new Promise((_, reject) => void this.#waiting.push({ id, deadline, reject }));
  }

  #look(): void {
    const { lessor, ports, isPrimary } = this.#options;
    if (isPrimary()) {
      const room = LEASES_REVOKED_PER_LOOK - this.#queue.size;
      for (const { id } of lessor().expired(ports.clock.now(), room)) {
        if (!this.#inFlight.has(id)) this.#queue.add(id);
      }
      this.#revokeNext();
    }
    this.#settle();
  }

  #revokeNext(): void {
    for (const id of this.#queue) {
      if (this.#inFlight.size >= LEASE_REVOKES_IN_FLIGHT) return;
      this.#queue.delete(id);
      this.#inFlight.add(id);
      this.#options.revoke(id).then(
        () => this.#onEnd(id),
        (error: unknown) => {
          if (!(error instanceof EtcdError)) this.#options.ports.crash(error);
          if (error.kind !== 'LeaseNotFound' && error.kind !== 'Stopped') this.#warn(id, error);
          this.#onEnd(id);
        },
      );
    }
  }

  #onEnd(id: bigint): void {
    this.#inFlight.delete(id);
    this.#settle();
    this.#revokeNext();
  }

  // A later look finds it again.
  #warn(id: bigint, error: EtcdError): void {
    const leaseId = BigInt.asUintN(64, id).toString(16).padStart(16, '0');
    const log = this.#options.ports.log.at('etcdserver/server.ts');
    log.warn('failed to revoke lease', { 'lease-id': leaseId, error: error.message });
  }

  // Tells those who have waited long enough, or all of them why they wait in vain.
  #settle(why?: ErrorKind): void {
    if (this.#waiting.length === 0) return;
    const { lessor, ports } = this.#options;
    const now = ports.clock.now();
    const rest: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const isGone = lessor().get(waiting.id) === undefined;
      const kind = isGone ? 'LeaseNotFound' : (why ?? (now >= waiting.deadline ? 'Timeout' : undefined));
      if (kind === undefined) rest.push(waiting);
      else waiting.reject(new EtcdError(kind));
    }
    this.#waiting = rest;
  }
}
