// Ends leases whose time is over: looks for them, and has each revoked through the log, so many at a time. Only the primary member
// does. Mirrors the loop of etcd's lease/lessor.go and revokeExpiredLeases of etcdserver/server.go (spec/rpc.md 8.3).

import { EtcdError, type ErrorKind } from '../core/errors.ts';
import type { Lease } from '../core/lease/lease.ts';
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
  /** Another one of the same ID is not waited for: its end has come. */
  readonly lease: Lease;
  readonly deadline: number;
  readonly reject: (error: EtcdError) => void;
  readonly stopTimer: () => void;
}

export class LeaseExpiry {
  readonly #options: LeaseExpiryOptions;
  // Found and not yet proposed; a lease may be found again while it is in here, or on its way.
  readonly #queue = new Set<bigint>();
  // Of this time as the leader only: what was proposed in an earlier one may never come to an end.
  #inFlight = new Set<bigint>();
  readonly #waiting = new Map<bigint, Set<Waiting>>();
  #isStopped = false;
  #stopLooking: (() => void) | undefined;

  constructor(options: LeaseExpiryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopLooking = this.#options.ports.clock.every(LEASE_EXPIRY_INTERVAL_MS, () => this.#look());
  }

  /** Ends those who wait with Stopped, and those who come later. */
  stop(): void {
    this.#isStopped = true;
    this.#stopLooking?.();
    this.#queue.clear();
    this.#settleAll('Stopped');
  }

  /** Somebody else leads: nothing ends here any more. */
  demote(): void {
    this.#queue.clear();
    this.#inFlight = new Set();
    this.#settleAll('NotPrimary');
  }

  /**
   * Waits for the end of a lease whose time is over. Always rejects: with LeaseNotFound when it is gone, NotPrimary, Timeout or
   * Stopped. Timeout comes to the next look after the time that somebody waits, or to `limitMs` milliseconds when they are given.
   */
  ended(id: bigint, limitMs?: number): Promise<never> {
    const { lessor, ports, timeoutMs } = this.#options;
    const lease = lessor().get(id);
    if (this.#isStopped) return Promise.reject(new EtcdError('Stopped'));
    if (lease === undefined) return Promise.reject(new EtcdError('LeaseNotFound'));
    const { clock } = ports;
    const deadline = clock.now() + (limitMs ?? timeoutMs);
    return new Promise((_, reject) => {
      const waiting: Waiting = { lease, deadline, reject, stopTimer: () => stopTimer?.() };
      const stopTimer =
        limitMs === undefined ? undefined : clock.every(limitMs, () => this.#tell(id, waiting, 'Timeout'));
      this.#add(id, waiting);
    });
  }

  #add(id: bigint, waiting: Waiting): void {
    const others = this.#waiting.get(id);
    if (others === undefined) this.#waiting.set(id, new Set([waiting]));
    else others.add(waiting);
  }

  #tell(id: bigint, waiting: Waiting, kind: ErrorKind): void {
    const all = this.#waiting.get(id);
    all?.delete(waiting);
    if (all?.size === 0) this.#waiting.delete(id);
    waiting.stopTimer();
    waiting.reject(new EtcdError(kind));
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
    this.#settleAll();
  }

  #revokeNext(): void {
    const inFlight = this.#inFlight;
    for (const id of this.#queue) {
      if (inFlight.size >= LEASE_REVOKES_IN_FLIGHT) return;
      this.#queue.delete(id);
      // Its owner may have revoked it meanwhile, and granted another of the same ID.
      if (!this.#isOver(id)) continue;
      inFlight.add(id);
      this.#options.revoke(id).then(
        () => this.#onEnd(id, inFlight),
        (error: unknown) => {
          if (!(error instanceof EtcdError)) this.#options.ports.crash(error);
          if (error.kind !== 'LeaseNotFound' && error.kind !== 'Stopped') this.#warn(id, error);
          this.#onEnd(id, inFlight);
        },
      );
    }
  }

  #isOver(id: bigint): boolean {
    const lease = this.#options.lessor().get(id);
    return lease !== undefined && lease.deadline <= this.#options.ports.clock.now();
  }

  #onEnd(id: bigint, inFlight: Set<bigint>): void {
    inFlight.delete(id);
    this.#settle(id);
    this.#revokeNext();
  }

  // A later look finds it again.
  #warn(id: bigint, error: EtcdError): void {
    const leaseId = BigInt.asUintN(64, id).toString(16).padStart(16, '0');
    const log = this.#options.ports.log.at('etcdserver/server.ts');
    log.warn('failed to revoke lease', { 'lease-id': leaseId, error: error.message });
  }

  #settleAll(why?: ErrorKind): void {
    for (const id of this.#waiting.keys()) this.#settle(id, why);
  }

  // Tells those who have waited long enough for the end of this lease, or all of them why they wait in vain.
  #settle(id: bigint, why?: ErrorKind): void {
    const all = this.#waiting.get(id);
    if (all === undefined) return;
    const { lessor, ports } = this.#options;
    const lease = lessor().get(id);
    const now = ports.clock.now();
    for (const waiting of all) {
      const isGone = lease !== waiting.lease;
      const kind = isGone ? 'LeaseNotFound' : (why ?? (now >= waiting.deadline ? 'Timeout' : undefined));
      if (kind !== undefined) this.#tell(id, waiting, kind);
    }
  }
}
