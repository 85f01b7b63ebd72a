// Keeps the hub of the watchers going: whoever lags behind is caught up in rounds, between which everything else has its
// turn. Mirrors the loops of etcd's mvcc/watchable_store.go.

import { WatchableStore } from '../core/mvcc/watchable_store.ts';
import {
  MAX_WATCHER_BYTES,
  WATCH_RESPONSE_BYTES,
  WATCH_RESPONSE_REVISIONS,
  WATCH_ROUND_BYTES,
  WATCH_ROUND_RECORDS,
  WATCH_SYNC_INTERVAL_MS,
  WATCHERS_PER_ROUND,
} from '../limits.ts';
import type { Ports } from '../ports.ts';

export class Watchers {
  readonly hub: WatchableStore;
  readonly #ports: Pick<Ports, 'clock' | 'crash'>;
  // A round is on its way.
  #isDue = false;
  #stopLooking = (): void => {};

  constructor(ports: Pick<Ports, 'clock' | 'crash'>) {
    this.#ports = ports;
    this.hub = new WatchableStore({
      bounds: {
        watchersPerRound: WATCHERS_PER_ROUND,
        revisionsPerResponse: WATCH_RESPONSE_REVISIONS,
        bytesPerResponse: WATCH_RESPONSE_BYTES,
        recordsPerRound: WATCH_ROUND_RECORDS,
        bytesPerRound: WATCH_ROUND_BYTES,
        watcherBytes: MAX_WATCHER_BYTES,
      },
      onUnsynced: () => this.#wake(),
    });
  }

  /** Begins to look, now and then, whether a stream takes more again that could not tell. */
  start(): void {
    this.#stopLooking = this.#ports.clock.every(WATCH_SYNC_INTERVAL_MS, () => this.hub.resumeVictims());
  }

  /** Reads the history no more; what is written is still told. */
  stop(): void {
    this.#stopLooking();
    this.hub.pause();
  }

  // Later, so that the answer to whoever asked for a watcher comes before its events.
  #wake(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#ports.clock.soon(() => this.#round());
  }

  // Between two rounds there is as much time for others as a round has taken.
  #round(): void {
    const { clock, crash } = this.#ports;
    this.#isDue = false;
    const begin = clock.now();
    try {
      this.hub.syncWatchers();
    } catch (error) {
      crash(error);
    }
    const took = clock.now() - begin;
    if (!this.hub.hasUnsynced) return;
    this.#isDue = true;
    if (took < 1) clock.soon(() => this.#round());
    else clock.sleep(took).then(() => this.#round(), crash);
  }
}
