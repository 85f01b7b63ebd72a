// Watching from inside the server, for services that wait for keys themselves: the events of a range as they come, with the
// same hub, and the same patience, as clients have.

import { assert } from '../core/assert.ts';
import { EtcdError } from '../core/errors.ts';
import type { KeyRange } from '../core/keys.ts';
import type { WatchableStore } from '../core/mvcc/watchable_store.ts';
import type { WatchEvent } from '../core/mvcc/watch_event.ts';
import type { WatchReceiver, WatchSink } from '../core/mvcc/watcher.ts';
import type { WatchStream } from '../core/mvcc/watch_stream.ts';
import { INTERNAL_WATCH_BUFFER_BYTES } from '../limits.ts';

export interface WatchOptions {
  readonly range: KeyRange;
  /** The first main revision that is wanted; 0 = what comes from now on. */
  readonly startRevision: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** All events of one revision or of several whole ones, ascending. */
export type WatchedEvents = readonly WatchEvent[];

/**
 * The events of a range, from the moment of this call on, until the signal is aborted or the loop over it is left. Each list
 * is whole revisions. Throws, out of the loop, EtcdError Compacted when events that were not read yet are compacted, and
 * RequestTooManyRequests when there are too many watchers.
 */
export function watchRange(hub: WatchableStore, options: WatchOptions): AsyncGenerator<WatchedEvents, void, void> {
  return new EventQueue(hub, options).read();
}

class EventQueue implements WatchSink, WatchReceiver {
  readonly #stream: WatchStream;
  readonly #signal: AbortSignal;
  readonly #waiting: WatchedEvents[] = [];
  #bytes = 0;
  #error: EtcdError | undefined;
  #wake: () => void = () => {};

  constructor(hub: WatchableStore, { range, startRevision, signal }: WatchOptions) {
    this.#signal = signal;
    this.#stream = hub.newStream(this);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    const options = { range, startRevision, wantsPrevKv: false, noPut: false, noDelete: false, receiver: this };
    const watcher = this.#stream.watch(0n, options);
    assert(watcher !== 'emptyRange', 'watching a range without keys');
    if (watcher === 'tooMany') this.#error = new EtcdError('RequestTooManyRequests');
    if (signal.aborted) this.#close();
  }

  get isWritable(): boolean {
    return this.#bytes < INTERNAL_WATCH_BUFFER_BYTES;
  }

  onEvents(events: WatchedEvents): void {
    this.#waiting.push(events);
    this.#bytes += sizeOf(events);
    this.#wake();
  }

  onCompacted(): void {
    this.#error = new EtcdError('Compacted');
    this.#wake();
  }

  onProgress(): void {}

  async *read(): AsyncGenerator<WatchedEvents, void, void> {
    try {
      while (!this.#signal.aborted) {
        const events = this.#waiting.shift();
        if (events !== undefined) {
          this.#bytes -= sizeOf(events);
          this.#stream.resume();
          yield events;
        } else if (this.#error !== undefined) throw this.#error;
        else await this.#change();
      }
    } finally {
      this.#close();
    }
  }

  readonly #onAbort = (): void => this.#close();

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#stream.close();
    this.#waiting.length = 0;
    this.#wake();
  }
}

function sizeOf(events: WatchedEvents): number {
  return events.reduce((sum, event) => sum + event.size, 0);
}
