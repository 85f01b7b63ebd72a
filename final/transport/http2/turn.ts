// Output at the end of a turn: answers that come outside of a read, because their handlers waited for something, are
// gathered until everything that is ready now has run, and then written once for each connection.

/** Something with output to write. */
export interface Flushable {
  flushTurn(): void;
}

let waiting: Flushable[] = [];

/** Calls `flushTurn` of `item` when all promise callbacks that are ready have run. The caller calls once per turn. */
export function flushAtEndOfTurn(item: Flushable): void {
  // Node runs what nextTick takes from within a promise callback behind all promise callbacks.
  if (waiting.length === 0) process.nextTick(flushAll);
  waiting.push(item);
}

function flushAll(): void {
  const items = waiting;
  waiting = [];
  for (const item of items) item.flushTurn();
}
