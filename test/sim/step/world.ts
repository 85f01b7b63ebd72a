// The small world: a few members that each run the step's own raft, with a disk each, a network between them and one clock, all
// of it decided by a seed and a list of actions. Nothing in it waits, so it runs in a browser as it does in Node, and the same
// seed and actions give the same run: Trace.hash is equal.

import type { RaftMessage } from '../../../proto/schema.ts';
import { EventQueue } from '../event_queue.ts';
import { Random } from '../random.ts';
import type { Action, TimedAction } from './actions.ts';
import { Checks, type Violation } from './checks.ts';
import { StepMember } from './member.ts';
import { messageText } from './message_text.ts';
import { type Flight, StepNetwork } from './network.ts';
import type { NewNode } from './raft_port.ts';
import { type EventKind, Trace } from './trace.ts';
import { valueOf } from './values.ts';

export interface WorldOptions {
  readonly newNode: NewNode;
  /** How many members, 1 to 9. */
  readonly members: number;
  readonly seed: number;
  /** What will be done, in order of time. */
  readonly actions?: readonly TimedAction[];
}

export class StepWorld {
  readonly members: readonly StepMember[];
  readonly network: StepNetwork;
  readonly trace = new Trace();
  /** The first rule that was broken. From then on nothing moves. */
  violation: Violation | undefined;
  readonly #queue = new EventQueue<() => void>();
  readonly #actions: TimedAction[];
  #actionsDone = 0;
  #now = 0;
  #done = 0;

  constructor(options: WorldOptions) {
    this.#actions = [...(options.actions ?? [])].sort((a, b) => a.at - b.at);
    const random = new Random(options.seed);
    const checks = new Checks((violation) => this.#stop(violation));
    const plan = (delayMs: number, task: () => void): void => this.#queue.push(this.#now + delayMs, task);
    this.network = this.#newNetwork(plan, random.fork());
    const ids = Array.from({ length: options.members }, (_, i) => i + 1);
    const port = {
      newNode: options.newNode,
      memberIds: ids.map(BigInt),
      plan,
      note: (kind: EventKind, member: number, text: string) => this.#note(kind, member, text),
      send: (message: RaftMessage) => {
        const [from, to] = [Number(message.from), Number(message.to)];
        // Its entries are shared, and nobody changes an entry.
        const sent = { ...message, entries: [...message.entries] };
        this.#note('send', from, `n${from} sends n${to} ${messageText(sent)}`);
        checks.onSend(from, sent);
        this.network.send(sent);
      },
      onStart: checks.onStart.bind(checks),
      onChange: checks.onChange.bind(checks),
      onApply: checks.onApply.bind(checks),
      onThrow: (member: number, error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        this.#stop({ rule: 'raftStopped', text: `n${member}: ${text}` });
      },
    };
    this.members = ids.map((id) => new StepMember(id, port, random.fork()));
    for (const member of this.members) member.start();
  }

  /** Ms since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** How many things have happened: together with the actions, the position in a run. */
  get done(): number {
    return this.#done;
  }

  /** What was done and is yet to be done, in order of time. */
  get actions(): readonly TimedAction[] {
    return this.#actions;
  }

  /** How many of `actions` were done. */
  get actionsDone(): number {
    return this.#actionsDone;
  }

  /** The member that leads, of several the one of the highest term. */
  get leader(): StepMember | undefined {
    const leaders = this.members.filter(({ raft }) => raft?.role === 'leader');
    return leaders.sort((a, b) => (b.raft?.term ?? 0) - (a.raft?.term ?? 0))[0];
  }

  /** Lets the next thing happen if it does until the moment `untilMs`. Returns whether it did. */
  step(untilMs = Number.POSITIVE_INFINITY): boolean {
    if (this.violation !== undefined) return false;
    const next = this.#queue.first;
    const planned = this.#actions[this.#actionsDone];
    // Members tick for ever, but all of them may be off.
    const isAction = planned !== undefined && (next === undefined || planned.at < next.at);
    const at = isAction ? planned.at : next?.at;
    if (at === undefined || at > untilMs) return false;
    this.#now = Math.max(this.#now, at);
    this.#done++;
    if (isAction) {
      this.#actionsDone++;
      this.#act(planned.action);
    } else {
      this.#queue.pop()?.what();
    }
    return true;
  }

  /** Lets everything happen up to the moment `ms`. */
  runTo(ms: number): void {
    while (this.step(ms));
    if (this.violation === undefined) this.#now = Math.max(this.#now, ms);
  }

  /** Does something now, behind whatever else happens at this moment. */
  act(action: Action): void {
    this.runTo(this.#now);
    if (this.violation !== undefined) return;
    this.#actions.splice(this.#actionsDone, 0, { at: this.#now, action });
    this.step(this.#now);
  }

  #newNetwork(plan: (delayMs: number, task: () => void) => void, random: Random): StepNetwork {
    const now = (): number => this.#now;
    const port = {
      get now() {
        return now();
      },
      plan,
      deliver: (flight: Flight) => this.#deliver(flight),
      lose: ({ from, to, message }: Flight, why: string) =>
        this.#note('lose', to, `${messageText(message)} from n${from} to n${to} is lost: ${why}`),
    };
    return new StepNetwork(port, random);
  }

  #deliver({ from, to, message }: Flight): void {
    const member = this.members[to - 1];
    if (member?.raft === undefined)
      this.#note('lose', to, `${messageText(message)} from n${from} is lost: n${to} is off`);
    else {
      this.#note('receive', to, `n${to} receives from n${from} ${messageText(message)}`);
      member.receive(message);
    }
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'propose': {
        const member = action.member === 0 ? this.leader : this.members[action.member - 1];
        const name = member === undefined ? 'nobody, since nobody leads' : `n${member.id}`;
        this.#note('propose', member?.id, `a client gives "${action.value}" to ${name}`);
        member?.propose(valueOf(action.value, action.size));
        return;
      }
      case 'crash':
        return this.members[action.member - 1]?.crash();
      case 'start':
        return this.members[action.member - 1]?.start();
      case 'campaign':
        this.#note('role', action.member, `n${action.member} is told to campaign`);
        return this.members[action.member - 1]?.campaign();
      case 'weather':
        return this.#change(action);
      case 'cut':
      case 'join':
      case 'split':
      case 'heal':
        return this.#link(action);
    }
  }

