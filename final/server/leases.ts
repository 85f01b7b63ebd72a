// Leases as clients see them: grant, revoke, renew, look. Mirrors the lease part of etcd's v3_server.go. Only the leader knows how
// long a lease lives; the other members ask it.

import type { LeaseCheckpointRequest, LeaseGrantRequest, LeaseRevokeRequest } from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import { keyToBytes } from '../core/keys.ts';
import type { Lease } from '../core/lease/lease.ts';
import type { Lessor } from '../core/lease/lessor.ts';
import { LEASE_CHECKPOINT_BATCH, LEASE_END_WAIT_MS, LEASE_EXPIRY_INTERVAL_MS } from '../limits.ts';
import type { Ports } from '../ports.ts';
import type { IdGenerator } from './id_generator.ts';
import type { LeaderCalls } from './leader_calls.ts';
import { LeaseExpiry } from './lease_expiry.ts';
import type { LeaseRole } from './lease_role.ts';

export interface LeaseKeeperOptions {
  readonly lessor: () => Lessor;
  readonly ids: IdGenerator;
  readonly ports: Ports;
  readonly role: LeaseRole;
  /** Asks the leader, from another member. */
  readonly leader: Pick<LeaderCalls, 'renewLease' | 'leaseTimes'>;
  /** Put the change through the log. */
  readonly grant: (request: LeaseGrantRequest) => Promise<Lease>;
  readonly revoke: (request: LeaseRevokeRequest) => Promise<void>;
  /** The same, for what only the leader decides: nothing is done when this member does not lead any more. */
  readonly expire: (request: LeaseRevokeRequest) => Promise<void>;
  readonly checkpoint: (request: LeaseCheckpointRequest) => Promise<void>;
  /** How long a renewal may wait for the end of a lease whose time is over, in ms. */
  readonly timeoutMs: number;
}

