// Simulated time: a queue of events, each at a moment in ms, run one after the other. Between two events all promises that can
// go on do so; nothing else moves, and so one seed always gives one order.

import { EventQueue } from './event_queue.ts';

export class Scheduler {
  readonly #queue = new EventQueue<() => void>();
  #now = 0;
  #done = 0;

  /** Ms since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** How many events have run. */
  get done(): number {
    return this.#done;
  }

  /** Plans `task` for `delayMs` from now. */
  at(delayMs: number, task: () => void): void {
    this.#queue.push(this.#now + Math.max(0, delayMs), task);
  }

  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(ms, resolve);
    });
  }

  /** Runs events until `isOver`, asked behind each event, or until there is none. A task must not throw. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const event = this.#queue.pop();
      if (event === undefined) return;
      this.#now = event.at;
      this.#done += 1;
      event.what();
      await promisesSettled();
    }
  }
}

/** All that promises can do by themselves is done before the next turn of the real event loop. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
