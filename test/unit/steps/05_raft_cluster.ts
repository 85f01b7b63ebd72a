// A cluster of the raft of step 05 in one process, driven by a seeded random: messages get lost, doubled and reordered,
// members are cut off and crash between any two steps of the Ready loop. After each step the promises of raft are checked.
// A run depends on its seed alone.

import assert from 'node:assert/strict';
import type { RaftEntry, RaftHardState, RaftMessage } from '../../../proto/schema.ts';
import { RawNode } from '../../../steps/05-raft/core/raft/rawnode.ts';
import { Random } from '../../sim/random.ts';

/** Bugs that a run can have planted, to see that they are found. */
export type PlantedBug = 'forget-vote' | 'vote-for-all' | 'forget-entries' | 'count-alone';

/** What happened in a run: a run in which nothing happens proves nothing. */
export interface Outcome {
  elections: number;
  committed: number;
  crashes: number;
}

const IDS = [1n, 2n, 3n] as const;
const STEPS = 2000;
const HEALING_ROUNDS = 300;

interface Member {
  readonly id: bigint;
  node: RawNode;
  /** What is on its disk. */
  hardState: RaftHardState;
  entries: RaftEntry[];
  applied: number;
}

export class Cluster {
  readonly outcome: Outcome = { elections: 0, committed: 0, crashes: 0 };
  readonly #random: Random;
  readonly #bug: PlantedBug | undefined;
  readonly #members: Member[];
  readonly #messages: RaftMessage[] = [];
  readonly #cutOff = new Set<bigint>();
  // By term: who led it.
  readonly #leaders = new Map<number, bigint>();
  // What was applied first at each index; nobody may apply anything else there.
  readonly #applied: string[] = [];
  #count = 0;

