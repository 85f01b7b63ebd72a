// Linearizable reads: before a member answers from its own store, it learns from the leader, who asks a quorum, up to which
// index it must have applied. Many reads share one question. Mirrors the read loop of etcd's v3_server.go (spec/raft.md E7).

import { EtcdError, type ErrorKind } from '../core/errors.ts';
import { READ_INDEX_RETRY_MS } from '../limits.ts';

export interface ReadIndexOptions {
  /** Asks raft; the answer comes to `onReadState`, or is lost. */
  readonly ask: (context: Uint8Array) => void;
  readonly nextId: () => bigint;
  readonly now: () => number;
  /** Index of the last applied entry. */
  readonly applied: () => number;
  readonly timeoutMs: number;
  /** Has `collect` called soon. */
  readonly wake: () => void;
}

interface Read {
  /** When its caller gives up, in ms of the steady clock; Infinity for one that waits as long as it takes. */
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Batch {
  reads: Read[];
  readonly begin: number;
  /** The questions so far: a late answer to an earlier one holds as well. */
  readonly contexts: string[];
  askedAt: number;
  /** What the leader said; undefined before it has. */
  index: number | undefined;
}

export class ReadIndex {
  readonly #options: ReadIndexOptions;
  // Reads that came in since the question on its way was asked: its answer may be too old for them.
  #waiting: Read[] = [];
  #batch: Batch | undefined;
  #isStopped = false;

  constructor(options: ReadIndexOptions) {
    this.#options = options;
  }

  /**
   * Resolves when this member has applied everything that was acknowledged before the call. Errors: LeaderChanged, Timeout,
   * Stopped, and DeadlineExceeded after `deadlineMs`.
   */
  wait(deadlineMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#isStopped) return Promise.reject(new EtcdError('Stopped'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ deadline: this.#options.now() + deadlineMs, resolve, reject });
      this.#options.wake();
    });
  }

  /** Asks for the reads that wait, unless a question is on its way. */
  collect(): void {
    if (this.#batch !== undefined || this.#waiting.length === 0) return;
    const now = this.#options.now();
    this.#batch = { reads: this.#waiting, begin: now, contexts: [], askedAt: now, index: undefined };
    this.#waiting = [];
    this.#ask(this.#batch);
  }

  onReadState({ index, requestCtx }: { readonly index: number; readonly requestCtx: Uint8Array }): void {
    if (this.#batch === undefined || !this.#batch.contexts.includes(textOf(requestCtx))) return;
    this.#batch.index = index;
    this.onApplied();
  }

  /** To be called when more is applied. */
  onApplied(): void {
    const index = this.#batch?.index;
    if (index !== undefined && this.#options.applied() >= index) this.#end((read) => read.resolve());
  }

  onLeaderChange(): void {
    if (this.#batch?.index === undefined) this.#fail('LeaderChanged');
  }

  /** The first entry of a term is applied: a leader that could not answer before can now. */
  onFirstCommitInTerm(): void {
    if (this.#batch !== undefined && this.#batch.index === undefined) this.#ask(this.#batch);
  }

  /** Asks again what was not answered, and gives up what waits for too long. */
  tick(): void {
    const now = this.#options.now();
    this.#waiting = withoutExpired(this.#waiting, now);
    const batch = this.#batch;
    if (batch === undefined) return;
    batch.reads = withoutExpired(batch.reads, now);
    if (now - batch.begin >= this.#options.timeoutMs) this.#fail('Timeout');
    else if (batch.index === undefined && now - batch.askedAt >= READ_INDEX_RETRY_MS) this.#ask(batch);
  }

  /** Ends all reads, also those to come. */
  stop(): void {
    this.#isStopped = true;
    for (const read of this.#waiting) read.reject(new EtcdError('Stopped'));
    this.#waiting = [];
    this.#fail('Stopped');
  }

  #ask(batch: Batch): void {
    batch.askedAt = this.#options.now();
    const context = new Uint8Array(8);
    new DataView(context.buffer).setBigUint64(0, this.#options.nextId());
    batch.contexts.push(textOf(context));
    this.#options.ask(context);
  }

  #fail(kind: ErrorKind): void {
    this.#end((read) => read.reject(new EtcdError(kind)));
  }

  #end(tell: (read: Read) => void): void {
    const batch = this.#batch;
    this.#batch = undefined;
    for (const read of batch?.reads ?? []) tell(read);
    this.collect();
  }
}

function withoutExpired(reads: Read[], now: number): Read[] {
  for (const read of reads) if (now >= read.deadline) read.reject(new EtcdError('DeadlineExceeded'));
  return reads.filter((read) => now < read.deadline);
}

function textOf(context: Uint8Array): string {
  return String.fromCharCode(...context);
}
