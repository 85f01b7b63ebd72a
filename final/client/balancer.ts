// Which of a client's connections a call goes to: one that stands, and the next one with each call. Mirrors clientv3's
// round robin over its endpoints.

import { Connection, type ConnectionOptions } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import { ClientError, Code } from './errors.ts';
import { pause } from './pause.ts';

/** How long one look for a connection waits, in ms: so much longer than its call may its timer live. */
const lookMs = 1_000;

export interface WaitLimits {
  /** Milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

export class Balancer {
  readonly #connect: () => readonly Connection[];
  #connections: readonly Connection[] | undefined;
  /** Of the connection after the one that was taken last. */
  #next = 0;

  /** Connects when it is first asked for a connection. */
  constructor(endpoints: readonly Endpoint[], options: ConnectionOptions) {
    this.#connect = () => endpoints.map((endpoint) => new Connection(endpoint, options));
  }

  /**
   * @returns a connection that stands; where several do, not the same twice in a row
   * @throws ClientError when there is none by the deadline or this is closed, and the reason of the signal
   */
  async pick(limits: WaitLimits): Promise<Connection> {
    const connections = (this.#connections ??= this.#connect());
    for (;;) {
      limits.signal?.throwIfAborted();
      const standing = this.#standing(connections);
      if (standing !== undefined) return standing;
      if (connections !== this.#connections || connections.length === 0) throw ClientError.canceled();
      if (Date.now() >= limits.deadline) throw notConnected();
      await firstReady(connections, limits);
    }
  }

  /** Ends calls that are under way. */
  close(): void {
    for (const connection of this.#connections ?? []) connection.close();
    this.#connections = [];
  }

  #standing(connections: readonly Connection[]): Connection | undefined {
    for (let offset = 0; offset < connections.length; offset += 1) {
      const at = (this.#next + offset) % connections.length;
      const connection = connections[at];
      if (connection?.isReady !== true) continue;
      this.#next = at + 1;
      return connection;
    }
    return undefined;
  }
}

/** @throws ClientError when the connection does not stand by the deadline, and the reason of the signal */
export async function whenReady(connection: Connection, limits: WaitLimits): Promise<Connection> {
  while (!connection.isReady) {
    limits.signal?.throwIfAborted();
    if (connection.isClosed) throw ClientError.canceled();
    if (Date.now() >= limits.deadline) throw notConnected();
    await firstReady([connection], limits);
  }
  return connection;
}

/** Returns when one of them stands, after {@link lookMs}, at the deadline, or when the signal is aborted. */
async function firstReady(connections: readonly Connection[], { deadline, signal }: WaitLimits): Promise<void> {
  const until = Math.min(deadline, Date.now() + lookMs);
  const over = new AbortController();
  const stop = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const timer = pause(until - Date.now(), stop);
  await Promise.race([...connections.map((connection) => connection.ready(until)), timer]);
  over.abort();
}

/** What clientv3 says when no endpoint could be reached in time. */
function notConnected(): ClientError {
  return new ClientError(Code.DeadlineExceeded, 'latest balancer error: all SubConns are in TransientFailure');
}
