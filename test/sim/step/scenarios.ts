// Runs with a story: who is told to campaign, what is cut, when the power fails. The words that a page says about them are on the
// page; here is only what happens when. A scenario that is made for a broken raft is harmless to a right one.

import type { Action, TimedAction } from './actions.ts';

export interface Scenario {
  readonly title: string;
  readonly members: number;
  readonly actions: readonly TimedAction[];
}

/** A network in which every message takes the same time: the moments of a script fit only there. */
const STEADY: Action = { kind: 'weather', loss: 0, repeat: 0, delay: [50, 50] };
/** What a client may send is at most 1.5 MiB; an append carries nothing behind 1 MiB. */
const BIG = 1024 * 1024;

function script(members: number, title: string, moments: readonly (readonly [number, Action])[]): Scenario {
  return { title, members, actions: moments.map(([at, action]) => ({ at, action })) };
}

function campaign(member: number): Action {
  return { kind: 'campaign', member };
}

function crash(member: number): Action {
  return { kind: 'crash', member };
}

function start(member: number): Action {
  return { kind: 'start', member };
}

function split(...group: number[]): Action {
  return { kind: 'split', group };
}

/** To whoever leads, unless a member is named. */
function propose(value: string, member = 0, size?: number): Action {
  return { kind: 'propose', member, value, ...(size === undefined ? {} : { size }) };
}

const HEAL: Action = { kind: 'heal' };

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'first-election': script(3, 'The first election', [
    [3000, propose('a')],
    [3600, propose('b')],
  ]),
  'leader-crash': script(3, 'The leader loses power', [
    [300, campaign(1)],
    [1200, propose('a')],
    [1900, crash(1)],
    [5000, propose('b')],
    [6500, start(1)],
  ]),
  'partition-minority-leader': script(5, 'The leader is cut off with the smaller part', [
    [300, campaign(1)],
    [1200, propose('a')],
    [2000, split(1, 2)],
    [2300, propose('lost', 1)],
    [5500, propose('b')],
    [7500, HEAL],
  ]),
  'split-vote': script(3, 'Two candidates, one vote each', [
    [100, crash(3)],
    [300, campaign(1)],
    [300, campaign(2)],
    [900, start(3)],
    [4500, propose('a')],
  ]),
  'lost-messages': script(3, 'A third of all messages is lost', [
    [0, { kind: 'weather', loss: 33, repeat: 10, delay: [40, 120] }],
    [3000, propose('a')],
    [3300, propose('b')],
    [3600, propose('c')],
    [3900, propose('d')],
    [9000, { kind: 'weather', loss: 0, repeat: 0, delay: [40, 120] }],
  ]),
  // n2 votes, loses power, and is asked again in the same term.
  'second-vote': script(3, 'The same voter is asked twice', [
    [0, STEADY],
    [10, { kind: 'cut', a: 1, b: 3 }],
    [300, campaign(1)],
    [390, crash(2)],
    [400, { kind: 'cut', a: 1, b: 2 }],
    [600, start(2)],
    [700, campaign(3)],
    [2600, HEAL],
  ]),
  // n3 misses an entry that is committed without it, and wants to lead.
  'short-log': script(3, 'A member that missed something wants to lead', [
    [0, STEADY],
    [300, campaign(1)],
    [1000, split(3)],
    [1200, propose('a')],
    [2000, crash(1)],
    [2050, HEAL],
    [2100, campaign(3)],
    [6000, propose('b')],
    [8000, start(1)],
  ]),
  // The value is so big that the leader of term 3 sends it alone, ahead of the entry of its own term.
  'figure-8': script(5, 'Figure 8 of the Raft paper', [
    [0, STEADY],
    [300, campaign(1)],
    [1000, split(1, 2)],
    [1050, propose('big', 1, BIG)],
    [1300, crash(1)],
    [1350, split(2)],
    [1400, campaign(5)],
    // n5 has won, and its first append is on the way: it does not arrive.
    [1550, crash(5)],
    [1550, split(5)],
    ...[
      [1, 2],
      [1, 3],
      [2, 3],
    ].map(([a = 0, b = 0]) => [1600, { kind: 'join', a, b }] as const),
    [1650, start(1)],
    [1700, campaign(1)],
    [1900, campaign(1)],
    // n3 has acknowledged the value, and what follows is on the way to it: it does not arrive.
    [2250, crash(1)],
    [2250, split(1)],
    [2260, start(5)],
    ...[
      [3, 5],
      [4, 5],
    ].map(([a = 0, b = 0]) => [2260, { kind: 'join', a, b }] as const),
    [2270, campaign(5)],
    [2500, campaign(5)],
    [6000, HEAL],
    [6000, start(1)],
  ]),
};
