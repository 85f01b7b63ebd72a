// Keepalive of a connection in both directions (spec/rpc.md 13): a client that pings too often is sent away, and one that
// does not answer our pings is given up.

import http2, { type ServerHttp2Session } from 'node:http2';
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
const TOO_MANY_PINGS = Buffer.from('too_many_pings');

/** Watches over `session` until the returned function is called. */
export function guardKeepalive(session: ServerHttp2Session, options: KeepaliveOptions): () => void {
  let openCalls = 0;
  let strikes = 0;
  let lastPing = Number.NEGATIVE_INFINITY;
  session.on('stream', (stream) => {
    openCalls++;
    // A call resets the count: its answer is data that the pings may belong to.
    strikes = 0;
    stream.once('close', () => openCalls--);
  });
  session.on('ping', () => {
    const now = performance.now();
    const minTime = openCalls > 0 ? options.minTimeMs || DEFAULT_MIN_TIME_MS : IDLE_PING_MIN_TIME_MS;
    if (now - lastPing < minTime) strikes++;
    lastPing = now;
    if (strikes <= MAX_PING_STRIKES) return;
    session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, undefined, TOO_MANY_PINGS);
    session.close();
  });
  return options.intervalMs > 0 ? pingRegularly(session, options) : () => {};
}

function pingRegularly(session: ServerHttp2Session, options: KeepaliveOptions): () => void {
  let giveUp: NodeJS.Timeout | undefined;
  const ping = (): void => {
    if (session.destroyed) return;
    session.ping(() => clearTimeout(giveUp));
    giveUp = setTimeout(() => session.destroy(), Math.min(options.timeoutMs, MAX_TIMER_MS));
  };
  const timer = setInterval(ping, Math.min(options.intervalMs, MAX_TIMER_MS));
  return () => {
    clearInterval(timer);
    clearTimeout(giveUp);
  };
}
