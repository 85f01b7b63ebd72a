// What must hold in a cluster at any time, whatever is lost or late: the properties of figure 3 of the Raft paper, and the
// order of a member's own numbers. For tests, which check after each step.
//
// A member that crashes may forget what it has not written, but nobody was told of it. So what is compared over a restart is
// what is in the storage, and an entry counts as committed when a member has it committed and written.
//
// The checker remembers what it saw: who led a term, which entry was committed at an index, what each member's term was.

import type { RaftEntry } from '../../../proto/schema.ts';
import { assert } from '../assert.ts';
import { NO_LIMIT } from './entries.ts';
import type { Raft } from './raft.ts';

export class ClusterInvariants {
  readonly #leaderOf = new Map<number, bigint>();
  // The committed entry by index, and up to where each member's were compared.
  readonly #committed = new Map<number, RaftEntry>();
  // The term of each run of a member, and by member the one that it has written.
  readonly #termOf = new WeakMap<Raft, number>();
  readonly #writtenTermOf = new Map<bigint, number>();
  readonly #committedOf = new Map<bigint, number>();
  readonly #votes = new Map<string, bigint>();
  readonly #stateOf = new WeakMap<Raft, string>();

  /** Throws AssertionError when the states of the members contradict each other or what was seen before. */
  check(members: readonly Raft[]): void {
    const known = this.#committed.size;
    for (const raft of members) {
      this.#checkOwnNumbers(raft);
      this.#checkVote(raft);
      this.#checkElectionSafety(raft);
      this.#checkStateMachineSafety(raft);
    }
    const changed = new Set(members.filter((raft) => this.#hasChanged(raft)));
    const isCommitNew = this.#committed.size > known;
    for (const raft of members) {
      const isDue = raft.role === 'leader' && (isCommitNew || changed.has(raft));
      if (isDue) this.#checkLeaderCompleteness(raft, members);
    }
    for (const [i, a] of members.entries()) {
      for (const b of members.slice(i + 1)) if (changed.has(a) || changed.has(b)) checkLogMatching(a, b);
    }
  }

  // Whether the log or the role of a member is another than at the last check: only then it has to be compared again.
  #hasChanged(raft: Raft): boolean {
    const { log } = raft;
    const state = `${raft.role} ${raft.term} ${log.firstIndex()} ${log.lastIndex()} ${log.lastTerm()}`;
    const isNew = this.#stateOf.get(raft) !== state;
    this.#stateOf.set(raft, state);
    return isNew;
  }

  #checkOwnNumbers(raft: Raft): void {
    const { applied, committed } = raft.log;
    const last = raft.log.lastIndex();
    assert(applied <= committed, `member ${raft.id} applied ${applied}, beyond its commit index ${committed}`);
    assert(committed <= last, `member ${raft.id} committed ${committed}, beyond its last index ${last}`);
    const before = this.#termOf.get(raft) ?? this.#writtenTermOf.get(raft.id) ?? 0;
    assert(raft.term >= before, `the term of member ${raft.id} fell from ${before} to ${raft.term}`);
    this.#termOf.set(raft, raft.term);
  }

  // A member votes for one candidate in a term, also over a restart.
  #checkVote(raft: Raft): void {
    const { term, vote } = raft.options.storage.initialState().hardState;
    this.#writtenTermOf.set(raft.id, term);
    if (vote === 0n) return;
    const key = `${raft.id} ${term}`;
    const before = this.#votes.get(key) ?? vote;
    assert(before === vote, `member ${raft.id} voted for ${before} and ${vote} in term ${term}`);
    this.#votes.set(key, vote);
  }

  // A term has at most one leader.
  #checkElectionSafety(raft: Raft): void {
    if (raft.role !== 'leader') return;
    const before = this.#leaderOf.get(raft.term) ?? raft.id;
    assert(before === raft.id, `members ${before} and ${raft.id} both lead term ${raft.term}`);
    this.#leaderOf.set(raft.term, raft.id);
  }

  // All members commit the same entry at an index.
  #checkStateMachineSafety(raft: Raft): void {
    const committed = Math.min(raft.log.committed, raft.log.unstable.offset - 1);
    const known = this.#committedOf.get(raft.id) ?? 0;
    // A restart may forget the newest commit index: the entries behind it are then compared again.
    const from = Math.max(Math.min(known, committed) + 1, raft.log.firstIndex());
    for (const entry of from > committed ? [] : raft.log.slice(from, committed + 1, NO_LIMIT)) {
      const other = this.#committed.get(entry.Index) ?? entry;
      assert(isSame(entry, other), `members committed ${describe(entry)} and ${describe(other)}`);
      this.#committed.set(entry.Index, entry);
    }
    this.#committedOf.set(raft.id, committed);
  }

  // The leader of the highest term has all committed entries.
  #checkLeaderCompleteness(raft: Raft, members: readonly Raft[]): void {
    if (members.some((other) => other.role === 'leader' && other.term > raft.term)) return;
    for (const [index, entry] of this.#committed) {
      if (index < raft.log.firstIndex() || entry.Term > raft.term) continue;
      const isThere = raft.log.matchTerm(index, entry.Term);
      assert(isThere, `leader ${raft.id} of term ${raft.term} lacks the committed ${describe(entry)}`);
    }
  }
}

// Two logs that have the same entry at an index are the same up to there.
function checkLogMatching(a: Raft, b: Raft): void {
  const first = Math.max(a.log.firstIndex(), b.log.firstIndex());
  let index = Math.min(a.log.lastIndex(), b.log.lastIndex());
  while (index >= first && a.log.term(index) !== b.log.term(index)) index--;
  if (index < first) return;
  const entriesOfB = b.log.slice(first, index + 1, NO_LIMIT);
  for (const [i, entry] of a.log.slice(first, index + 1, NO_LIMIT).entries()) {
    const other = entriesOfB[i] as RaftEntry;
    const where = `members ${a.id} and ${b.id} agree at index ${index} but have`;
    assert(isSame(entry, other), `${where} ${describe(entry)} and ${describe(other)}`);
  }
}

function isSame(a: RaftEntry, b: RaftEntry): boolean {
  return a === b || (a.Term === b.Term && a.Index === b.Index && a.Type === b.Type && isSameData(a.Data, b.Data));
}

function isSameData(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return (a ?? b ?? []).length === 0;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function describe(entry: RaftEntry): string {
  return `entry ${entry.Term}/${entry.Index} of ${entry.Data?.length ?? 0} bytes`;
}