  constructor(seed: number, bug?: PlantedBug) {
    this.#random = new Random(seed);
    this.#bug = bug;
    this.#members = IDS.map((id) => {
      const disk = { hardState: { term: 0, vote: 0n, commit: 0 }, entries: [] };
      return { id, ...disk, applied: 0, node: this.#start(id, disk) };
    });
  }

  /** Runs disorder, then ends it and expects the members to agree. Throws when a promise is broken. */
  run(): Outcome {
    for (let i = 0; i < STEPS; i++) {
      this.#step();
      this.#check();
    }
    this.#heal();
    this.outcome.elections = this.#leaders.size;
    this.outcome.committed = this.#applied.length;
    return this.outcome;
  }

  #step(): void {
    const member = this.#random.pick(this.#members);
    const dice = this.#random.below(1000);
    if (dice < 450) this.#deliverSome();
    else if (dice < 800) this.#handleReady(member, this.#random.below(200));
    else if (dice < 880) member.node.tick();
    else if (dice < 970) member.node.propose([this.#data()]);
    else if (dice < 980 && member.node.raft.role !== 'leader') member.node.campaign();
    else if (dice < 984) this.#crash(member);
    else if (dice < 988) this.#cutOff.add(member.id);
    else this.#cutOff.clear();
  }

  #deliverSome(): void {
    for (let i = this.#random.below(6); i >= 0 && this.#messages.length > 0; i--) {
      const at = this.#random.below(Math.min(this.#messages.length, 8));
      const message = this.#messages[at] as RaftMessage;
      // One in sixteen stays and comes once more, one in sixteen gets lost.
      const fate = this.#random.below(16);
      if (fate !== 0) this.#messages.splice(at, 1);
      if (fate !== 1) this.#deliver(message);
    }
  }

  #deliver(message: RaftMessage): void {
    if (this.#cutOff.has(message.to) || this.#cutOff.has(message.from)) return;
    this.#member(message.to).node.step({ ...message });
  }

  // The loop of server/raft_loop.ts. `crashAt`: the step behind which the member crashes; a large number for none.
  #handleReady(member: Member, crashAt: number): void {
    const { node } = member;
    if (!node.hasReady()) return;
    const ready = node.ready();
    const isLeader = node.raft.role === 'leader';
    const steps = [
      () => isLeader && this.#messages.push(...ready.messages),
      () => ready.mustSync && save(member, ready.hardState, ready.entries),
      () => !isLeader && this.#messages.push(...ready.messages),
      () => this.#apply(member, ready.committedEntries),
    ];
    for (const [i, step] of steps.entries()) {
      step();
      if (i === crashAt) return this.#crash(member);
    }
    node.advance(ready);
  }

  #apply(member: Member, entries: readonly RaftEntry[]): void {
    for (const { Index, Term, Data } of entries) {
      assert.equal(Index, member.applied + 1, 'entries are applied in order');
      member.applied = Index;
      const text = `${Term}:${String(Data)}`;
      this.#applied[Index - 1] ??= text;
      assert.equal(text, this.#applied[Index - 1], `member ${member.id} applies another entry at ${Index}`);
    }
  }

  #crash(member: Member): void {
    this.outcome.crashes++;
    if (this.#bug === 'forget-vote') member.hardState = { ...member.hardState, vote: 0n };
    if (this.#bug === 'forget-entries')
      member.entries.length = Math.max(member.hardState.commit, member.entries.length - 1);
    member.applied = 0;
    member.node = this.#start(member.id, member);
  }

  #start(id: bigint, disk: Pick<Member, 'hardState' | 'entries'>): RawNode {
    const random = (below: number): number => this.#random.below(below);
    const node = new RawNode({ id, members: IDS, electionTick: 10, ...disk, random });
    const { log } = node.raft;
    // Entries of a megabyte would make a run slow: appends are cut after a few instead.
    const entriesFrom = log.entriesFrom.bind(log);
    log.entriesFrom = (index) => entriesFrom(index).slice(0, 1 + this.#random.below(3));
    if (this.#bug === 'vote-for-all') log.isUpToDate = () => true;
    if (this.#bug === 'count-alone') Object.defineProperty(node.raft, 'quorum', { value: 1 });
    return node;
  }

  #check(): void {
    for (const { id, node } of this.#members) {
      const { role, term } = node.raft;
      if (role !== 'leader') continue;
      assert.equal(this.#leaders.get(term) ?? id, id, `two leaders of term ${term}`);
      this.#leaders.set(term, id);
    }
    for (const [i, a] of this.#members.entries()) for (const b of this.#members.slice(i + 1)) checkLogs(a, b);
  }

  #heal(): void {
    this.#cutOff.clear();
    for (let round = 0; round < HEALING_ROUNDS; round++) {
      for (const member of this.#members) {
        member.node.tick();
        while (member.node.hasReady()) this.#handleReady(member, Infinity);
      }
      for (const message of this.#messages.splice(0)) this.#deliver(message);
      this.#check();
      if (this.#agrees()) return;
    }
    assert.fail(`the members do not agree ${HEALING_ROUNDS} rounds after all disorder ended`);
  }

  // Whether the newest leader has committed in its term, and all have applied what it has.
  #agrees(): boolean {
    const newest = Math.max(...this.#members.map(({ node }) => node.raft.term));
    const leader = this.#members.find(({ node }) => node.raft.role === 'leader' && node.raft.term === newest);
    if (leader === undefined) return false;
    const { log } = leader.node.raft;
    return log.term(log.committed) === newest && this.#members.every(({ applied }) => applied === log.lastIndex());
  }

  #member(id: bigint): Member {
    return this.#members[Number(id) - 1] as Member;
  }

  #data(): Uint8Array {
    this.#count++;
    return Uint8Array.of(this.#count >> 8, this.#count & 255);
  }
}

function save(member: Member, hardState: RaftHardState, entries: readonly RaftEntry[]): void {
  for (const entry of entries) member.entries.splice(entry.Index - 1, Infinity, entry);
  member.hardState = hardState;
}

// Log matching: where two logs have an entry of the same term, they are equal up to there.
function checkLogs(a: Member, b: Member): void {
  const [one, two] = [a.node.raft.log, b.node.raft.log];
  let index = Math.min(one.lastIndex(), two.lastIndex());
  while (index > 0 && one.term(index) !== two.term(index)) index--;
  for (; index > 0; index--) {
    assert.equal(one.term(index), two.term(index), `the logs of ${a.id} and ${b.id} differ in front of an equal entry`);
  }
}
