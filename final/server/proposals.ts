// Who waits for which proposal. Mirrors etcd's pkg/wait and the waiting half of v3_server.go. A proposal is known by its
// request ID; one that was made here is also known by its bytes, so that they need not be decoded again when it is applied.

import { EtcdError } from '../core/errors.ts';
import { MAX_PENDING_BYTES, MAX_PENDING_PROPOSALS } from '../limits.ts';
import type { Proposal } from './propose.ts';

/** A proposal of this member that is not applied yet. */
export interface Waiter {
  readonly id: bigint;
  readonly data: Uint8Array;
  /** What the bytes say; undefined for what is no InternalRaftRequest. */
  readonly request: Proposal | undefined;
  /** Of the entry; a normal one unless said. */
  readonly type?: number;
  /** Only the leader of this term may propose it: what a leader has decided must not reach the log through the next one. */
  readonly term?: number;
  /** When it was made, in ms of the steady clock. */
  readonly begin: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A proposal to be made. */
export type NewProposal = Pick<Waiter, 'id' | 'data' | 'request' | 'type' | 'term'>;

export class Proposals {
  readonly #timeoutMs: number;
  readonly #now: () => number;
  // In the order in which they were made, which is that of their ends.
  readonly #byId = new Map<bigint, Waiter>();
  readonly #byData = new Map<Uint8Array, Waiter>();
  #bytes = 0;

  /** `timeoutMs`: how long one may take; `now`: the steady clock. */
  constructor(timeoutMs: number, now: () => number) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /** Registers a proposal; `resolve` or `reject` is called once. Error: RequestTooManyRequests. */
  add<T>(input: NewProposal, use: (waiter: Waiter) => void): Promise<T> {
    const isFull = this.#byId.size >= MAX_PENDING_PROPOSALS || this.#bytes + input.data.length > MAX_PENDING_BYTES;
    if (isFull) return Promise.reject(new EtcdError('RequestTooManyRequests'));
    return new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        ...input,
        begin: this.#now(),
        resolve: resolve as (result: unknown) => void,
        reject,
      };
      this.#byId.set(waiter.id, waiter);
      this.#byData.set(waiter.data, waiter);
      this.#bytes += waiter.data.length;
      use(waiter);
    });
  }

  /** Whose bytes these are, if they were encoded here. */
  ofData(data: Uint8Array): Waiter | undefined {
    return this.#byData.get(data);
  }

  ofId(id: bigint): Waiter | undefined {
    return this.#byId.get(id);
  }

  /** Takes a waiter out: whoever calls this tells it how it ended. */
  take(waiter: Waiter): void {
    if (!this.#byId.delete(waiter.id)) return;
    this.#byData.delete(waiter.data);
    this.#bytes -= waiter.data.length;
  }

  /** Ends those that have waited too long with what `errorOf` gives. They may still be applied. */
  expire(errorOf: (waiter: Waiter) => Error): void {
    const now = this.#now();
    for (const waiter of this.#byId.values()) {
      if (now - waiter.begin < this.#timeoutMs) return;
      this.take(waiter);
      waiter.reject(errorOf(waiter));
    }
  }

  /** Ends all. */
  rejectAll(error: Error): void {
    for (const waiter of this.#byId.values()) waiter.reject(error);
    this.#byId.clear();
    this.#byData.clear();
    this.#bytes = 0;
  }
}
