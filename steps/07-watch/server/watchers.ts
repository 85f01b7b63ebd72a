// Keeps the hub of the watchers going: whoever lags behind is caught up in rounds, between which everything else has its
// turn. Mirrors the loops of etcd's mvcc/watchable_store.go.

import { RevisionLog } from '../core/mvcc/revision_log.ts';
import { WatchableStore } from '../core/mvcc/watchable_store.ts';

/** The hub, and the rounds in which it catches up. */
export class Watchers {
  readonly hub = new WatchableStore(new RevisionLog(), () => this.#wake());
  // A round is on its way.
  #isDue = false;
  #isStopped = false;

  stop(): void {
    this.#isStopped = true;
  }

  // Later, so that the answer to whoever asked for a watcher comes before its events.
  #wake(): void {
    if (this.#isDue || this.#isStopped) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.hub.syncWatchers();
      if (this.hub.hasUnsynced) this.#wake();
    });
  }
}
