// A run of misfortunes from a seed: members lose power, links are cut, messages get lost, late and repeated, and clients write all
// the while; at the end everything works again, and there must be progress.

import { Random } from '../random.ts';
import type { Action, TimedAction } from './actions.ts';
import { FAIR } from './network.ts';

export interface RandomFaultsOptions {
  readonly seed: number;
  readonly members: number;
  /** When everything works again, in ms. */
  readonly untilMs: number;
}

type Add = (at: number, action: Action) => void;

const BIG = 1024 * 1024;

/** The actions of a run, in order of time; behind `untilMs` there is none. */
export function randomFaults({ seed, members, untilMs }: RandomFaultsOptions): TimedAction[] {
  const random = new Random(seed);
  const actions: TimedAction[] = [];
  const add: Add = (at, action) => void actions.push({ at: Math.min(Math.round(at), untilMs), action });
  let count = 0;
  for (let at = 0; at < untilMs; at += 50 + random.below(400)) {
    const size = random.chance(0.1) ? { size: BIG } : {};
    add(at, { kind: 'propose', member: random.below(members + 1), value: `v${++count}`, ...size });
  }
  for (let at = 0; at < untilMs; at += 100 + random.below(900)) random.pick(FAULTS)(add, at, random, members);
  actions.sort((a, b) => a.at - b.at);
  add(untilMs, { kind: 'weather', loss: FAIR.loss * 100, repeat: FAIR.repeat * 100, delay: FAIR.delay });
  add(untilMs, { kind: 'heal' });
  for (let member = 1; member <= members; member++) add(untilMs, { kind: 'start', member });
  return actions;
}

type Fault = (add: Add, at: number, random: Random, members: number) => void;

const FAULTS: readonly Fault[] = [crash, crash, blackout, split, split, cut, weather, campaign, rivals];

function someone(random: Random, members: number): number {
  return 1 + random.below(members);
}

// Some are back while messages of their last life are on the way.
function crash(add: Add, at: number, random: Random, members: number): void {
  const member = someone(random, members);
  add(at, { kind: 'crash', member });
  add(at + (random.chance(0.5) ? random.below(100) : random.below(3000)), { kind: 'start', member });
}

function blackout(add: Add, at: number, random: Random, members: number): void {
  for (let member = 1; member <= members; member++) {
    add(at, { kind: 'crash', member });
    add(at + random.below(1000), { kind: 'start', member });
  }
}

function split(add: Add, at: number, random: Random, members: number): void {
  const group = Array.from({ length: members }, (_, i) => i + 1).filter(() => random.chance(0.5));
  add(at, { kind: 'split', group });
  add(at + random.below(3000), { kind: 'heal' });
}

function cut(add: Add, at: number, random: Random, members: number): void {
  const [a, b] = [someone(random, members), someone(random, members)];
  if (a === b) return;
  add(at, { kind: 'cut', a, b });
  add(at + random.below(2000), { kind: 'join', a, b });
}

function weather(add: Add, at: number, random: Random): void {
  const shortest = random.below(50);
  const delay = [shortest, shortest + random.below(400)] as const;
  add(at, { kind: 'weather', loss: random.below(40), repeat: random.below(30), delay });
}

function campaign(add: Add, at: number, random: Random, members: number): void {
  add(at, { kind: 'campaign', member: someone(random, members) });
}

// Two ask for votes at the same time, and a voter loses power about when it answers.
function rivals(add: Add, at: number, random: Random, members: number): void {
  const first = someone(random, members);
  const second = 1 + (first % members);
  const voter = 1 + (second % members);
  add(at, { kind: 'campaign', member: first });
  add(at + random.below(150), { kind: 'campaign', member: second });
  const crashAt = at + 30 + random.below(150);
  add(crashAt, { kind: 'crash', member: voter });
  add(crashAt + random.below(60), { kind: 'start', member: voter });
}
