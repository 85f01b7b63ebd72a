// A member of the small world: the step's RawNode between a disk and a network, driven by the loop of server/raft_loop.ts:
//
//   leader     send │ write and sync │ apply │ advance
//   follower        │ write and sync │ send │ apply │ advance
//
// In the server a sync blocks the whole process. So it does here: what arrives meanwhile waits in the inbox.

import type { RaftEntry, RaftMessage } from '../../../proto/schema.ts';
import type { Random } from '../random.ts';
import { StepDisk } from './disk.ts';
import type { NewNode, StepNode, StepRaft, StepReady } from './raft_port.ts';
import type { EventKind } from './trace.ts';
import { nameOf } from './values.ts';

export const TICK_MS = 100;
export const ELECTION_TICKS = 10;
const SYNC_MS = [5, 15] as const;

/** What a member needs of the world. */
export interface MemberPort {
  readonly newNode: NewNode;
  readonly memberIds: readonly bigint[];
  plan(delayMs: number, task: () => void): void;
  note(kind: EventKind, member: number, text: string): void;
  send(message: RaftMessage): void;
  /** A new life begins with this state. */
  onStart(member: number, raft: StepRaft): void;
  /** Raft may have changed. */
  onChange(member: number, raft: StepRaft): void;
  onApply(member: number, entry: RaftEntry): void;
  /** Raft itself refused to go on. */
  onThrow(member: number, error: unknown): void;
}

export class StepMember {
  readonly id: number;
  readonly disk = new StepDisk();
  /** The names of the values that were applied in this life, in order. */
  applied: string[] = [];
  readonly #port: MemberPort;
  readonly #random: Random;
  #node: StepNode | undefined;
  // Counts lives: what was planned in an earlier one does not happen.
  #life = 0;
  #isSyncing = false;
  #inbox: (() => void)[] = [];
  #hasTick = false;
  #seenRole = 'follower';
  #seenTerm = 0;
  #committed = 0;

  constructor(id: number, port: MemberPort, random: Random) {
    this.id = id;
    this.#port = port;
    this.#random = random;
  }

  /** Its raft; undefined while it is off. */
  get raft(): StepRaft | undefined {
    return this.#node?.raft;
  }

  /** Whether it waits for its disk. */
  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  /** Begins a life with what is on the disk. */
  start(): void {
    if (this.#node !== undefined) return;
    const { hardState, entries } = this.disk.content;
    const { newNode, memberIds: members } = this.#port;
    const random = (below: number): number => this.#random.below(below);
    const id = BigInt(this.id);
    this.applied = [];
    this.#node = newNode({ id, members, electionTick: ELECTION_TICKS, hardState, entries, random });
    const { term, vote, log } = this.#node.raft;
    this.#seenRole = this.#node.raft.role;
    this.#seenTerm = term;
    this.#committed = log.committed;
    this.#note(
      'power',
      `starts with term ${term}, ${vote === 0n ? 'no vote' : `vote for n${vote}`}, ${log.lastIndex()} entries`,
    );
    this.#port.onStart(this.id, this.#node.raft);
    this.#planTick(this.#random.below(TICK_MS));
    this.#handle(() => {});
  }

