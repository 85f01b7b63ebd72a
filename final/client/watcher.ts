// One watcher: what it watches, how far it is, and what waits for its reader. watch_stream.ts fills it.

import type { Init } from '../../proto/load.ts';
import type { Event, WatchCreateRequest, WatchResponse } from '../../proto/schema.ts';
import { Answers } from './answers.ts';
import { WATCH_QUEUE_BYTES, WATCH_RESPONSE_COST } from './limits.ts';

/** What of a watcher a server is told; its number is the stream's to choose. */
export type WatchRequest = Omit<Init<WatchCreateRequest>, 'watch_id'>;

export interface WatcherHooks {
  /** Called when all that was put is read, and there had been too much of it. */
  readonly onRoom: (watcher: Watcher) => void;
  /** Called once, when the reader goes. */
  readonly onLeave: (watcher: Watcher) => void;
  readonly signal?: AbortSignal | undefined;
}

export class Watcher {
  /** For the reader. */
  readonly answers: Answers<WatchResponse>;
  readonly #request: WatchRequest;
  /** Of the next event that the reader is to get; 0 until the server has told what was the present. */
  #nextRevision: number;
  #queuedBytes = 0;
  #fragments: Event[] = [];

  constructor(request: WatchRequest, { onRoom, onLeave, signal }: WatcherHooks) {
    this.#request = request;
    this.#nextRevision = request.start_revision ?? 0;
    this.answers = new Answers({
      onDrained: () => {
        const wasFull = this.isFull;
        this.#queuedBytes = 0;
        if (wasFull) onRoom(this);
      },
      onLeave: () => onLeave(this),
      signal,
    });
  }

  /** Whether more waits for the reader than should. */
  get isFull(): boolean {
    return this.#queuedBytes > WATCH_QUEUE_BYTES;
  }

  /** What to send to make a server go on where the reader is, or begin. Parts of an answer that is not whole are forgotten. */
  createRequest(): Init<WatchCreateRequest> {
    this.#fragments = [];
    return { ...this.#request, start_revision: this.#nextRevision };
  }

  /** The server has it, and `revision` was the newest then: a watcher of the future sees all that is newer. */
  created(revision: number): void {
    if (this.#nextRevision === 0) this.#nextRevision = revision + 1;
  }

  /** Takes an answer with events, or one that tells how far this watcher is. Parts wait for the last. */
  put(response: WatchResponse): void {
    if (response.fragment) {
      this.#fragments.push(...response.events);
      return;
    }
    const events = this.#fragments.length === 0 ? response.events : [...this.#fragments, ...response.events];
    this.#fragments = [];
    // A server that catches up tells its newest revision with events that are older.
    const seen = events.at(-1)?.kv?.mod_revision ?? response.header?.revision ?? 0;
    this.#nextRevision = Math.max(this.#nextRevision, seen + 1);
    this.#enqueue({ ...response, events });
  }

  /**
   * Takes an answer that tells how far the server is with all watchers of the stream. It is not the point to go on from:
   * servers before 3.4.25 and 3.5.8 answer at once, also when this watcher is behind (spec/rpc.md 7.7).
   */
  progress(response: WatchResponse): void {
    this.#enqueue(response);
  }

  /** Takes the answer with which the server ends it. */
  canceled(response: WatchResponse): void {
    this.answers.put(response);
    this.answers.end();
  }

  #enqueue(response: WatchResponse): void {
    this.answers.put(response);
    // A reader that was waiting has it already.
    if (this.answers.length > 0) this.#queuedBytes += costOf(response);
  }
}

/** Bytes, roughly. */
function costOf({ events }: WatchResponse): number {
  return events.reduce(
    (sum, { kv, prev_kv }) => sum + WATCH_RESPONSE_COST + sizeOf(kv) + sizeOf(prev_kv),
    WATCH_RESPONSE_COST,
  );
}

function sizeOf(kv: Event['kv']): number {
  return kv === undefined ? 0 : kv.key.length + kv.value.length;
}
