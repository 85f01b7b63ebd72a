// A cluster of raft members in one process, driven by a seeded random: messages get lost, doubled and reordered, members
// are cut off, crash between any two steps and lose what was not written, log and members change. After each step the
// invariants of raft are checked. A run depends on its seed alone.

import assert from 'node:assert/strict';
import { ClusterInvariants } from '../../../../final/core/raft/invariants.ts';
import type { RawNode } from '../../../../final/core/raft/rawnode.ts';
import { RaftError } from '../../../../final/core/raft/errors.ts';
import { metadataOf } from '../../../../final/core/raft/storage.ts';
import {
  RaftConfChangeTransition,
  RaftConfChangeType,
  type RaftConfChangeSingle,
  type RaftMessage,
  RaftMessageType,
} from '../../../../proto/schema.ts';
import { type MemberOptions, ScriptMember } from '../../../scripts/raft/member.ts';
import { Random } from '../../../sim/random.ts';

/** Bugs that a run can have planted, to see that they are found. */
export type PlantedBug = 'commit-old-terms' | 'forget-vote' | 'vote-for-all' | 'shrink-quorum';

/** What happened in a run: a run in which nothing happens proves nothing. */
export interface Outcome {
  elections: number;
  committed: number;
  restarts: number;
  snapshots: number;
  confChanges: number;
  reads: number;
}

interface Action {
  readonly weight: number;
  readonly run: (member: ScriptMember) => void;
}

const STEPS = 1500;
// Elections and rounds of messages that a healed cluster may need until all is well.
const HEALING_ROUNDS = 400;

export class Simulation {
  readonly #random: Random;
  readonly #bug: PlantedBug | undefined;
  readonly #members: ScriptMember[] = [];
  #messages: RaftMessage[] = [];
  // Members that nobody hears, and who hear nobody.
  readonly #cutOff = new Set<bigint>();
  readonly #invariants = new ClusterInvariants();
  readonly outcome: Outcome = { elections: 0, committed: 0, restarts: 0, snapshots: 0, confChanges: 0, reads: 0 };
  readonly #leaders = new Set<number>();
  // By read context: what was committed anywhere when the read was asked.
  readonly #reads = new Map<string, number>();
  // How often each action is chosen. Each run has its own: what is rare in most is common in some.
  readonly #weights: readonly number[];
  #isHealing = false;
  #count = 0;

