// What the small world asks of a step's raft: the public shape of its RawNode, no more. The class of every step from 05 on fits,
// also one with a mistake in it, so the world runs whichever it is given.

import type { RaftEntry, RaftHardState, RaftMessage } from '../../../proto/schema.ts';

/** What can be seen of the log of a member. */
export interface StepLog {
  readonly committed: number;
  readonly applied: number;
  lastIndex(): number;
  /** The term of the entry at `index`; 0 where there is none. */
  term(index: number): number;
  /** Entries from `index` on, at least one where there is one; not always all of them. */
  entriesFrom(index: number): readonly RaftEntry[];
}

/** What can be seen of the state machine raft itself. */
export interface StepRaft {
  readonly role: 'follower' | 'candidate' | 'leader';
  readonly term: number;
  readonly vote: bigint;
  readonly lead: bigint;
  /** Ticks since the last sign of a leader. */
  readonly electionElapsed: number;
  readonly log: StepLog;
}

/** What raft wants to have done. */
export interface StepReady {
  readonly hardState: RaftHardState;
  readonly entries: readonly RaftEntry[];
  readonly mustSync: boolean;
  readonly messages: readonly RaftMessage[];
  readonly committedEntries: readonly RaftEntry[];
}

/** The RawNode of a step. */
export interface StepNode {
  readonly raft: StepRaft;
  tick(): void;
  campaign(): void;
  propose(payloads: readonly Uint8Array[]): void;
  step(message: RaftMessage): void;
  hasReady(): boolean;
  ready(): StepReady;
  advance(ready: StepReady): void;
}

/** What a RawNode is made from. */
export interface StepConfig {
  readonly id: bigint;
  readonly members: readonly bigint[];
  readonly electionTick: number;
  readonly hardState: RaftHardState;
  readonly entries: readonly RaftEntry[];
  readonly random: (below: number) => number;
}

/** Makes the RawNode of one step. */
export type NewNode = (config: StepConfig) => StepNode;

/** All entries of a log, in order. */
export function entriesOf(log: StepLog): RaftEntry[] {
  const entries: RaftEntry[] = [];
  while (entries.length < log.lastIndex()) entries.push(...log.entriesFrom(entries.length + 1));
  return entries;
}
