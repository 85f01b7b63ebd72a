// Keepalive of a connection in both directions (spec/rpc.md 13): a client that pings too often is sent away, and one that
// does not answer our pings is given up.

import type { Connection } from '../http2/connection.ts';
import { ErrorCode } from '../http2/frames.ts';
import { IDLE_PING_MIN_TIME_MS, MAX_PING_STRIKES } from '../limits.ts';

export interface KeepaliveOptions {
  /** Least time between two pings of a client with an open call, in ms. */
  readonly minTimeMs: number;
  /** Idle time after which we ping, in ms; 0 = never. */
  readonly intervalMs: number;
  /** Time for the answer, in ms. */
  readonly timeoutMs: number;
}

// 0 is the default of Go's library, five minutes.
const DEFAULT_MIN_TIME_MS = 5 * 60 * 1000;
// The longest time a timer can wait.
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Watches over one connection. */
export class Keepalive {
  readonly #connection: Connection;
  readonly #options: KeepaliveOptions;
  #strikes = 0;
  #lastPing = Number.NEGATIVE_INFINITY;
  #interval: NodeJS.Timeout | undefined;
  #giveUp: NodeJS.Timeout | undefined;

  constructor(connection: Connection, options: KeepaliveOptions) {
    this.#connection = connection;
    this.#options = options;
    if (options.intervalMs === 0) return;
    this.#interval = setInterval(() => this.#pingWhenIdle(), Math.min(options.intervalMs, MAX_TIMER_MS));
  }

  /** The client has sent a PING. */
  onPing(): void {
    const now = performance.now();
    const sincePing = now - this.#lastPing;
    this.#lastPing = now;
    // What we sent in between may be what the ping belongs to.
    if (this.#connection.takeHasSent()) {
      this.#strikes = 0;
      return;
    }
    const hasCalls = this.#connection.openStreams > 0;
    const minTime = hasCalls ? this.#options.minTimeMs || DEFAULT_MIN_TIME_MS : IDLE_PING_MIN_TIME_MS;
    if (sincePing < minTime) this.#strikes++;
    if (this.#strikes > MAX_PING_STRIKES) this.#connection.sendAway(ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings');
  }

  /** Ends the watch; the connection is over. */
  stop(): void {
    clearInterval(this.#interval);
    clearTimeout(this.#giveUp);
  }

  #pingWhenIdle(): void {
    if (this.#connection.takeHasRead()) return;
    clearTimeout(this.#giveUp);
    this.#connection.ping();
    this.#giveUp = setTimeout(() => this.#checkAlive(), Math.min(this.#options.timeoutMs, MAX_TIMER_MS));
  }

  // Whatever has come in since, the answer to our ping or something else, shows that the client is there.
  #checkAlive(): void {
    if (!this.#connection.takeHasRead()) this.#connection.destroy();
  }
}
