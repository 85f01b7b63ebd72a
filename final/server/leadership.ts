// Whether a member that takes itself for the leader still is. One that did not run for a while, because its process or its machine
// was held, has not heard of a leader that was elected meanwhile. Mirrors ensureLeadership of etcd's etcdserver/server.go
// (spec/rpc.md 8.4).

import { EtcdError } from '../core/errors.ts';
import { ACTIVE_HEARTBEATS } from '../limits.ts';

export interface LeadershipOptions {
  readonly now: () => number;
  readonly heartbeatMs: number;
  readonly isLeader: () => boolean;
  /** Asks a quorum. Rejects with an EtcdError when it does not answer. */
  readonly confirm: () => Promise<void>;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  #lastTick: number;
  // Ticks that came late, and those of them behind which a quorum was asked. The tick alone proves nothing: it runs before
  // what came in meanwhile is read.
  #lateTicks = 0;
  #confirmedTicks = 0;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#lastTick = options.now();
  }

  /** To be called with every heartbeat. */
  tick(): void {
    if (this.#isLate) this.#lateTicks += 1;
    this.#lastTick = this.#options.now();
  }

  /** It has run all the time: had it lost the leadership, it would know. */
  get isActive(): boolean {
    return this.#lateTicks === this.#confirmedTicks && !this.#isLate;
  }

  /** Whether it leads; asks a quorum when it cannot be sure. */
  async ensure(): Promise<boolean> {
    return this.isActive ? this.#options.isLeader() : this.confirm();
  }

  /** Whether it leads by the word of a quorum, with all applied that any leader had committed. */
  async confirm(): Promise<boolean> {
    const { isLeader, confirm } = this.#options;
    const lateTicks = this.#lateTicks;
    try {
      await confirm();
    } catch (error) {
      if (error instanceof EtcdError) return false;
      throw error;
    }
    this.#confirmedTicks = Math.max(this.#confirmedTicks, lateTicks);
    return isLeader();
  }

  get #isLate(): boolean {
    return this.#options.now() - this.#lastTick >= ACTIVE_HEARTBEATS * this.#options.heartbeatMs;
  }
}
