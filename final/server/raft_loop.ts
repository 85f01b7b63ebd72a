// The one order of changes: proposals become log entries, entries become durable, durable entries are applied. Mirrors etcd's
// etcdserver/raft.go. With one member there is nobody to ask, so an entry is committed as soon as it is on the disk; raft
// takes this place when there are more.
//
// Group commit: whatever is proposed while a batch is on its way to the disk makes up the next batch, with one write and one
// sync. Nothing is applied, and so nobody is answered, before the sync of its batch.

import type { RaftEntry } from '../../proto/schema.ts';
import { EtcdError } from '../core/errors.ts';
import { INLINE_SYNC_MS, MAX_PENDING_BYTES, MAX_PENDING_PROPOSALS } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Wal } from '../storage/wal/wal.ts';

/** Index and term of an entry. */
export interface Position {
  readonly index: number;
  readonly term: number;
}

export interface RaftLoopOptions {
  readonly wal: Wal;
  readonly clock: Clock;
  readonly localMemberId: bigint;
  /** The entry before the first one that is proposed here. */
  readonly last: Position;
  /** Called behind each batch that was applied, before the next one is written; the next one waits for it. */
  readonly afterBatch: (applied: Position) => void | Promise<void>;
  /** Ends the process; for a disk that fails, and for a change that broke off half-way. */
  readonly crash: (error: unknown) => never;
}

interface Pending {
  readonly type: number;
  readonly data: Uint8Array | undefined;
  readonly apply: (position: Position) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class RaftLoop {
  readonly #options: RaftLoopOptions;
  readonly #term: number;
  #index: number;
  #applied: number;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #isRunning = false;
  #isStopped = false;
  #idle: Promise<void> = Promise.resolve();
  // What the last sync took, in ms: it decides whether waiting for it is worth a detour through the event loop.
  #syncMs = 0;

  /** Begins a new term. */
  constructor(options: RaftLoopOptions) {
    this.#options = options;
    this.#term = options.last.term + 1;
    this.#index = options.last.index;
    this.#applied = options.last.index;
  }

  get term(): number {
    return this.#term;
  }

  /** Index of the last entry, applied or not. */
  get index(): number {
    return this.#index;
  }

  /** Index of the last entry that is applied. */
  get applied(): number {
    return this.#applied;
  }

  /**
   * Gives an entry its place. Resolves to what `apply` returns, once the entry is on the disk and applied, in order; what
   * `apply` throws rejects, if it is an EtcdError, and ends the process if it is anything else. Errors: Stopped,
   * RequestTooManyRequests.
   */
  propose<T>(
    entry: { readonly type: number; readonly data: Uint8Array | undefined },
    apply: (at: Position) => T,
  ): Promise<T> {
    if (this.#isStopped) return Promise.reject(new EtcdError('Stopped'));
    const bytes = entry.data?.length ?? 0;
    const isFull = this.#pending.length >= MAX_PENDING_PROPOSALS || this.#pendingBytes + bytes > MAX_PENDING_BYTES;
    if (isFull) return Promise.reject(new EtcdError('RequestTooManyRequests'));
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ ...entry, apply, resolve: resolve as (result: unknown) => void, reject });
      this.#pendingBytes += bytes;
      this.#wake();
    });
  }

  /** Takes no further proposals; resolves when those before are applied. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#idle;
  }

  // Not at once: other connections may have proposals too that came in with the same turn of the event loop.
  #wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#idle = new Promise((resolve) => {
      this.#options.clock.soon(() => {
        this.#run().then(resolve, (error: unknown) => this.#options.crash(error));
      });
    });
  }

  async #run(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      this.#pendingBytes = 0;
      await this.#save(batch);
      for (const pending of batch) this.#apply(pending);
      const rest = this.#options.afterBatch({ index: this.#applied, term: this.#term });
      if (rest !== undefined) await rest;
    }
    this.#isRunning = false;
  }

  // The hard state comes behind the entries that it commits: read back, it never names one that is not there.
  async #save(batch: readonly Pending[]): Promise<void> {
    const { wal, clock, localMemberId } = this.#options;
    const entries = batch.map(
      ({ type, data }): RaftEntry => ({ Type: type, Term: this.#term, Index: ++this.#index, Data: data }),
    );
    wal.save({ term: this.#term, vote: localMemberId, commit: this.#index }, entries);
    const begin = clock.now();
    // A short sync for one client is over before the event loop would come round; others have their requests read meanwhile.
    if (batch.length === 1 && this.#syncMs < INLINE_SYNC_MS) wal.sync();
    else await wal.syncInBackground();
    this.#syncMs = clock.now() - begin;
  }

  #apply({ apply, resolve, reject }: Pending): void {
    this.#applied++;
    try {
      resolve(apply({ index: this.#applied, term: this.#term }));
    } catch (error) {
      if (!(error instanceof EtcdError)) this.#options.crash(error);
      reject(error);
    }
  }
}