/** What TimeToLive tells of a lease; times in seconds. */
export interface LeaseTimes {
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: Uint8Array[];
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #expiry: LeaseExpiry;
  #isCheckpointing = false;
  #stopCheckpoints: (() => void) | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    const { lessor, ports, role, expire, timeoutMs } = options;
    this.#expiry = new LeaseExpiry({
      lessor,
      ports,
      isPrimary: () => role.isPrimary,
      revoke: (id) => expire({ ID: id }),
      timeoutMs,
    });
  }

  /** Begins to revoke leases that expire, and to write down how long others live yet. */
  start(): void {
    this.#expiry.start();
    const { clock, crash } = this.#options.ports;
    this.#stopCheckpoints = clock.every(LEASE_EXPIRY_INTERVAL_MS, () => void this.#writeCheckpoints().catch(crash));
  }

  stop(): void {
    this.#expiry.stop();
    this.#stopCheckpoints?.();
  }

  /** This member leads from now on. Every lease lives `extendMs` longer than what is left of it. */
  promote(extendMs: number): void {
    this.#options.lessor().promote(this.#options.ports.clock.now(), extendMs);
  }

  /** It does no longer. */
  demote(): void {
    this.#options.lessor().demote();
    this.#expiry.demote();
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

  /**
   * Begins the TTL of a lease anew; returns it in seconds, or 0 when there is no such lease. At once where that can be.
   * Errors: NoLeader, NotPrimary, Timeout, TimeoutWaitAppliedIndex, Stopped.
   */
  renew(id: bigint): number | Promise<number> {
    return this.#renewAtOnce(id) ?? this.#renew(id);
  }

  /**
   * The same for the leader, asked by another member: one that waits for the end of a lease holds up what is asked behind it, so
   * it is told Timeout soon, and asks again. Errors: NotPrimary, LeaseNotFound, Timeout, TimeoutWaitAppliedIndex, Stopped.
   */
  async renewHere(id: bigint): Promise<number> {
    if (!(await this.#leads(id))) throw new EtcdError('NotPrimary');
    await this.#options.role.caughtUp();
    return this.#renewCaughtUp(id, LEASE_END_WAIT_MS);
  }

  /**
   * The times of a lease, with its keys in order if asked for; TTL −1 when there is no such lease. Errors: NoLeader,
   * LeaderChanged, RequestTooLarge, Timeout, TimeoutWaitAppliedIndex, Stopped.
   */
  async timeToLive(id: bigint, withKeys: boolean): Promise<LeaseTimes> {
    const { role, leader } = this.#options;
    try {
      return role.isLeader ? await this.timeToLiveHere(id, withKeys) : await leader.leaseTimes(id, withKeys);
    } catch (error) {
      if (isKind(error, 'LeaseNotFound')) return { ttl: -1, grantedTtl: 0, keys: [] };
      if (isKind(error, 'NotPrimary')) throw new EtcdError('LeaderChanged');
      throw error;
    }
  }

  /** The same for the leader. Errors: NotPrimary, LeaseNotFound, TimeoutWaitAppliedIndex, Stopped. */
  async timeToLiveHere(id: bigint, withKeys: boolean): Promise<LeaseTimes> {
    const { role, lessor, ports } = this.#options;
    if (!role.isLeader) throw new EtcdError('NotPrimary');
    await role.caughtUp();
    if (lessor().get(id) === undefined && !(await this.#leads(id))) throw new EtcdError('NotPrimary');
    const lease = lessor().get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    if (!role.isPrimary) throw new EtcdError('NotPrimary');
    const keys = withKeys ? [...lease.keys].sort().map(keyToBytes) : [];
    // What is over by less than a second is 0 still: −1 would say that there is no such lease.
    const ttl = Math.trunc((lease.deadline - ports.clock.now()) / 1000) + 0;
    return { ttl, grantedTtl: lease.ttl, keys };
  }

  /** The IDs of all leases, the one that expires first in front; a member that does not lead knows no order. */
  list(): bigint[] {
    return this.#options
      .lessor()
      .list()
      .map((lease) => lease.id);
  }

  // Undefined when something has to be waited for.
  #renewAtOnce(id: bigint): number | undefined {
    const { role, lessor, ports } = this.#options;
    if (!role.mayAnswerAtOnce) return undefined;
    const now = ports.clock.now();
    const lease = lessor().get(id);
    if (lease === undefined || lease.deadline <= now || lessor().isCheckpointed(id)) return undefined;
    return lessor().renew(id, now).ttl;
  }

  async #renew(id: bigint): Promise<number> {
    const { role, leader } = this.#options;
    try {
      if (role.isLeader) {
        // A client that gets NotPrimary here goes to another member: this one does not know who leads.
        if (!(await this.#leads(id))) throw new EtcdError('NotPrimary');
        await role.caughtUp();
        const ttl = await this.#renewCaughtUp(id).catch(passing('NotPrimary'));
        if (ttl !== undefined) return ttl;
      }
      return await leader.renewLease(id);
    } catch (error) {
      if (isKind(error, 'LeaseNotFound')) return 0;
      throw error;
    }
  }

  // A lease that is not here may have been granted by another leader, of whom this one does not know yet: only by the word of a
  // quorum is there none. etcd says so at once.
  #leads(id: bigint): Promise<boolean> {
    const { role, lessor } = this.#options;
    return lessor().get(id) === undefined ? role.confirmLeadership() : role.ensureLeadership();
  }

  // `endWaitMs`: how long it waits for the end of a lease whose time is over; undefined = as long as a renewal may take.
  async #renewCaughtUp(id: bigint, endWaitMs?: number): Promise<number> {
    const { role, lessor, ports, checkpoint } = this.#options;
    const check = (): void => {
      if (!role.isPrimary) throw new EtcdError('NotPrimary');
      if (lessor().get(id) === undefined) throw new EtcdError('LeaseNotFound');
    };
    check();
    // The others are told before the client: a new leader must not give the lease less than is promised here.
    if (!this.#isOver(id) && lessor().isCheckpointed(id)) {
      await checkpoint({ checkpoints: [{ ID: id, remaining_TTL: 0 }] });
      check();
    }
    // Its end may be in the log already.
    if (this.#isOver(id)) return this.#expiry.ended(id, endWaitMs);
    return lessor().renew(id, ports.clock.now()).ttl;
  }

  #isOver(id: bigint): boolean {
    const { lessor, ports } = this.#options;
    const lease = lessor().get(id);
    return lease !== undefined && lease.deadline <= ports.clock.now();
  }

  async #writeCheckpoints(): Promise<void> {
    const { role, lessor, ports, checkpoint } = this.#options;
    if (this.#isCheckpointing) return;
    this.#isCheckpointing = true;
    try {
      while (role.isPrimary) {
        const due = lessor().dueCheckpoints(ports.clock.now(), LEASE_CHECKPOINT_BATCH);
        if (due.length === 0) break;
        await checkpoint({ checkpoints: due.map((one) => ({ ID: one.id, remaining_TTL: one.remainingTtl })) });
        if (due.length < LEASE_CHECKPOINT_BATCH) break;
      }
    } catch (error) {
      // What could not be written is due again an interval later.
      if (!(error instanceof EtcdError)) throw error;
    } finally {
      this.#isCheckpointing = false;
    }
  }
}

function isKind(error: unknown, kind: EtcdError['kind']): boolean {
  return error instanceof EtcdError && error.kind === kind;
}

// Makes undefined of an error of that kind.
function passing(kind: EtcdError['kind']): (error: unknown) => undefined {
  return (error) => {
    if (!isKind(error, kind)) throw error;
    return undefined;
  };
}
