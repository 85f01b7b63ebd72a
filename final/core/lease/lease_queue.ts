// What is due at a time, the earliest in front: when leases end, and when their remaining times are to be written down. A heap
// in which each entry knows its place, so that it can be moved or taken out without a search. Mirrors etcd's
// lease/lease_queue.go.

/** An item of a queue. It belongs to the queue that made it. */
export interface QueueEntry<T> {
  readonly item: T;
  /** In ms of the caller's clock. */
  readonly time: number;
}

interface Placed<T> extends QueueEntry<T> {
  time: number;
  // Index in the heap; −1 = taken out.
  place: number;
}

export class LeaseQueue<T> {
  // Each entry is due no later than the two at twice its index + 1 and + 2.
  readonly #heap: Placed<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The entry that is due first, or undefined. */
  peek(): QueueEntry<T> | undefined {
    return this.#heap[0];
  }

  /** Costs O(log n), and O(1) when it is due last. */
  add(item: T, time: number): QueueEntry<T> {
    const entry: Placed<T> = { item, time, place: this.#heap.length };
    this.#heap.push(entry);
    this.#rise(entry);
    return entry;
  }

  /** Makes an entry due at another time; one that was taken out stays out. Costs O(log n). */
  move(entry: QueueEntry<T>, time: number): void {
    const placed = entry as Placed<T>;
    placed.time = time;
    if (placed.place < 0) return;
    this.#rise(placed);
    this.#sink(placed);
  }

  /** Takes an entry out, if it is still in. Costs O(log n). */
  remove(entry: QueueEntry<T>): void {
    const placed = entry as Placed<T>;
    if (placed.place < 0) return;
    const last = this.#heap.pop() as Placed<T>;
    if (last !== placed) {
      this.#put(last, placed.place);
      this.#rise(last);
      this.#sink(last);
    }
    placed.place = -1;
  }

  /** Takes all entries out. */
  clear(): void {
    for (const entry of this.#heap) entry.place = -1;
    this.#heap.length = 0;
  }

  #rise(entry: Placed<T>): void {
    while (entry.place > 0) {
      const above = this.#heap[(entry.place - 1) >> 1] as Placed<T>;
      if (above.time <= entry.time) return;
      this.#swap(entry, above);
    }
  }

  #sink(entry: Placed<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * entry.place + 2];
      const below = right !== undefined && right.time < left.time ? right : left;
      if (below.time >= entry.time) return;
      this.#swap(entry, below);
    }
  }

  #swap(a: Placed<T>, b: Placed<T>): void {
    const { place } = a;
    this.#put(a, b.place);
    this.#put(b, place);
  }

  #put(entry: Placed<T>, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}