  /** The power fails: what was not synced is lost, and so is all that is not on the disk. */
  crash(): void {
    if (this.#node === undefined) return;
    this.#note('power', this.disk.isDirty ? 'loses power, and a write that was not synced' : 'loses power');
    this.disk.crash();
    this.#node = undefined;
    this.#life++;
    this.#isSyncing = false;
    this.#hasTick = false;
    this.#inbox = [];
  }

  /** A message arrives. Returns whether there was anybody to take it. */
  receive(message: RaftMessage): boolean {
    return this.#handle((node) => node.step(message));
  }

  /** Gives it a value to propose; it is dropped when there is no leader. */
  propose(payload: Uint8Array): void {
    this.#handle((node) => node.propose([payload]));
  }

  /** Lets it campaign now, as if it had heard of no leader for long. */
  campaign(): void {
    this.#handle((node) => {
      if (node.raft.role !== 'leader') node.campaign();
    });
  }

  #planTick(delayMs: number): void {
    this.#inThisLife(delayMs, () => {
      this.#planTick(TICK_MS);
      // Ticks that pass during a sync are one tick afterwards, as with setInterval.
      if (this.#hasTick) return;
      this.#hasTick = true;
      this.#handle((node) => {
        this.#hasTick = false;
        node.tick();
      });
    });
  }

  #inThisLife(delayMs: number, task: () => void): void {
    const life = this.#life;
    this.#port.plan(delayMs, () => {
      if (life === this.#life) task();
    });
  }

  #handle(input: (node: StepNode) => void): boolean {
    const node = this.#node;
    if (node === undefined) return false;
    if (this.#isSyncing) {
      this.#inbox.push(() => input(node));
      return true;
    }
    this.#guarded(() => {
      input(node);
      this.#run(node);
    });
    return true;
  }

  #guarded(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#port.onThrow(this.id, error);
    }
  }

  #run(node: StepNode): void {
    this.#look(node);
    while (node.hasReady()) {
      const ready = node.ready();
      const isLeader = node.raft.role === 'leader';
      if (isLeader) this.#send(ready);
      if (ready.mustSync) {
        this.#save(node, ready, isLeader);
        return;
      }
      this.#finish(node, ready, isLeader);
    }
  }

  #save(node: StepNode, ready: StepReady, isLeader: boolean): void {
    const { hardState, entries } = ready;
    this.disk.write(hardState, entries);
    this.#isSyncing = true;
    const vote = hardState.vote === 0n ? 'no vote' : `vote for n${hardState.vote}`;
    const range = entries.map(({ Index }) => Index).join(', ');
    this.#note('write', `writes term ${hardState.term}, ${vote}${range === '' ? '' : `, entries ${range}`}`);
    const [least, most] = SYNC_MS;
    this.#inThisLife(least + this.#random.below(most - least + 1), () => {
      this.disk.sync();
      this.#isSyncing = false;
      this.#note('sync', 'has synced');
      this.#guarded(() => {
        this.#finish(node, ready, isLeader);
        const inputs = this.#inbox;
        this.#inbox = [];
        for (const input of inputs) {
          input();
          this.#look(node);
        }
        this.#run(node);
      });
    });
  }

  #finish(node: StepNode, ready: StepReady, isLeader: boolean): void {
    if (!isLeader) this.#send(ready);
    for (const entry of ready.committedEntries) {
      const name = nameOf(entry.Data);
      if (name !== '') this.applied.push(name);
      this.#note('apply', `applies entry ${entry.Index} of term ${entry.Term}${name === '' ? '' : ` "${name}"`}`);
      this.#port.onApply(this.id, entry);
    }
    node.advance(ready);
  }

  #send({ messages }: StepReady): void {
    for (const message of messages) this.#port.send(message);
  }

  // Says what became of the member, and has it checked.
  #look({ raft }: StepNode): void {
    const { role, term, log } = raft;
    if (role === 'follower' && role !== this.#seenRole) this.#note('role', `becomes a follower, in term ${term}`);
    else if (role === 'leader' && role !== this.#seenRole) this.#note('role', `leads term ${term}`);
    else if (term !== this.#seenTerm && role === 'candidate') this.#note('role', `stands for election in term ${term}`);
    else if (term !== this.#seenTerm) this.#note('term', `is in term ${term} now`);
    this.#seenRole = role;
    this.#seenTerm = term;
    if (log.committed > this.#committed)
      this.#note('commit', `knows that entries up to ${log.committed} are committed`);
    this.#committed = log.committed;
    this.#port.onChange(this.id, raft);
  }

  #note(kind: EventKind, text: string): void {
    this.#port.note(kind, this.id, `n${this.id} ${text}`);
  }
}
