// The state of a live cluster in the address of the page, so that a link shows the same run at the same moment; and what the page
// itself asks for with data attributes.

import { decodeActions, encodeActions, type TimedAction } from '../../../../test/sim/step/actions.ts';
import { SCENARIOS } from '../../../../test/sim/step/scenarios.ts';
import { RAFTS } from 'virtual:rafts';

export interface LiveState {
  /** A step, as `05-raft`. */
  readonly raft: string;
  /** The letter of a broken raft; empty for a right one. */
  readonly broken: string;
  readonly members: number;
  readonly seed: number;
  /** A name of SCENARIOS; empty for none. */
  readonly scenario: string;
  readonly actions: readonly TimedAction[];
  /** The moment to show, in ms. */
  readonly at: number;
  /** Simulated ms for each second of the one who looks. */
  readonly speed: number;
}

const DEFAULTS: LiveState = {
  raft: '05-raft',
  broken: '',
  members: 3,
  seed: 7,
  scenario: '',
  actions: [],
  at: 0,
  speed: 250,
};

/** What the page asks for: data-raft, data-broken, data-members, data-seed, data-scenario, data-at, data-speed. */
export function stateOfElement({ dataset }: HTMLElement): LiveState {
  return merge(DEFAULTS, (name) => dataset[name]);
}

/** `state` with what the address has for the live cluster `id`; the address may be that of something else. */
export function stateOfAddress(hash: string, id: string, state: LiveState): LiveState | undefined {
  const start = `#${id}?`;
  if (!hash.startsWith(start)) return undefined;
  const words = new URLSearchParams(hash.slice(start.length));
  return merge(state, (name) => words.get(name) ?? undefined);
}

/** The part of an address behind which stateOfAddress finds `state` again. */
export function addressOf(id: string, state: LiveState): string {
  const words = new URLSearchParams();
  for (const name of ['raft', 'broken', 'members', 'seed', 'scenario', 'at'] as const) {
    words.set(name, String(state[name]));
  }
  words.set('do', encodeActions(state.actions));
  return `#${id}?${words.toString()}`;
}

// Whatever makes no sense is as if it were not there: an address may have been cut off on its way.
function merge(state: LiveState, get: (name: string) => string | undefined): LiveState {
  const scenario = get('scenario') ?? state.scenario;
  const raft = get('raft') ?? state.raft;
  const broken = get('broken') ?? state.broken;
  const isBroken = Object.hasOwn(RAFTS, `broken-${broken}`);
  return {
    raft: Object.hasOwn(RAFTS, raft) ? raft : state.raft,
    broken: isBroken ? broken : '',
    members: count(get('members'), 1, 9, SCENARIOS[scenario]?.members ?? state.members),
    seed: count(get('seed'), 0, 999_999_999, state.seed),
    scenario: Object.hasOwn(SCENARIOS, scenario) ? scenario : '',
    actions: actionsOf(get('do')) ?? state.actions,
    at: count(get('at'), 0, 300_000, state.at),
    speed: count(get('speed'), 1, 10_000, state.speed),
  };
}

function count(text: string | undefined, least: number, most: number, otherwise: number): number {
  if (text === undefined || !/^\d+$/.test(text)) return otherwise;
  return Math.min(Math.max(Number(text), least), most);
}

function actionsOf(text: string | undefined): TimedAction[] | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeActions(text);
  } catch {
    return undefined;
  }
}
