// A compaction that is under way: the index first, then the log, in small steps with reads and writes between them.
// Mirrors etcd's mvcc/kvstore_compaction.go. The store answers as compacted from the moment it is scheduled; the steps only
// give the room back.

import type { TreeIndex } from './index.ts';
import { type KeptRevisions, revisionId } from './key_index.ts';
import type { Revision } from './revision.ts';
import type { RevisionLog } from './revision_log.ts';

export interface CompactionInput {
  readonly index: TreeIndex;
  readonly log: RevisionLog;
  /** Main revision that stays readable. */
  readonly revision: number;
}

export class Compaction {
  readonly revision: number;
  readonly #log: RevisionLog;
  readonly #kept: KeptRevisions = new Set();
  readonly #index: Iterator<void>;
  #isIndexDone = false;
  // Where the next batch of the log begins.
  #from: Revision = { main: 0, sub: 0 };

  constructor({ index, log, revision }: CompactionInput) {
    this.revision = revision;
    this.#log = log;
    this.#index = index.compact(revision, this.#kept);
  }

  /** Looks at up to `limit` keys, or at up to `limit` records of the log; returns whether there is more to do. */
  step(limit: number): boolean {
    if (!this.#isIndexDone) {
      for (let i = 0; i < limit && !this.#isIndexDone; i++) this.#isIndexDone = this.#index.next().done === true;
      return true;
    }
    const doomed: { readonly revision: Revision; readonly isTombstone: boolean }[] = [];
    let seen = 0;
    this.#log.scan(this.#from, ({ revision, isTombstone }) => {
      if (revision.main > this.revision || seen === limit) return false;
      seen++;
      this.#from = { main: revision.main, sub: revision.sub + 1 };
      if (!this.#kept.has(revisionId(revision))) doomed.push({ revision, isTombstone });
      return true;
    });
    for (const { revision, isTombstone } of doomed) this.#log.delete(revision, isTombstone);
    return seen === limit;
  }

  /** Does everything that is left. */
  run(limit: number): void {
    while (this.step(limit));
  }
}
