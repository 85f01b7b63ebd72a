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
  // The current generation; empty while the key is deleted. Most keys have no other: so there is no list for one.
  #last: Generation = emptyGeneration();
  // Those before it, oldest first; none of them is empty.
  #older: Generation[] | undefined;

  /** Records a put at `revision`, which must be above every earlier one. */
  put(revision: Revision): void {
    this.#assertAfterLast(revision);
    const generation = this.#last;
    generation.created ??= revision;
    // A list of its exact length: one that grows reserves room for sixteen more.
    if (generation.revisions.length === 0) generation.revisions = [revision];
    else generation.revisions.push(revision);
    generation.version++;
  }

  /** Records a delete at `revision` and begins a new, empty generation. The key must be live. */
  tombstone(revision: Revision): void {
    assert(this.isLive(), `tombstone ${revisionId(revision)} of a key that is not live`);
    this.put(revision);
    this.#older ??= [];
    this.#older.push(this.#last);
    this.#last = emptyGeneration();
  }

  /**
   * Takes over a put of which the earlier ones are gone: it is the first known change of a generation that began at
   * `created` and has had `version` changes. The index must be new.
   */
  restore(modified: Revision, state: { readonly created: Revision; readonly version: number }): void {
    assert(this.isEmpty(), `restoring ${revisionId(modified)} of a key that is known`);
    this.#last = { created: state.created, version: state.version, revisions: [modified] };
  }

  /** Takes over a tombstone of which the puts before it are gone. The index must be new. */
  restoreTombstone(modified: Revision): void {
    this.restore(modified, { created: modified, version: 1 });
    this.#older = [this.#last];
    this.#last = emptyGeneration();
  }

  /** Whether the key exists at the newest revision. */
  isLive(): boolean {
    return this.#last.revisions.length > 0;
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
    const { position, generation, revisionIndex } = this.#findKept(atRevision, kept);
    if (revisionIndex >= 0) generation.revisions.splice(0, revisionIndex);
    this.#older?.splice(0, position);
    if (this.#older?.length === 0) this.#older = undefined;
  }

  /** Adds to `kept` what {@link compact} would keep, less tombstones, and changes nothing. Hashes are built from it. */
  keep(atRevision: number, kept: KeptRevisions): void {
    const { generation, revisionIndex } = this.#findKept(atRevision, kept);
    const isTombstone = generation !== this.#last && revisionIndex === generation.revisions.length - 1;
    if (isTombstone) kept.delete(revisionId(generation.revisions[revisionIndex] as Revision));
  }

  /** Whether nothing of the key is left: after a compaction such an index is dropped. */
  isEmpty(): boolean {
    return this.#older === undefined && !this.isLive();
  }

  // The generation that covers atRevision: not one whose tombstone is at or before it, not one created after it.
  #generationAt(atRevision: number): Generation | undefined {
    const { revisions } = this.#last;
    if (revisions.length > 0 && (revisions[0] as Revision).main <= atRevision) return this.#last;
    const older = this.#older ?? NO_GENERATIONS;
    for (let i = older.length - 1; i >= 0; i--) {
      const generation = older[i] as Generation;
      if (tombstoneOf(generation).main <= atRevision) return undefined;
      if ((generation.revisions[0] as Revision).main <= atRevision) return generation;
    }
    return undefined;
  }

  // Finds the first generation a read at atRevision may need, its position among all, and in it the newest revision at or
  // before atRevision.
  #findKept(atRevision: number, kept: KeptRevisions): Kept {
    const older = this.#older ?? NO_GENERATIONS;
    let position = 0;
    while (position < older.length) {
      const next = (older[position + 1] ?? this.#last).revisions[0];
      // A key that is deleted and put again in one transaction begins its next generation at the revision of the tombstone.
      const isOutlived = next !== undefined && next.main <= atRevision;
      if (tombstoneOf(older[position] as Generation).main >= atRevision && !isOutlived) break;
      position++;
    }
    const generation = older[position] ?? this.#last;
    const revisionIndex = lastAtOrBefore(generation.revisions, atRevision);
    if (revisionIndex >= 0) kept.add(revisionId(generation.revisions[revisionIndex] as Revision));
    return { position, generation, revisionIndex };
  }

  #assertAfterLast(revision: Revision): void {
    const before = this.#last.revisions.at(-1) ?? this.#older?.at(-1)?.revisions.at(-1);
    if (before === undefined || compareRevisions(revision, before) > 0) return;
    throw new AssertionError(`revision ${revisionId(revision)} is not after ${revisionId(before)}`);
  }
}

interface Kept {
  readonly position: number;
  readonly generation: Generation;
  readonly revisionIndex: number;
}

const NO_GENERATIONS: readonly Generation[] = [];

// The last change of a generation that is not the current one.
function tombstoneOf(generation: Generation): Revision {
  return generation.revisions.at(-1) as Revision;
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
