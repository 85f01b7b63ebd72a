// The disk of one member: what raft wants to remember, as it is read back at the next start. What is written but not synced is
// lost when the power fails.

import type { RaftEntry, RaftHardState } from '../../../proto/schema.ts';

/** What is read at a start. */
export interface DiskContent {
  readonly hardState: RaftHardState;
  readonly entries: readonly RaftEntry[];
}

export class StepDisk {
  #synced: DiskContent = { hardState: { term: 0, vote: 0n, commit: 0 }, entries: [] };
  #written: DiskContent | undefined;

  /** What a start would find now. */
  get content(): DiskContent {
    return this.#synced;
  }

  /** Whether something waits for a sync. */
  get isDirty(): boolean {
    return this.#written !== undefined;
  }

  /** Writes a record; entries replace those on the disk from the first one's index on. */
  write(hardState: RaftHardState, entries: readonly RaftEntry[]): void {
    const before = this.#written ?? this.#synced;
    const kept = entries[0] === undefined ? before.entries : before.entries.slice(0, entries[0].Index - 1);
    this.#written = { hardState, entries: [...kept, ...entries] };
  }

  /** What was written stays from now on. */
  sync(): void {
    this.#synced = this.#written ?? this.#synced;
    this.#written = undefined;
  }

  /** The power fails: what was not synced is lost. */
  crash(): void {
    this.#written = undefined;
  }
}
