// The history of one key: which revisions changed it, cut into generations. Mirrors etcd's mvcc/key_index.go.
//
// A generation runs from the put that creates the key to the tombstone that deletes it. The last generation is the
// current one; it is empty while the key is deleted. For put(1.0) put(2.0) tombstone(3.0) put(4.0):
//
//   generations: {1.0, 2.0, 3.0(t)}  {4.0}
//
//   compact(2) → {2.0, 3.0(t)} {4.0}     the value as of revision 2 stays readable
//   compact(3) → {3.0(t)} {4.0}          a tombstone exactly at the compact revision stays
//   compact(4) → {4.0}

import { AssertionError, assert } from '../assert.ts';
import type { Key } from '../keys.ts';
import { compareRevisions, type Revision } from './revision.ts';

interface Generation {
  /** The put that began it; kept when compaction drops that put itself. Undefined while empty. */
  created: Revision | undefined;
  /** Number of changes ever made in it: the version of the key after the last of them. */
  version: number;
  /** The changes still known, oldest first. */
  revisions: Revision[];
}

/** What a key looks like at some revision: where its last change is, where it was created, its version. */
export interface KeyState {
  readonly modified: Revision;
  readonly created: Revision;
  readonly version: number;
}

/** Whether a revision still has to be kept; filled by a compaction, keyed by {@link revisionId}. */
export type KeptRevisions = Set<string>;

/** A revision as a key of {@link KeptRevisions}. */
export function revisionId(revision: Revision): string {
  return `${revision.main}.${revision.sub}`;
}

export class KeyIndex {
  readonly key: Key;
  #modified: Revision | undefined;
  // Never empty; only the last may be without revisions.
  #generations: Generation[] = [emptyGeneration()];

  constructor(key: Key) {
    this.key = key;
  }

  /** Records a put at `revision`, which must be above every earlier one. */
  put(revision: Revision): void {
    this.#assertAfterLast(revision);
    const generation = this.#current();
    generation.created ??= revision;
    generation.revisions.push(revision);
    generation.version++;
    this.#modified = revision;
  }

  /** Records a delete at `revision` and begins a new, empty generation. The key must be live. */
  tombstone(revision: Revision): void {
    assert(this.isLive(), `tombstone ${revisionId(revision)} of a key that is not live`);
    this.put(revision);
    this.#generations.push(emptyGeneration());
  }

  /** Whether the key exists at the newest revision. */
  isLive(): boolean {
    return this.#current().revisions.length > 0;
  }

  /** The state of the key at main revision `atRevision`, or undefined when it did not exist then. */
  get(atRevision: number): KeyState | undefined {
    const generation = this.#generationAt(atRevision);
    if (generation === undefined) return undefined;
    const n = lastAtOrBefore(generation.revisions, atRevision);
    if (n < 0) return undefined;
    return {
      modified: generation.revisions[n] as Revision,
      created: generation.created as Revision,
      version: generation.version - (generation.revisions.length - n - 1),
    };
  }

  /**
   * Forgets what no read at `atRevision` or later can see, and adds to `kept` the one older revision that such a read
   * still needs: the newest at or below `atRevision`. A tombstone at exactly `atRevision` counts as needed (etcd 3.5.16 on).
   */
  compact(atRevision: number, kept: KeptRevisions): void {
    const { generationIndex, revisionIndex } = this.#findKept(atRevision, kept);
    const generation = this.#generations[generationIndex] as Generation;
    if (revisionIndex >= 0) generation.revisions.splice(0, revisionIndex);
    this.#generations.splice(0, generationIndex);
  }

  /** Adds to `kept` what {@link compact} would keep, less tombstones, and changes nothing. Hashes are built from it. */
  keep(atRevision: number, kept: KeptRevisions): void {
    const { generationIndex, revisionIndex } = this.#findKept(atRevision, kept);
    const generation = this.#generations[generationIndex] as Generation;
    const isTombstone =
      generationIndex < this.#generations.length - 1 && revisionIndex === generation.revisions.length - 1;
    if (isTombstone) kept.delete(revisionId(generation.revisions[revisionIndex] as Revision));
  }

  /** Whether nothing of the key is left: after a compaction such an index is dropped. */
  isEmpty(): boolean {
    return this.#generations.length === 1 && !this.isLive();
  }

  #current(): Generation {
    return this.#generations[this.#generations.length - 1] as Generation;
  }

  // The generation that covers atRevision: not one whose tombstone is at or before it, not one created after it.
  #generationAt(atRevision: number): Generation | undefined {
    const last = this.#generations.length - 1;
    for (let i = last; i >= 0; i--) {
      const generation = this.#generations[i] as Generation;
      if (generation.revisions.length === 0) continue;
      if (i !== last) {
        const tombstone = generation.revisions[generation.revisions.length - 1] as Revision;
        if (tombstone.main <= atRevision) return undefined;
      }
      if ((generation.revisions[0] as Revision).main <= atRevision) return generation;
    }
    return undefined;
  }

  // Finds the first generation a read at atRevision may need, and in it the newest revision at or before atRevision.
  #findKept(atRevision: number, kept: KeptRevisions): { generationIndex: number; revisionIndex: number } {
    let generationIndex = 0;
    while (generationIndex < this.#generations.length - 1) {
      const { revisions } = this.#generations[generationIndex] as Generation;
      const next = (this.#generations[generationIndex + 1] as Generation).revisions[0];
      // A key that is deleted and put again in one transaction begins its next generation at the revision of the tombstone.
      const isOutlived = next !== undefined && next.main <= atRevision;
      if ((revisions[revisions.length - 1] as Revision).main >= atRevision && !isOutlived) break;
      generationIndex++;
    }
    const { revisions } = this.#generations[generationIndex] as Generation;
    const revisionIndex = lastAtOrBefore(revisions, atRevision);
    if (revisionIndex >= 0) kept.add(revisionId(revisions[revisionIndex] as Revision));
    return { generationIndex, revisionIndex };
  }

  #assertAfterLast(revision: Revision): void {
    if (this.#modified === undefined || compareRevisions(revision, this.#modified) > 0) return;
    throw new AssertionError(`revision ${revisionId(revision)} is not after ${revisionId(this.#modified)}`);
  }
}

function emptyGeneration(): Generation {
  return { created: undefined, version: 0, revisions: [] };
}

// Index of the last revision whose main is at or before atRevision, or -1. The newest is asked for most: look there first.
function lastAtOrBefore(revisions: readonly Revision[], atRevision: number): number {
  let low = 0;
  let high = revisions.length;
  if (high > 0 && (revisions[high - 1] as Revision).main <= atRevision) return high - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((revisions[middle] as Revision).main <= atRevision) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
