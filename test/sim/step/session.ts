// Travelling in a run, and from one run to another. A run is made anew from its seed and its actions whenever it is to go back:
// that is exact, and fast enough, since a minute of five members takes some ten ms.

import type { Action, TimedAction } from './actions.ts';
import type { NewNode } from './raft_port.ts';
import { StepWorld } from './world.ts';

/** A run ends here at the latest, in ms: beyond that going back would be slow. */
export const MAX_RUN_MS = 300_000;

export interface RunOptions {
  readonly newNode: NewNode;
  readonly members: number;
  readonly seed: number;
  /** What happens whatever the user does. */
  readonly scenario: readonly TimedAction[];
  /** What the user did, in order of time. */
  readonly actions: readonly TimedAction[];
}

/** A moment at which something happened that can be told. */
interface Mark {
  readonly done: number;
  readonly at: number;
}

export class Run {
  readonly options: RunOptions;
  world: StepWorld;
  #marks: Mark[] = [];
  #furthest = 0;

  constructor(options: RunOptions) {
    this.options = options;
    this.world = this.#newWorld([...options.scenario, ...options.actions]);
  }

  /** The latest moment that was ever reached, in ms. */
  get furthest(): number {
    return this.#furthest;
  }

  /** What the user has done and, after going back, has still to come. */
  get actions(): readonly TimedAction[] {
    return this.world.actions.filter((action) => !this.options.scenario.includes(action));
  }

  /** What the user did up to now. */
  get actionsSoFar(): readonly TimedAction[] {
    const { world } = this;
    return world.actions.slice(0, world.actionsDone).filter((action) => !this.options.scenario.includes(action));
  }

  /** Whether nothing can happen any more. */
  get isOver(): boolean {
    return this.world.violation !== undefined || this.world.now >= MAX_RUN_MS;
  }

  /** Goes to the moment `ms`, forward or back; not behind the moment at which a rule is broken. */
  seek(ms: number): void {
    const target = Math.min(Math.max(0, Math.floor(ms)), MAX_RUN_MS);
    if (target < this.world.now) this.#restart();
    while (this.#step(target));
    this.world.runTo(target);
    this.#furthest = Math.max(this.#furthest, this.world.now);
  }

  /** Lets the next thing happen that can be told. */
  stepForward(): void {
    const { length } = this.#marks;
    while (this.#marks.length === length && this.#step(MAX_RUN_MS));
    this.#furthest = Math.max(this.#furthest, this.world.now);
  }

  /** Goes to before the last thing that could be told. */
  stepBack(): void {
    const before = this.#marks.at(-2) ?? { done: 0, at: 0 };
    this.#restart();
    while (this.world.done < before.done && this.#step(before.at));
  }

  /** The user does something now. */
  act(action: Action): void {
    this.seek(this.world.now);
    this.#marked(() => this.world.act(action));
  }

  #restart(): void {
    this.world = this.#newWorld(this.world.actions);
    this.#marks = [];
  }

  #newWorld(actions: readonly TimedAction[]): StepWorld {
    const { newNode, members, seed } = this.options;
    return new StepWorld({ newNode, members, seed, actions });
  }

  #step(untilMs: number): boolean {
    let isDone = false;
    this.#marked(() => {
      isDone = this.world.step(untilMs);
    });
    return isDone;
  }

  #marked(task: () => void): void {
    const { events } = this.world.trace;
    const { length } = events;
    task();
    if (events.length > length) this.#marks.push({ done: this.world.done, at: this.world.now });
  }
}

export class Session {
  readonly #runs: Run[];
  #current: Run;

  constructor(options: RunOptions) {
    this.#current = new Run(options);
    this.#runs = [this.#current];
  }

  get run(): Run {
    return this.#current;
  }

  /** All runs of this session, oldest first. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Goes on with another run, where it was left. */
  select(run: Run): void {
    if (this.#runs.includes(run)) this.#current = run;
  }

  /** A new run that is the current one up to now; that one stays as it is. */
  fork(): void {
    const { run } = this;
    const next = new Run({ ...run.options, actions: run.actionsSoFar });
    next.seek(run.world.now);
    this.#runs.push(next);
    this.#current = next;
  }

  /** The user does something now. If the current run has something later that the user did, this is another run. */
  act(action: Action): void {
    const { run } = this;
    if (run.actions.length > run.actionsSoFar.length) this.fork();
    this.#current.act(action);
  }
}
