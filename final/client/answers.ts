// What comes in over a stream, for a reader who takes it one by one: a queue that is an async iterator.

import { whenAborted } from './abort.ts';

/** Who fills a queue and who reads it know nothing of each other but this. */
export interface AnswersHooks {
  /** The reader has taken the last answer there was. */
  readonly onDrained?: () => void;
  /** The reader goes, and nothing more is to be put: it stopped reading, or its signal was aborted. */
  readonly onLeave: () => void;
  readonly signal?: AbortSignal | undefined;
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Reading it throws the error that it ended with, if any, and the reason of the signal; both once, then it is at its end. */
export class Answers<T> implements AsyncIterableIterator<T, undefined> {
  readonly #hooks: AnswersHooks;
  readonly #queue: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #ignoreSignal: () => void;
  #end: { readonly error?: unknown } | undefined;

  constructor(hooks: AnswersHooks) {
    this.#hooks = hooks;
    const { signal } = hooks;
    const onAbort = (): void => {
      this.#queue.length = 0;
      this.#finish({ error: signal?.reason });
      hooks.onLeave();
    };
    this.#ignoreSignal = whenAborted(signal, onAbort);
    // Whoever made this has not begun to fill it yet.
    if (signal?.aborted === true) queueMicrotask(onAbort);
  }

  /** How many wait to be read. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether nothing more can be put. */
  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  put(answer: T): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#queue.push(answer);
    else waiter.resolve({ done: false, value: answer });
  }

  /** Forgets the oldest of those that wait. */
  dropOldest(): void {
    this.#queue.shift();
  }

  /** What waits can still be read. */
  end(): void {
    this.#finish({});
  }

  /** What waits can still be read; behind it comes the error. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const answer = this.#queue.shift();
    if (answer !== undefined) {
      if (this.#queue.length === 0) this.#hooks.onDrained?.();
      return { done: false, value: answer };
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => void this.#waiters.push({ resolve, reject }));
    this.#end = {};
    if ('error' in end) throw end.error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#queue.length = 0;
    const isFirst = this.#end === undefined;
    this.#finish({});
    this.#end = {};
    if (isFirst) this.#hooks.onLeave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#ignoreSignal();
    const waiters = this.#waiters.splice(0);
    for (const [at, { resolve, reject }] of waiters.entries()) {
      // Those who wait have taken all there was.
      if (at === 0 && 'error' in end) reject(end.error);
      else resolve({ done: true, value: undefined });
    }
    if (waiters.length > 0) this.#end = {};
  }
}
