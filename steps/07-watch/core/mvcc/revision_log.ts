// The history: every change by its revision, oldest first. Nothing is compacted: all of it is kept in memory, and is there again
// after a start, when the log of raft is applied.

import type { Event } from '../../../../proto/schema.ts';

export class RevisionLog {
  readonly #events: Event[] = [];

  /** Adds the changes of one revision, above every earlier one. */
  append(events: readonly Event[]): void {
    for (const event of events) this.#events.push(event);
  }

  /** Visits the changes from revision `from` on, ascending, until `visit` returns false. */
  scan(from: number, visit: (event: Event) => boolean): void {
    for (let i = this.#lowerBound(from); i < this.#events.length; i++) {
      if (!visit(this.#events[i] as Event)) return;
    }
  }

  // Index of the first change at or after revision `from`.
  #lowerBound(from: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (revisionOf(this.#events[middle] as Event) < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The revision of a change. */
export function revisionOf({ kv }: Event): number {
  return kv?.mod_revision ?? 0;
}
