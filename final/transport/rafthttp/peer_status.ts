// Whether a peer can be reached, and since when. Only changes are logged. Mirrors etcd's rafthttp/peer_status.go.

import type { Clock, Logger } from '../../ports.ts';
import { hexId } from './headers.ts';

/** What was being done when a peer turned out to be unreachable. */
export interface Failure {
  /** `pipeline`, `snapshot`, or a kind of stream. */
  readonly source: string;
  readonly action: 'dial' | 'read' | 'write' | 'post';
  readonly reason: string;
}

export class PeerStatus {
  readonly #id: bigint;
  readonly #clock: Clock;
  readonly #log: Logger;
  #since: number | undefined;

  constructor(id: bigint, clock: Clock, log: Logger) {
    this.#id = id;
    this.#clock = clock;
    this.#log = log;
  }

  /** Milliseconds of the steady clock; undefined while the peer is inactive. */
  get activeSince(): number | undefined {
    return this.#since;
  }

  get isActive(): boolean {
    return this.#since !== undefined;
  }

  activate(): void {
    if (this.#since !== undefined) return;
    this.#since = this.#clock.now();
    this.#log.info('peer became active', { 'peer-id': hexId(this.#id) });
  }

  deactivate({ source, action, reason }: Failure): void {
    const fields = {
      'peer-id': hexId(this.#id),
      error: `failed to ${action} ${hexId(this.#id)} on ${source} (${reason})`,
    };
    if (this.#since === undefined) return this.#log.debug('peer deactivated again', fields);
    this.#since = undefined;
    this.#log.warn('peer became inactive (message send to peer failed)', fields);
  }
}
