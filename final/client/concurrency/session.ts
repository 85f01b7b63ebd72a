// A lease that lives as long as its process: what is made with it is gone soon after a crash. Mirrors etcd's
// concurrency.Session.

import { timeLimit } from '../abort.ts';
import type { Holder, KeyStore, LeaseStore, WaitOptions } from './store.ts';

/** Seconds that a session outlives its process, unless said otherwise. */
const defaultTtl = 60;

export interface SessionOptions extends WaitOptions {
  readonly store: KeyStore & LeaseStore;
  /** Seconds; also the longest that {@link Session.close} waits. */
  readonly ttl?: number;
  /** A lease to use instead of a new one. */
  readonly lease?: bigint;
}

export class Session implements Holder {
  readonly store: KeyStore & LeaseStore;
  readonly lease: bigint;
  /** Aborted when nobody renews the lease any longer: it was lost, or given up. */
  readonly done: AbortSignal;
  readonly #ttl: number;
  readonly #ended = new AbortController();

  private constructor({ store, ttl }: { store: KeyStore & LeaseStore; ttl: number }, lease: bigint) {
    this.store = store;
    this.lease = lease;
    this.#ttl = ttl;
    this.done = this.#ended.signal;
  }

  /**
   * Grants a lease if none is given, and keeps it alive. The signal ends the session too.
   *
   * @throws what the store throws
   */
  static async open({ store, ttl = defaultTtl, lease, signal }: SessionOptions): Promise<Session> {
    const id = lease ?? (await store.leaseGrant(ttl, { signal })).ID;
    const session = new Session({ store, ttl }, id);
    void session.#keepAlive(signal);
    return session;
  }

  /** Stops renewing the lease; it lives on for its time. */
  orphan(): void {
    this.#ended.abort();
  }

  /** Ends the lease, and its keys with it. Throws what the store throws; a lease that is gone already is an error too. */
  async close(): Promise<void> {
    this.orphan();
    await this.store.leaseRevoke(this.lease, { signal: timeLimit(this.#ttl * 1000) });
  }

  async #keepAlive(given: AbortSignal | undefined): Promise<void> {
    const signal = given === undefined ? this.done : AbortSignal.any([given, this.done]);
    try {
      for await (const { TTL } of this.store.leaseKeepAlive(this.lease, { signal })) if (TTL <= 0) break;
    } catch {
      // Why does not matter to those who wait for the end.
    } finally {
      this.orphan();
    }
  }
}
