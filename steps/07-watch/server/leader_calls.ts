// What only the leader can answer, asked from another member over the peer port. Mirrors the forwarding parts of etcd's
// v3_server.go.

import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdError } from '../core/errors.ts';
import type { Member } from './cluster.ts';
import type { LeaseTimes } from './leases.ts';
import type { PeerCalls } from './peer_calls.ts';

const RETRY_MS = 50;
// How long a request may take: 5 s and two election timeouts.
const REQUEST_TIMEOUT_MS = 7000;

export interface LeaderCallsOptions {
  /** The way to other members. */
  readonly calls: PeerCalls;
  /** The member that leads, or undefined. */
  readonly leader: () => Member | undefined;
}

export class LeaderCalls {
  readonly #options: LeaderCallsOptions;

  constructor(options: LeaderCallsOptions) {
    this.#options = options;
  }

  /** TTL in seconds. Errors: LeaseNotFound, NoLeader, Timeout. */
  renewLease(id: bigint): Promise<number> {
    return this.#ask((url) => this.#options.calls.renewLease(url, id));
  }

  /** Errors: LeaseNotFound, NoLeader, Timeout. */
  leaseTimes(id: bigint, withKeys: boolean): Promise<LeaseTimes> {
    return this.#ask((url) => this.#options.calls.leaseTimes(url, { id, withKeys }));
  }

  // Until the leader has answered: whoever leads may change meanwhile. It may be this member, which has not applied enough yet.
  async #ask<T>(call: (url: string) => Promise<T>): Promise<T> {
    const { leader } = this.#options;
    const end = performance.now() + REQUEST_TIMEOUT_MS;
    while (performance.now() < end) {
      for (const url of leader()?.peerUrls ?? []) {
        try {
          return await call(url);
        } catch (error) {
          // Any other problem is one of the moment: it is not reached, or no longer leads.
          if (error instanceof EtcdError && error.kind === 'LeaseNotFound') throw error;
        }
      }
      await sleep(RETRY_MS);
    }
    throw new EtcdError(leader() === undefined ? 'NoLeader' : 'Timeout');
  }
}
