// What a watcher that lags behind gets in one answer: whole revisions, up to a number of them and of bytes. Mirrors the
// eventBatch of etcd's mvcc/watcher_group.go.

import type { WatchEvent } from './watch_event.ts';
import type { Watcher } from './watcher.ts';

export interface BatchBounds {
  /** Most distinct revisions in one answer. */
  readonly revisionsPerResponse: number;
  /** Most bytes of key-values in one answer; a single larger revision goes alone. */
  readonly bytesPerResponse: number;
}

export class WatchBatch {
  readonly watcher: Watcher;
  readonly events: WatchEvent[] = [];
  readonly #bounds: BatchBounds;
  #bytes = 0;
  #revisions = 0;
  // The revision of the last event, and where its events begin.
  #revision = 0;
  #revisionStart = 0;
  #nextRevision: number | undefined;

  constructor(watcher: Watcher, bounds: BatchBounds) {
    this.watcher = watcher;
    this.#bounds = bounds;
  }

  /** The first revision that found no more room; undefined while there was room for all. */
  get nextRevision(): number | undefined {
    return this.#nextRevision;
  }

  /** Whether it takes no more. */
  get isFull(): boolean {
    return this.#nextRevision !== undefined;
  }

  /** Adds an event, if it has room for all of its revision so far; events come in the order of the log. */
  add(event: WatchEvent): void {
    if (this.isFull) return;
    if (event.modRevision !== this.#revision && !this.#begin(event.modRevision)) return;
    this.#bytes += event.size;
    if (this.#bytes > this.#bounds.bytesPerResponse && this.#revisions > 1) {
      this.events.length = this.#revisionStart;
      this.#nextRevision = event.modRevision;
      return;
    }
    this.events.push(event);
  }

  #begin(revision: number): boolean {
    const { revisionsPerResponse, bytesPerResponse } = this.#bounds;
    if (this.#revisions === revisionsPerResponse || this.#bytes > bytesPerResponse) {
      this.#nextRevision = revision;
      return false;
    }
    this.#revision = revision;
    this.#revisionStart = this.events.length;
    this.#revisions++;
    return true;
  }
}
