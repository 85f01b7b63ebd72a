// Assertions: facts that hold unless this program has a bug. They stay on in production, since going on after a
// broken invariant would damage data that other members still have right.

/** A bug of ours. It is never turned into an answer for a client: the process stops with the message as context. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(`assertion failed: ${message}`);
    this.name = 'AssertionError';
  }
}

/** Throws {@link AssertionError} unless `condition` holds. `message` names the values that contradict each other. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Returns `value`, which the caller knows to be present. Throws {@link AssertionError} when it is not. */
export function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new AssertionError(`${what} is missing`);
  return value;
}