  #change({ loss, repeat, delay }: Action & { kind: 'weather' }): void {
    const [shortest, longest] = delay;
    this.network.weather = {
      loss: loss / 100,
      repeat: repeat / 100,
      delay: [Math.min(shortest, longest), Math.max(shortest, longest)],
    };
    this.#note(
      'network',
      undefined,
      `of 100 messages ${loss} get lost and ${repeat} come twice; they take ${delay.join(' to ')} ms`,
    );
  }

  #link(action: Action & { kind: 'cut' | 'join' | 'split' | 'heal' }): void {
    if (action.kind === 'heal') {
      this.network.heal();
      this.#note('network', undefined, 'all links work');
    } else if (action.kind === 'split') {
      const { group } = action;
      const others = this.members.map(({ id }) => id).filter((id) => !group.includes(id));
      for (const a of group) for (const b of others) this.network.cut(a, b);
      this.#note('network', undefined, `links between ${names(group)} and ${names(others)} are cut`);
    } else {
      const { kind, a, b } = action;
      this.network[kind](a, b);
      this.#note('network', undefined, `the link between n${a} and n${b} ${kind === 'cut' ? 'is cut' : 'works again'}`);
    }
  }

  #note(kind: EventKind, member: number | undefined, text: string): void {
    // What a member does in the very event that broke a rule is not of interest any more.
    if (this.violation === undefined) this.trace.add({ at: this.#now, kind, member, text });
  }

  #stop(violation: Violation): void {
    if (this.violation !== undefined) return;
    this.trace.add({
      at: this.#now,
      kind: 'violation',
      member: undefined,
      text: `${violation.rule}: ${violation.text}`,
    });
    this.violation = violation;
  }
}

function names(members: readonly number[]): string {
  return members.length === 0 ? 'nobody' : members.map((id) => `n${id}`).join(', ');
}
