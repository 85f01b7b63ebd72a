// Software transactional memory: a function reads and writes keys as if it were alone, and runs again when it was not.
// Mirrors etcd's concurrency.STM.

import type { Init } from '../../../proto/load.ts';
import {
  type Compare,
  Compare_CompareTarget,
  type KeyValue,
  type RangeResponse,
  type RequestOp,
  type TxnResponse,
} from '../../../proto/schema.ts';
import type { KeyStore, WaitOptions } from './store.ts';

/**
 * - `serializable`: all reads are of one revision, and at the end no key that was read may have changed.
 * - `repeatable-reads`: at the end no key that was read may have changed, but before that a function can see keys of different
 *   revisions.
 */
export type Isolation = 'serializable' | 'repeatable-reads';

/** What the function of a transaction works with. */
export interface Stm {
  /** Of what this transaction wrote, else of what is there; undefined for a key that is not. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** The revision of the last change that is there, not of this transaction; 0 for a key that is not. */
  revision(key: Uint8Array): Promise<number>;
  put(key: Uint8Array, value: Uint8Array, lease?: bigint): void;
  delete(key: Uint8Array): void;
}

export interface StmOptions extends WaitOptions {
  /** `serializable` unless said otherwise. */
  readonly isolation?: Isolation;
}

export interface StmOutcome<T> {
  /** What the function returned when it ran for the last time. */
  readonly result: T;
  /** The answer to the transaction that wrote what it wrote. */
  readonly response: TxnResponse;
}

/**
 * Runs `apply` until what it read still holds when what it wrote is written; both happen in the same moment.
 *
 * @param apply must do nothing outside that it may not do more than once
 * @throws what `apply` throws, which writes nothing; what the store throws; the reason of the signal
 */
export async function runStm<T>(
  store: KeyStore,
  apply: (stm: Stm) => Promise<T>,
  { isolation = 'serializable', signal }: StmOptions = {},
): Promise<StmOutcome<T>> {
  let reads = new ReadSet(store, isolation, { signal });
  for (;;) {
    const writes = new Map<string, Write>();
    const result = await apply({
      get: async (key) => {
        const write = writes.get(nameOf(key));
        return write === undefined ? (await reads.get(key)).kv?.value : write.value;
      },
      revision: async (key) => (await reads.get(key)).kv?.mod_revision ?? 0,
      put: (key, value, lease) => void writes.set(nameOf(key), { key, value, lease }),
      delete: (key) => void writes.set(nameOf(key), { key, value: undefined }),
    });
    const seen = await reads.seen();
    const request = {
      compare: seen.map(isUnchanged),
      success: Array.from(writes.values(), writeRequest),
      failure: seen.map(({ key }) => ({ request_range: { key } })),
    };
    const response = await store.txn(request, { signal });
    if (response.succeeded) return { result, response };
    reads = reads.renewed(seen, response);
  }
}

/** A key, as a map can hold it. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1');
}

/** A key that was read, and what was there. */
interface Seen {
  readonly key: Uint8Array;
  readonly kv: KeyValue | undefined;
}

/** What was read so far, each key once. */
class ReadSet {
  readonly #store: KeyStore;
  readonly #isolation: Isolation;
  readonly #options: WaitOptions;
  readonly #reads = new Map<string, Promise<Seen>>();
  /** Known from the answer to the run before; only what is asked for again counts as read. */
  #known: ReadonlyMap<string, Seen> = new Map();
  /** At which all is read; undefined before the first read. */
  #revision: Promise<number> | undefined;

  constructor(store: KeyStore, isolation: Isolation, options: WaitOptions) {
    this.#store = store;
    this.#isolation = isolation;
    this.#options = options;
  }

  get(key: Uint8Array): Promise<Seen> {
    const name = nameOf(key);
    const known = this.#known.get(name);
    const read = this.#reads.get(name) ?? (known === undefined ? this.#fetch(key) : Promise.resolve(known));
    this.#reads.set(name, read);
    // The function may not wait for what it asks for; the end does.
    read.catch(() => undefined);
    return read;
  }

  /** All of them, also those that the function has not waited for. */
  seen(): Promise<Seen[]> {
    return Promise.all(this.#reads.values());
  }

  /** @returns that of the next run, which begins with what the failed transaction read again */
  renewed(seen: readonly Seen[], { header, responses }: TxnResponse): ReadSet {
    const next = new ReadSet(this.#store, this.#isolation, this.#options);
    next.#known = new Map(
      seen.map(({ key }, at) => [nameOf(key), { key, kv: responses[at]?.response_range?.kvs[0] }] as const),
    );
    next.#revision = Promise.resolve(header?.revision ?? 0);
    return next;
  }

  async #fetch(key: Uint8Array): Promise<Seen> {
    const response = await this.#range(key);
    return { key, kv: response.kvs[0] };
  }

  async #range(key: Uint8Array): Promise<RangeResponse> {
    if (this.#isolation === 'repeatable-reads') return this.#store.range({ key }, this.#options);
    if (this.#revision !== undefined) return this.#store.range({ key, revision: await this.#revision }, this.#options);
    const first = this.#store.range({ key }, this.#options);
    this.#revision = first.then(({ header }) => header?.revision ?? 0);
    this.#revision.catch(() => undefined);
    return first;
  }
}

/** To write; without a value: to delete. */
interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly lease?: bigint | undefined;
}

function writeRequest({ key, value, lease = 0n }: Write): Init<RequestOp> {
  return value === undefined ? { request_delete_range: { key } } : { request_put: { key, value, lease } };
}

function isUnchanged({ key, kv }: Seen): Init<Compare> {
  return { key, target: Compare_CompareTarget.MOD, mod_revision: kv?.mod_revision ?? 0 };
}
