// Waits until what was committed by now is applied, for answers that depend on it and go past the log. Mirrors waitAppliedIndex of
// etcd's v3_server.go (spec/raft.md E8).

import { EtcdError } from '../core/errors.ts';
import { APPLY_WAIT_MS } from '../limits.ts';

export interface AppliedWaitOptions {
  readonly now: () => number;
  /** Index of the last committed entry, and of the last applied one. */
  readonly committed: () => number;
  readonly applied: () => number;
}

interface Waiting {
  readonly index: number;
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: EtcdError) => void;
}

export class AppliedWait {
  readonly #options: AppliedWaitOptions;
  // In the order of their coming, which is that of their indexes and deadlines.
  #waiting: Waiting[] = [];
  #isStopped = false;

  constructor(options: AppliedWaitOptions) {
    this.#options = options;
  }

  /** Nothing is to be waited for. */
  get isCaughtUp(): boolean {
    return this.#options.applied() >= this.#options.committed();
  }

  /** Resolves when it is so for what is committed now. Errors: TimeoutWaitAppliedIndex, Stopped. */
  wait(): Promise<void> {
    const index = this.#options.committed();
    if (this.#options.applied() >= index) return Promise.resolve();
    if (this.#isStopped) return Promise.reject(new EtcdError('Stopped'));
    const deadline = this.#options.now() + APPLY_WAIT_MS;
    return new Promise((resolve, reject) => void this.#waiting.push({ index, deadline, resolve, reject }));
  }

  /** To be called when more is applied. */
  onApplied(): void {
    if (this.#waiting.length === 0) return;
    const applied = this.#options.applied();
    this.#waiting = this.#waiting.filter(({ index, resolve }) => {
      if (index <= applied) resolve();
      return index > applied;
    });
  }

  /** Gives up what waits for too long. */
  tick(): void {
    const now = this.#options.now();
    this.#reject('TimeoutWaitAppliedIndex', ({ deadline }) => now >= deadline);
  }

  /** Ends all, and those who come later. */
  stop(): void {
    this.#isStopped = true;
    this.#reject('Stopped', () => true);
  }

  #reject(kind: 'TimeoutWaitAppliedIndex' | 'Stopped', isOver: (waiting: Waiting) => boolean): void {
    this.#waiting = this.#waiting.filter((waiting) => {
      if (isOver(waiting)) waiting.reject(new EtcdError(kind));
      return !isOver(waiting);
    });
  }
}