  constructor(seed: number, bug?: PlantedBug) {
    this.#random = new Random(seed);
    this.#bug = bug;
    this.#weights = this.#actions.map(({ weight }) => weight * this.#random.pick([1, 2, 6]));
    const voters = this.#random.pick([
      [1n, 2n, 3n],
      [1n, 2n, 3n, 4n, 5n],
    ]);
    const options = this.#options();
    for (let id = 1n; id <= 5n; id++) {
      const initial = voters.includes(id) ? { index: 1, voters } : { index: 0, voters: [] };
      this.#members.push(new ScriptMember({ ...options, id }, { ...initial, learners: [], content: '' }));
    }
    for (const member of this.#members) this.#plant(member.node);
  }

  /** Runs disorder, then heals the cluster and expects it to agree and go on. Throws when an invariant breaks. */
  run(): Outcome {
    for (let i = 0; i < STEPS; i++) {
      this.#step();
      this.#check();
    }
    this.#heal();
    this.outcome.elections = this.#leaders.size;
    this.outcome.committed = this.#committedAnywhere();
    return this.outcome;
  }

  #options(): Omit<MemberOptions, 'id'> {
    const isCareful = this.#random.below(2) === 0;
    return {
      electionTick: 10,
      heartbeatTick: 1,
      maxSizePerMsg: this.#random.pick([0, 40, 1 << 20]),
      maxInflightMsgs: 1 + this.#random.below(4),
      maxUncommittedEntriesSize: this.#random.below(2) === 0 ? 0 : 30,
      preVote: this.#random.below(2) === 0,
      checkQuorum: isCareful,
      readOnlyOption: 'safe',
      random: (below) => this.#random.below(below),
    };
  }

  #step(): void {
    const member = this.#random.pick(this.#members);
    let ticket = this.#random.below(this.#weights.reduce((sum, weight) => sum + weight, 0));
    const at = this.#weights.findIndex((weight) => (ticket -= weight) < 0);
    (this.#actions[at] as Action).run(member);
  }

  readonly #actions: readonly Action[] = [
    { weight: 50, run: () => this.#deliverSome() },
    { weight: 30, run: (member) => this.#processReady(member) },
    { weight: 8, run: (member) => member.node.tick() },
    { weight: 10, run: (member) => this.#ifNotDropped(() => member.node.propose(this.#data())) },
    { weight: 3, run: (member) => this.#read(member) },
    { weight: 2, run: (member) => member.node.campaign() },
    { weight: 1, run: (member) => member.node.transferLeader(BigInt(1 + this.#random.below(5))) },
    { weight: 2, run: () => this.#proposeConfChange() },
    { weight: 1, run: (member) => this.#restart(member) },
    { weight: 3, run: (member) => this.#compact(member) },
    { weight: 1, run: (member) => member.node.reportUnreachable(BigInt(1 + this.#random.below(5))) },
    { weight: 1, run: (member) => this.#cutOff.add(member.id) },
    { weight: 2, run: () => this.#cutOff.clear() },
  ];

  #check(): void {
    const rafts = this.#members.map((member) => member.node.raft);
    this.#invariants.check(rafts);
    for (const raft of rafts) if (raft.role === 'leader') this.#leaders.add(raft.term);
  }

  #deliverSome(): void {
    for (let i = this.#random.below(6); i >= 0 && this.#messages.length > 0; i--) {
      const at = this.#random.below(Math.min(this.#messages.length, 6));
      const message = this.#messages[at] as RaftMessage;
      // One in sixteen stays and comes once more, one in sixteen gets lost.
      const fate = this.#random.below(16);
      if (fate !== 0) this.#messages.splice(at, 1);
      this.#deliver(message, fate === 1);
    }
  }

  #deliver(message: RaftMessage, isLost: boolean): void {
    const arrives = !isLost && !this.#cutOff.has(message.to) && !this.#cutOff.has(message.from);
    if (arrives) this.#ifNotDropped(() => this.#member(message.to).node.step({ ...message }));
    if (message.type !== RaftMessageType.MsgSnap) return;
    this.outcome.snapshots++;
    this.#member(message.from).node.reportSnapshot(message.to, arrives);
  }

  #processReady(member: ScriptMember): void {
    if (!member.node.hasReady()) return;
    const ready = member.node.ready();
    if (!this.#isHealing && this.#random.below(100) === 0) {
      // It crashes before it has written anything: nobody may have been told.
      this.#restart(member);
      return;
    }
    member.process(ready);
    for (const state of ready.readStates) this.#checkRead(state.index, String(state.requestCtx));
    for (const message of ready.messages) assert.notEqual(message.to, member.id, 'a message to oneself');
    this.#messages.push(...ready.messages);
  }

  #read(member: ScriptMember): void {
    const context = this.#data();
    this.#reads.set(String(context), this.#committedAnywhere());
    member.node.readIndex(context);
  }

  #checkRead(index: number, context: string): void {
    const before = this.#reads.get(context) as number;
    assert.ok(index >= before, `a read was answered with index ${index} though ${before} was committed before it`);
    this.outcome.reads++;
  }

  // A change of one member or of two at once; never one that leaves no voter.
  #proposeConfChange(): void {
    const leader = this.#newestLeader();
    if (leader === undefined) return;
    const single = (): RaftConfChangeSingle => {
      const types = Object.values(RaftConfChangeType);
      return { type: this.#random.pick(types), node_id: BigInt(1 + this.#random.below(5)) };
    };
    const change = single();
    const { voters } = leader.node.status().config;
    if (voters.incoming.length <= 2 && change.type !== RaftConfChangeType.ConfChangeAddNode) return;
    this.outcome.confChanges++;
    this.#ifNotDropped(() => {
      if (this.#random.below(2) === 0) {
        leader.node.proposeConfChange({ id: 0n, ...change, context: undefined });
        return;
      }
      const added = { type: RaftConfChangeType.ConfChangeAddNode, node_id: BigInt(1 + this.#random.below(5)) };
      const transition = RaftConfChangeTransition.ConfChangeTransitionAuto;
      leader.node.proposeConfChange({ transition, changes: [change, added], context: undefined });
    });
  }

  #restart(member: ScriptMember): void {
    this.outcome.restarts++;
    const { hardState } = member.storage.initialState();
    if (this.#bug === 'forget-vote') member.storage.setHardState({ ...hardState, vote: 0n });
    member.restart();
    this.#plant(member.node);
  }

  #compact(member: ScriptMember): void {
    const { index, conf_state } = metadataOf(member.storage.applied);
    const keep = Math.max(member.storage.firstIndex(), index - this.#random.below(4));
    if (index <= metadataOf(member.storage.persistedSnapshot()).index || keep > index) return;
    member.storage.createSnapshot(index, conf_state, member.content);
    member.storage.compact(keep);
  }

  #heal(): void {
    this.#cutOff.clear();
    this.#isHealing = true;
    for (let round = 0; round < HEALING_ROUNDS; round++) {
      for (const member of this.#members) {
        member.node.tick();
        while (member.node.hasReady()) this.#processReady(member);
      }
      const messages = this.#messages;
      this.#messages = [];
      for (const message of messages) this.#deliver(message, false);
      this.#check();
      if (this.#agrees()) return;
      const leader = this.#newestLeader();
      if (round % 40 === 39 && leader !== undefined) this.#ifNotDropped(() => leader.node.propose(this.#data()));
    }
    assert.fail(`the members do not agree ${HEALING_ROUNDS} rounds after all disorder ended`);
  }

  // Whether the newest leader has committed in its term, and all its voters have applied what it has.
  #agrees(): boolean {
    const leader = this.#newestLeader();
    if (leader === undefined) return false;
    const { log, term } = leader.node.raft;
    if (log.term(log.committed) !== term || log.committed !== log.lastIndex()) return false;
    const { voters } = leader.node.status().config;
    const isCaughtUp = voters.incoming.every((id) => this.#member(id).node.applied === log.lastIndex());
    if (!isCaughtUp) return false;
    for (const id of voters.incoming) assert.deepEqual(this.#member(id).content, leader.content);
    return true;
  }

  #newestLeader(): ScriptMember | undefined {
    const leaders = this.#members.filter((member) => member.node.role === 'leader');
    return leaders.sort((a, b) => b.node.term - a.node.term)[0];
  }

  // A single voter commits before it has written; that counts when it has.
  #committedAnywhere(): number {
    return Math.max(...this.#members.map(({ node, storage }) => Math.min(node.committed, storage.lastIndex())));
  }

  #member(id: bigint): ScriptMember {
    return this.#members[Number(id) - 1] as ScriptMember;
  }

  #data(): Uint8Array {
    this.#count++;
    return Uint8Array.of(1, this.#count >> 8, this.#count & 255);
  }

  // Proposals may be dropped, and answers of members that were removed are refused: that is as it should be.
  #ifNotDropped(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof RaftError)) throw error;
    }
  }

  #plant(node: RawNode): void {
    const { log, tracker } = node.raft;
    if (this.#bug === 'commit-old-terms') {
      log.maybeCommit = (index) => {
        if (index <= log.committed) return false;
        log.commitTo(index);
        return true;
      };
    } else if (this.#bug === 'vote-for-all') {
      log.isUpToDate = () => true;
    } else if (this.#bug === 'shrink-quorum') {
      tracker.committed = () => Math.max(...tracker.all.map((progress) => progress.match));
    }
  }
}
