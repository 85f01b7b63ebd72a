// Simulated time: a queue of events, each at a moment in ms, run one after the other. Between two events all promises that can
// go on do so; nothing else moves, and so one seed always gives one order.

interface Event {
  readonly at: number;
  /** Events of one moment run in the order in which they were planned. */
  readonly order: number;
  readonly task: () => void;
}

export class Scheduler {
  // A binary heap: no event is before its parent, which is at half its place.
  readonly #heap: Event[] = [];
  #now = 0;
  #planned = 0;
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
    this.#push({ at: this.#now + Math.max(0, delayMs), order: this.#planned++, task });
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
      const event = this.#pop();
      if (event === undefined) return;
      this.#now = event.at;
      this.#done += 1;
      event.task();
      await promisesSettled();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent] as Event, event)) break;
      heap[place] = heap[parent] as Event;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (isBefore(last, heap[child] as Event)) break;
      heap[place] = heap[child] as Event;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** All that promises can do by themselves is done before the next turn of the real event loop. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
