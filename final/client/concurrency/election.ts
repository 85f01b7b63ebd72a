// One of many candidates leads, and all can see who. Mirrors etcd's concurrency.Election (spec/rpc.md 12.2).

import {
  Event_EventType,
  type KeyValue,
  type ResponseHeader,
  type WatchCreateRequest,
  type WatchResponse,
} from '../../../proto/schema.ts';
import type { Init } from '../../../proto/load.ts';
import { prefixRange } from '../prefix.ts';
import { candidateKey, candidatePrefix, createdAt, firstCreated } from './candidates.ts';
import { ConcurrencyError } from './errors.ts';
import { takeBack, toItsEnd } from './give_up.ts';
import { waitDeletes } from './key_wait.ts';
import type { KeyStore, WaitOptions } from './store.ts';

/** By which a candidate, and nobody else, can speak as the leader. */
export interface Candidacy {
  readonly key: Uint8Array;
  /** At which the key was created. */
  readonly revision: number;
  readonly lease: bigint;
}

/** Who leads, and what it says. */
export interface Leader {
  readonly header: ResponseHeader | undefined;
  readonly kv: KeyValue;
}

export class Election {
  readonly #store: KeyStore;
  readonly #prefix: Uint8Array;

  /** Does nothing yet. */
  constructor(store: KeyStore, name: Uint8Array) {
    this.#store = store;
    this.#prefix = candidatePrefix(name);
  }

  /**
   * Stands for the office, and waits until it is won. Whoever stands already stands with the new value.
   *
   * @param lease with which the candidacy ends
   * @param value what the others see
   * @returns the header is that of the answer with which the candidacy began
   * @throws what the store throws; the reason of the signal: the candidacy is withdrawn then
   */
  async campaign(
    { lease, value }: { readonly lease: bigint; readonly value: Uint8Array },
    options: WaitOptions = {},
  ): Promise<{ readonly header: ResponseHeader | undefined; readonly candidacy: Candidacy }> {
    const key = candidateKey(this.#prefix, lease);
    const request = {
      compare: [createdAt(key, 0)],
      success: [{ request_put: { key, value, lease } }],
      failure: [{ request_range: { key } }],
    };
    const { header, succeeded, responses } = await toItsEnd(options, (bounded) => this.#store.txn(request, bounded));
    const standing = succeeded ? undefined : responses[0]?.response_range?.kvs[0];
    const candidacy = { key, lease, revision: standing?.create_revision ?? header?.revision ?? 0 };
    if (standing !== undefined && Buffer.compare(standing.value, value) !== 0) {
      await this.#proclaimOrResign(candidacy, value, options);
    }
    try {
      await waitDeletes(this.#store, { prefix: this.#prefix, maxCreateRevision: candidacy.revision - 1 }, options);
    } catch (error) {
      if (options.signal?.aborted === true) await this.#withdraw(candidacy);
      throw error;
    }
    return { header, candidacy };
  }

  /** Changes what the leader says. Throws ConcurrencyError `notLeader`, and what the store throws. */
  async proclaim(
    candidacy: Candidacy,
    value: Uint8Array,
    options: WaitOptions = {},
  ): Promise<ResponseHeader | undefined> {
    const { key, revision, lease } = candidacy;
    const request = { compare: [createdAt(key, revision)], success: [{ request_put: { key, value, lease } }] };
    const { header, succeeded } = await this.#store.txn(request, options);
    if (!succeeded) throw new ConcurrencyError('notLeader');
    return header;
  }

  /** Leaves the office, or the queue for it. Who is in neither has nothing to leave. Throws what the store throws. */
  async resign({ key, revision }: Candidacy, options: WaitOptions = {}): Promise<ResponseHeader | undefined> {
    const request = { compare: [createdAt(key, revision)], success: [{ request_delete_range: { key } }] };
    return (await this.#store.txn(request, options)).header;
  }

  /** Who leads now. Throws ConcurrencyError `noLeader`, and what the store throws. */
  async leader(options: WaitOptions = {}): Promise<Leader> {
    const { header, kvs } = await this.#store.range(firstCreated(this.#prefix), options);
    const [kv] = kvs;
    if (kv === undefined) throw new ConcurrencyError('noLeader');
    return { header, kv };
  }

  /**
   * Who leads, from now on: the present leader or else the first to come, each change of its value, then the next one.
   *
   * @returns without end; reading throws what the store throws and the reason of the signal, and ConcurrencyError when a
   *   watch ends for no known reason
   */
  async *observe(options: WaitOptions = {}): AsyncGenerator<Leader, never> {
    for (;;) {
      const { header, kvs } = await this.#store.range(firstCreated(this.#prefix), options);
      const [kv] = kvs;
      const first = kv === undefined ? await this.#firstPut(header?.revision ?? 0, options) : { header, kv };
      if (first === undefined) continue;
      yield first;
      yield* this.#changes(first, options);
    }
  }

  async #proclaimOrResign(candidacy: Candidacy, value: Uint8Array, options: WaitOptions): Promise<void> {
    try {
      await this.proclaim(candidacy, value, options);
    } catch (error) {
      await this.#withdraw(candidacy);
      throw error;
    }
  }

  #withdraw(candidacy: Candidacy): Promise<void> {
    return takeBack((bounded) => this.resign(candidacy, bounded));
  }

  /** Undefined when the events behind `revision` are gone: then who leads must be asked again. */
  async #firstPut(revision: number, options: WaitOptions): Promise<Leader | undefined> {
    for await (const { header, events } of this.#watch(
      { ...prefixRange(this.#prefix), start_revision: revision + 1 },
      options,
    )) {
      const put = events.find(({ type }) => type === Event_EventType.PUT);
      if (put?.kv === undefined) continue;
      // Answers can tell of many revisions at once; what comes behind this one is still to be read.
      return { header: header && { ...header, revision: put.kv.mod_revision }, kv: put.kv };
    }
    return undefined;
  }

  /** Values of one leader behind the one that is known, until its key is gone. */
  async *#changes({ header: known, kv: { key } }: Leader, options: WaitOptions): AsyncGenerator<Leader, void> {
    for await (const { header, events } of this.#watch({ key, start_revision: (known?.revision ?? 0) + 1 }, options)) {
      for (const { type, kv } of events) {
        if (type === Event_EventType.DELETE) return;
        if (kv !== undefined) yield { header, kv };
      }
    }
  }

  /** Ends when the revision is compacted. */
  async *#watch(request: Init<WatchCreateRequest>, { signal }: WaitOptions): AsyncGenerator<WatchResponse, void> {
    for await (const response of this.#store.watch(request, { signal })) {
      if (response.compact_revision !== 0) return;
      if (response.canceled) break;
      yield response;
    }
    signal?.throwIfAborted();
    throw new ConcurrencyError('watcherLost');
  }
}
