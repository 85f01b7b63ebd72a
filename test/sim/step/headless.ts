// A whole run without anything to look at, as tests and the browser's test hook use it.

import type { TimedAction } from './actions.ts';
import { RULES, type Violation } from './checks.ts';
import type { NewNode } from './raft_port.ts';
import { SCENARIOS } from './scenarios.ts';
import { StepWorld } from './world.ts';

export interface HeadlessOptions {
  /** A step, as `05-raft`, or a broken one, as `broken-a`. */
  readonly raft: string;
  readonly members?: number;
  readonly seed: number;
  /** One of SCENARIOS. */
  readonly scenario?: string;
  /** What is done beside the scenario. */
  readonly actions?: readonly TimedAction[];
  /** When the run ends, in ms. */
  readonly untilMs: number;
}

export interface HeadlessResult {
  readonly hash: string;
  /** How many events there were. */
  readonly events: number;
  readonly violation: (Violation & { readonly name: string; readonly at: number }) | undefined;
  /** Who leads at the end; undefined when nobody does. */
  readonly leader: number | undefined;
  /** What each member has applied; undefined for one that is off. */
  readonly applied: readonly (readonly string[] | undefined)[];
}

/** Runs until the end or until a rule is broken. Throws an Error that names the raft or the scenario that is not there. */
export function runHeadless(rafts: Readonly<Record<string, NewNode>>, options: HeadlessOptions): HeadlessResult {
  const newNode = rafts[options.raft];
  if (newNode === undefined) throw new Error(`there is no raft "${options.raft}"`);
  const scenario = scenarioOf(options.scenario);
  const actions = [...(scenario?.actions ?? []), ...(options.actions ?? [])];
  const members = options.members ?? scenario?.members ?? 3;
  const world = new StepWorld({ newNode, members, seed: options.seed, actions });
  world.runTo(options.untilMs);
  const { violation, trace, now } = world;
  return {
    hash: trace.hash,
    events: trace.events.length,
    violation: violation === undefined ? undefined : { ...violation, name: RULES[violation.rule].name, at: now },
    leader: world.leader?.id,
    applied: world.members.map(({ raft, applied }) => (raft === undefined ? undefined : [...applied])),
  };
}

function scenarioOf(name: string | undefined): (typeof SCENARIOS)[string] | undefined {
  if (name === undefined) return undefined;
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`there is no scenario "${name}"`);
  return scenario;
}
