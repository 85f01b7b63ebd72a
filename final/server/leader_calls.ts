// What only the leader can answer, asked from another member over the peer port. Mirrors the forwarding parts of etcd's
// v3_server.go and server.go (spec/raft.md D9, E8).

import { EtcdError, type ErrorKind } from '../core/errors.ts';
import type { Clock } from '../ports.ts';
import type { Member } from './cluster.ts';
import type { PeerCalls } from './peer_calls.ts';

const RETRY_MS = 50;

export interface LeaderCallsOptions {
  readonly calls: PeerCalls;
  readonly clock: Clock;
  /** The member that leads, or undefined. */
  readonly leader: () => Member | undefined;
  readonly isStopped: () => boolean;
  readonly electionMs: number;
  /** How long a request may take. */
  readonly timeoutMs: number;
}

export class LeaderCalls {
  readonly #options: LeaderCallsOptions;

  constructor(options: LeaderCallsOptions) {
    this.#options = options;
  }

  /** TTL in seconds. Errors: LeaseNotFound, NoLeader, Timeout, Stopped. */
  renewLease(id: bigint): Promise<number> {
    return this.#ask(['LeaseNotFound'], (url, leftMs) => this.#options.calls.renewLease(url, id, leftMs));
  }

  /** Errors: LeaseNotFound, RequestTooLarge when it has too many keys, NoLeader, Timeout, Stopped. */
  leaseTimes(id: bigint, withKeys: boolean): ReturnType<PeerCalls['leaseTimes']> {
    const { calls } = this.#options;
    return this.#ask(['LeaseNotFound', 'RequestTooLarge'], (url, leftMs) =>
      calls.leaseTimes(url, { id, withKeys }, leftMs),
    );
  }

  /** Errors: LearnerNotReady, MemberNotFound, MemberNotLearner, NoLeader, Timeout, Stopped. */
  promote(id: bigint): Promise<Member[]> {
    const final: ErrorKind[] = ['LearnerNotReady', 'MemberNotFound', 'MemberNotLearner'];
    return this.#ask(final, (url, leftMs) => this.#options.calls.promote(url, id, leftMs));
  }

  // Until the leader has answered, or has refused with one of `final`: whoever leads may change meanwhile. All of it together takes
  // no longer than a request may.
  async #ask<T>(final: readonly ErrorKind[], call: (url: string, leftMs: number) => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const end = clock.now() + timeoutMs;
    while (clock.now() < end) {
      const leader = await this.#waitForLeader(end);
      for (const url of leader.peerUrls) {
        try {
          return await call(url, Math.max(1, end - clock.now()));
        } catch (error) {
          if (error instanceof EtcdError && final.includes(error.kind)) throw error;
        }
      }
      await clock.sleep(RETRY_MS);
    }
    throw new EtcdError('Timeout');
  }

  async #waitForLeader(end: number): Promise<Member> {
    const { clock, leader, isStopped, electionMs } = this.#options;
    for (;;) {
      if (isStopped()) throw new EtcdError('Stopped');
      const found = leader();
      if (found !== undefined) return found;
      if (clock.now() >= end) throw new EtcdError('NoLeader');
      await clock.sleep(Math.min(electionMs, Math.max(1, end - clock.now())));
    }
  }
}
