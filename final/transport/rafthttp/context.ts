// What all parts of one transport share, and the reports to raft.

import type http from 'node:http';
import type { Clock, Logger } from '../../ports.ts';
import type { PeerHandler } from '../../server/peer_transport.ts';
import type { FileSystem } from '../../storage/fs.ts';
import type { LocalMember } from './headers.ts';

export interface PeerContext {
  readonly local: LocalMember;
  readonly handler: PeerHandler;
  readonly reports: Reports;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fs: FileSystem;
  /** Where a received database goes. */
  readonly snapDirectory: string;
  /** Time to connect, in ms. */
  readonly dialTimeoutMs: number;
  /** Connections that are used once: streams and databases. */
  readonly streamAgent: http.Agent;
  /** Connections that are used again: all other requests. */
  readonly requestAgent: http.Agent;
}

/**
 * What went wrong, told to raft. A report is delivered behind what runs now: `send` is called in the middle of raft's work,
 * and must not call back into it.
 */
export class Reports {
  readonly #handler: PeerHandler;
  readonly #clock: Clock;
  #isStopped = false;
  #isRemoved = false;

  constructor(handler: PeerHandler, clock: Clock) {
    this.#handler = handler;
    this.#clock = clock;
  }

  unreachable(id: bigint): void {
    this.#later(() => this.#handler.reportUnreachable(id));
  }

  snapshot(id: bigint, ok: boolean): void {
    this.#later(() => this.#handler.reportSnapshot(id, ok));
  }

  /** A peer said that we were removed from the cluster. Only the first time counts. */
  removed(): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.#later(() => this.#handler.removedByPeers());
  }

  /** Nothing is delivered any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #later(report: () => void): void {
    if (this.#isStopped) return;
    this.#clock.soon(() => {
      if (!this.#isStopped) report();
    });
  }
}
