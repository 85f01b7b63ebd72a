// A lock that one session of the whole cluster holds at a time. Mirrors etcd's concurrency.Mutex (spec/rpc.md 12.1).

import type { ResponseHeader, TxnResponse } from '../../../proto/schema.ts';
import { candidateKey, candidatePrefix, createdAt, firstCreated } from './candidates.ts';
import { ConcurrencyError } from './errors.ts';
import { takeBack, toItsEnd } from './give_up.ts';
import { waitDeletes } from './key_wait.ts';
import type { Holder, WaitOptions } from './store.ts';

export class Mutex {
  readonly #holder: Holder;
  readonly #prefix: Uint8Array;
  readonly #key: Uint8Array;
  #header: ResponseHeader | undefined;

  /** Does nothing yet. The same holder may lock it again: it has it then. */
  constructor(holder: Holder, name: Uint8Array) {
    this.#holder = holder;
    this.#prefix = candidatePrefix(name);
    this.#key = candidateKey(this.#prefix, holder.lease);
  }

  /** The key that stands for this holder: whoever changes something under the lock can compare that it is there. */
  get key(): Uint8Array {
    return this.#key;
  }

  /** Of the answer that told that the lock is held; undefined before. */
  get header(): ResponseHeader | undefined {
    return this.#header;
  }

  /**
   * Waits for the lock. When that fails, also by the signal, the place in the queue is given up, unless the holder had it
   * before this call.
   *
   * @throws what the store throws, the reason of the signal, and ConcurrencyError `sessionExpired` when the lease was lost
   *   meanwhile
   */
  async lock(options: WaitOptions = {}): Promise<void> {
    const { store } = this.#holder;
    const place = await this.#enqueue(options);
    const { response, revision, isFirst } = place;
    try {
      options.signal?.throwIfAborted();
      if (isFirst) {
        this.#header = response.header;
        return;
      }
      await waitDeletes(store, { prefix: this.#prefix, maxCreateRevision: revision - 1 }, options);
      // The lease can end while older keys are waited for, and the key with it.
      const { header, kvs } = await store.range({ key: this.#key }, options);
      if (kvs.length === 0) throw new ConcurrencyError('sessionExpired');
      this.#header = header;
    } catch (error) {
      await this.#giveUp(place);
      throw error;
    }
  }

  /** @throws ConcurrencyError `locked` when another has it; what the store throws, and the reason of the signal */
  async tryLock(options: WaitOptions = {}): Promise<void> {
    const place = await this.#enqueue(options);
    try {
      options.signal?.throwIfAborted();
      if (!place.isFirst) throw new ConcurrencyError('locked');
      this.#header = place.response.header;
    } catch (error) {
      await this.#giveUp(place);
      throw error;
    }
  }

  /** Gives the lock to the next. Throws what the store throws. */
  async unlock(options: WaitOptions = {}): Promise<void> {
    await this.#holder.store.deleteRange({ key: this.#key }, options);
    this.#header = undefined;
  }

  /** Makes the own key if it is not there, and looks in the same moment who was first. */
  async #enqueue(options: WaitOptions): Promise<Place> {
    const key = this.#key;
    const owner = { request_range: firstCreated(this.#prefix) };
    const request = {
      compare: [createdAt(key, 0)],
      success: [{ request_put: { key, lease: this.#holder.lease } }, owner],
      failure: [{ request_range: { key } }, owner],
    };
    const response = await toItsEnd(options, (bounded) => this.#holder.store.txn(request, bounded));
    const [own, first] = response.responses;
    const revision = response.succeeded
      ? (response.header?.revision ?? 0)
      : (own?.response_range?.kvs[0]?.create_revision ?? 0);
    const oldest = first?.response_range?.kvs[0];
    return { response, revision, isFirst: oldest === undefined || oldest.create_revision === revision };
  }

  /** Deletes the key if that call made it: then nobody else counts on it. */
  async #giveUp({ response, revision }: Place): Promise<void> {
    if (!response.succeeded) return;
    const key = this.#key;
    const request = { compare: [createdAt(key, revision)], success: [{ request_delete_range: { key } }] };
    await takeBack((bounded) => this.#holder.store.txn(request, bounded));
  }
}

interface Place {
  readonly response: TxnResponse;
  /** At which the own key was created. */
  readonly revision: number;
  readonly isFirst: boolean;
}
