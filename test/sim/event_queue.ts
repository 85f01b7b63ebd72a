// A queue of what is planned in simulated time, earliest first; of one moment, in the order in which it was planned. It knows
// nothing of clocks or promises, and so serves the scheduler of whole clusters and the small world of the live cluster alike.

/** Something planned. */
export interface Planned<T> {
  /** The moment, in ms since the beginning. */
  readonly at: number;
  /** Rises with every plan: the order of those of one moment. */
  readonly order: number;
  readonly what: T;
}

export class EventQueue<T> {
  // A binary heap: no event is before its parent, which is at half its place.
  readonly #heap: Planned<T>[] = [];
  #planned = 0;

  /** The earliest, which stays; undefined when there is none. */
  get first(): Planned<T> | undefined {
    return this.#heap[0];
  }

  /** Plans `what` for the moment `at`, in ms. */
  push(at: number, what: T): void {
    const heap = this.#heap;
    const event = { at, order: this.#planned++, what };
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent] as Planned<T>, event)) break;
      heap[place] = heap[parent] as Planned<T>;
      place = parent;
    }
    heap[place] = event;
  }

  /** Takes out the earliest; undefined when there is none. */
  pop(): Planned<T> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Planned<T>, heap[child] as Planned<T>)) child += 1;
      if (isBefore(last, heap[child] as Planned<T>)) break;
      heap[place] = heap[child] as Planned<T>;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Planned<unknown>, b: Planned<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
