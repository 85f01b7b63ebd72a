// Does the work of compactions in the background: a batch, a commit, a pause, until nothing is left. Mirrors etcd's
// mvcc/kvstore_compaction.go.

import type { Compaction } from '../core/mvcc/compaction.ts';
import type { Clock } from '../ports.ts';
import type { Backend } from '../storage/backend/backend.ts';
import { writeFinishedCompaction } from '../storage/schema/meta_bucket.ts';

export interface CompactorOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  /** Records that are looked at in one go. */
  readonly batchLimit: number;
  /** Pause between two batches, in ms. */
  readonly sleepMs: number;
  /** Told when a compaction is through, and how long that took, in ms. */
  /** Ends the process: a disk that fails. */
  readonly crash: (error: unknown) => never;
  readonly onFinished: (revision: number, tookMs: number) => void;
}

export class Compactor {
  readonly #options: CompactorOptions;
  #begin: () => void = () => {};
  // Each compaction begins when those before are through, and none before the member has started.
  #last = new Promise<void>((resolve) => {
    this.#begin = resolve;
  });
  #isStopped = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Begins with what was taken over so far. */
  start(): void {
    this.#begin();
  }

  /** Takes over a compaction. */
  add(compaction: Compaction): void {
    this.#last = this.#last.then(() => this.#run(compaction)).catch(this.#options.crash);
  }

  /** Resolves when every compaction so far is through and on the disk, or was stopped. */
  done(): Promise<void> {
    return this.#last;
  }

  /** Ends after the batch that is under way; the next start goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#begin();
    await this.#last;
  }

  async #run(compaction: Compaction): Promise<void> {
    const { backend, clock, batchLimit, sleepMs, onFinished } = this.#options;
    const begin = clock.now();
    while (!this.#isStopped) {
      const isMore = compaction.step(batchLimit);
      if (!isMore) {
        writeFinishedCompaction(backend, compaction.revision);
        onFinished(compaction.revision, clock.now() - begin);
      }
      await backend.commitInBackground();
      if (!isMore) return;
      await clock.sleep(sleepMs);
    }
  }
}
