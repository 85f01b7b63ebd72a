// Whether a history of single-key operations is linearizable: whether every operation can be given one moment between its
// begin and its end so that, in the order of these moments, each saw what a register would have shown it. After Wing and
// Gong, with Lowe's two additions: keys are judged apart, and of all orders tried so far only the distinct configurations
// (value, operations already placed) are kept. An operation is placed as late as possible: when one that ends needs it.

/** What a client asked of one key. */
export type Action =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'delete' }
  /** Sets `value` if the register holds `expected`; undefined stands for a key that is not there. */
  | { readonly kind: 'cas'; readonly expected: string | undefined; readonly value: string };

/** One operation as its client saw it. Times are of one clock, in any unit. */
export interface Operation {
  readonly client: number | string;
  readonly key: string;
  readonly action: Action;
  readonly begin: number;
  /** Undefined: the client does not know what became of it. It may have happened at any time since, or not at all. */
  readonly end: number | undefined;
  /** The value just before the operation, where the answer tells; of a get always. */
  readonly seen?: { readonly value: string | undefined };
  /** Whether a compare-and-swap that was answered changed the register. */
  readonly succeeded?: boolean;
}

/** Why a history is not linearizable. */
export interface Violation {
  readonly key: string;
  /** The operation for which no moment is left. */
  readonly operation: Operation;
  /** Operations that contradict each other; without any one of them the rest could be explained. In order of begin. */
  readonly counterexample: readonly Operation[];
}

/** Beyond so many configurations of one key the question is given up with an Error: never taken for "yes". */
export const MAX_CONFIGURATIONS = 200_000;

/**
 * Finds the first key whose operations contradict a register that begins with `initial` (default: no key is there).
 * Values should be unique: then writes of unknown outcome cost nothing. Throws an Error when there are too many orders.
 */
export function findViolation(
  history: readonly Operation[],
  initial: ReadonlyMap<string, string> = new Map(),
): Violation | undefined {
  for (const [key, operations] of byKey(history)) {
    const first = initial.get(key);
    const settled = settle(operations, first);
    const failed = firstWithoutPlace(settled, first);
    if (failed === undefined) continue;
    const before = settled.filter((one) => one.begin <= (failed.end ?? Number.POSITIVE_INFINITY));
    const counterexample = minimize(before, first);
    return { key, operation: firstWithoutPlace(counterexample, first) ?? failed, counterexample };
  }
  return undefined;
}

function byKey(history: readonly Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of history) {
    const group = groups.get(operation.key);
    if (group === undefined) groups.set(operation.key, [operation]);
    else group.push(operation);
  }
  return groups;
}

/** Throws an Error that shows the counterexample when the history is not linearizable. */
export function assertLinearizable(history: readonly Operation[], initial?: ReadonlyMap<string, string>): void {
  const violation = findViolation(history, initial);
  if (violation !== undefined) throw new Error(describeViolation(violation));
}

/** A violation as text: the key, and an operation a line in the order in which they began. */
export function describeViolation({ key, operation, counterexample }: Violation): string {
  const lines = counterexample.map((one) => `  ${describeOperation(one)}`);
  return `not linearizable: key ${key}, no place for ${describeOperation(operation)}; together:\n${lines.join('\n')}`;
}

/** `client 3 [12.0, 15.5] put "v1"`. */
export function describeOperation(operation: Operation): string {
  const { client, action, begin, end, seen, succeeded } = operation;
  const times = `[${begin.toFixed(1)}, ${end === undefined ? 'unknown' : end.toFixed(1)}]`;
  const told = seen === undefined ? '' : ` saw ${describeValue(seen.value)}`;
  switch (action.kind) {
    case 'get':
    case 'delete':
      return `client ${client} ${times} ${action.kind}${told}`;
    case 'put':
      return `client ${client} ${times} put ${describeValue(action.value)}${told}`;
    case 'cas': {
      const outcome = succeeded === undefined ? '' : succeeded ? ' succeeded' : ' failed';
      const change = `${describeValue(action.expected)} -> ${describeValue(action.value)}`;
      return `client ${client} ${times} cas ${change}${outcome}${told}`;
    }
  }
}

function describeValue(value: string | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** The value that an operation is known to have found; undefined when its answer does not tell. */
function observed({ action, end, seen, succeeded }: Operation): { readonly value: string | undefined } | undefined {
  if (end === undefined) return undefined;
  if (action.kind === 'cas' && succeeded === true) return { value: action.expected };
  return seen;
}

/** The value that an operation leaves, if it changes anything. */
function written({ action }: Operation): { readonly value: string | undefined } | undefined {
  if (action.kind === 'get') return undefined;
  return { value: action.kind === 'delete' ? undefined : action.value };
}

/** A failed compare-and-swap that does not tell what it found depends on writes that nobody else saw. */
function hasBlindObserver(operations: readonly Operation[]): boolean {
  return operations.some((one) => one.action.kind === 'cas' && one.succeeded === false && one.seen === undefined);
}

/**
 * Decides as many unknown outcomes as the rest of the history allows, so that the search does not have to. A write whose
 * value only it writes has happened before the end of the first operation that saw the value; if nobody saw it, then it
 * makes no difference whether it happened. Reads without an answer say nothing.
 */
function settle(operations: readonly Operation[], initial: string | undefined): Operation[] {
  let settled = operations.filter((one) => one.end !== undefined || one.action.kind !== 'get');
  const writers = new Map<string | undefined, number>([[initial, 1]]);
  for (const one of settled) {
    const value = written(one);
    if (value !== undefined) writers.set(value.value, (writers.get(value.value) ?? 0) + 1);
  }
  const isUnique = (one: Operation): boolean => one.action.kind !== 'delete' && writers.get(written(one)?.value) === 1;
  // A compare-and-swap that turns out to have happened has seen a value itself, hence the repetition.
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    const firstSeen = firstObservations(settled);
    settled = settled.map((one) => {
      const end = isUnique(one) && one.end === undefined ? firstSeen.get(written(one)?.value) : undefined;
      if (end === undefined) return one;
      isChanged = true;
      const happened = { ...one, end: Math.max(end, one.begin) };
      return one.action.kind === 'cas' ? { ...happened, succeeded: true } : happened;
    });
  }
  if (hasBlindObserver(settled)) return settled;
  return settled.filter((one) => one.end !== undefined || !isUnique(one));
}

function firstObservations(operations: readonly Operation[]): Map<string | undefined, number> {
  const first = new Map<string | undefined, number>();
  for (const one of operations) {
    const value = observed(one);
    if (value === undefined || one.end === undefined) continue;
    first.set(value.value, Math.min(first.get(value.value) ?? Number.POSITIVE_INFINITY, one.end));
  }
  return first;
}

/** One way to order what happened so far: the value at its end, and which of the operations under way are in it. */
interface Configuration {
  readonly value: string | undefined;
  /** Bit n: the operation in slot n. */
  readonly placed: bigint;
}

type Configurations = Map<string, Configuration>;

function add(to: Configurations, value: string | undefined, placed: bigint): void {
  to.set(value === undefined ? `${placed}` : `${placed}=${value}`, { value, placed });
}

/** The value after `operation` found `value`, or undefined when it cannot have found that. */
function step(value: string | undefined, operation: Operation): { readonly value: string | undefined } | undefined {
  const { action, end, seen, succeeded } = operation;
  if (end !== undefined && seen !== undefined && seen.value !== value) return undefined;
  switch (action.kind) {
    case 'get':
      return { value };
    case 'put':
      return { value: action.value };
    case 'delete':
      return { value: undefined };
    case 'cas': {
      const isEqual = value === action.expected;
      if (end !== undefined && succeeded !== undefined && succeeded !== isEqual) return undefined;
      return { value: isEqual ? action.value : value };
    }
  }
}

/** Whether the answer shows that the operation changed nothing, wherever it is placed. */
function isReadOnly({ action, end, seen, succeeded }: Operation): boolean {
  if (end === undefined) return false;
  if (action.kind === 'cas') return succeeded === false;
  return action.kind === 'get' || (action.kind === 'delete' && seen !== undefined && seen.value === undefined);
}

/** The operations under way, each in a slot of its own as long as it is. */
class Pending {
  readonly slots = new Map<Operation, bigint>();

  begin(operation: Operation): void {
    const used = new Set(this.slots.values());
    let bit = 1n;
    while (used.has(bit)) bit <<= 1n;
    this.slots.set(operation, bit);
  }

  end(operation: Operation): bigint {
    const bit = this.slots.get(operation) ?? 0n;
    this.slots.delete(operation);
    return bit;
  }

  /** With everything placed that only reads and sees `value`: to place it at once never hurts. */
  withReads({ value, placed }: Configuration): bigint {
    let all = placed;
    for (const [operation, bit] of this.slots) {
      if ((placed & bit) === 0n && isReadOnly(operation) && step(value, operation) !== undefined) all |= bit;
    }
    return all;
  }

  /** What may be placed next. Of unknown ones that do the same only the first: they have no end that would tell them apart. */
  *next(placed: bigint): Generator<readonly [Operation, bigint]> {
    const unknown = new Set<string>();
    for (const [operation, bit] of this.slots) {
      if ((placed & bit) !== 0n) continue;
      if (operation.end === undefined) {
        const effect = JSON.stringify(operation.action);
        if (unknown.has(effect)) continue;
        unknown.add(effect);
      }
      yield [operation, bit];
    }
  }
}

/** The first operation, by its end, that has no place in any order; undefined when there is an order for all. */
function firstWithoutPlace(operations: readonly Operation[], initial: string | undefined): Operation | undefined {
  const pending = new Pending();
  let configurations: Configurations = new Map();
  add(configurations, initial, 0n);
  for (const { operation, isEnd } of eventsOf(operations)) {
    const next: Configurations = new Map();
    if (isEnd) {
      reach(configurations, pending, operation, next);
      if (next.size === 0) return operation;
    } else {
      pending.begin(operation);
      for (const one of configurations.values()) add(next, one.value, pending.withReads(one));
    }
    configurations = next;
  }
  return undefined;
}

/** Adds to `into` every configuration in which `target`, which ends now, is placed; its slot becomes free. */
function reach(from: Configurations, pending: Pending, target: Operation, into: Configurations): void {
  const targetBit = pending.slots.get(target) ?? 0n;
  const seen: Configurations = new Map(from);
  // Iterating over a map reaches what is added on the way.
  for (const { value, placed } of seen.values()) {
    if ((placed & targetBit) !== 0n) {
      add(into, value, placed & ~targetBit);
      continue;
    }
    for (const [operation, bit] of pending.next(placed)) {
      const after = step(value, operation);
      if (after === undefined) continue;
      add(seen, after.value, pending.withReads({ value: after.value, placed: placed | bit }));
    }
    if (seen.size > MAX_CONFIGURATIONS) {
      throw new Error(`undecided: more than ${MAX_CONFIGURATIONS} orders of the operations on ${target.key}`);
    }
  }
  pending.end(target);
}

interface Event {
  readonly operation: Operation;
  readonly time: number;
  readonly isEnd: boolean;
}

/** Begins and ends in order of time; at one time the begins come first: such operations count as concurrent. */
function eventsOf(operations: readonly Operation[]): Event[] {
  const events = operations.flatMap((operation): Event[] => {
    const begin = { operation, time: operation.begin, isEnd: false };
    return operation.end === undefined ? [begin] : [begin, { operation, time: operation.end, isEnd: true }];
  });
  return events.sort((a, b) => a.time - b.time || Number(a.isEnd) - Number(b.isEnd));
}

/**
 * Takes operations out as long as the rest still contradicts itself. A write may go only when nobody is left who saw its
 * value: otherwise the contradiction would be one of our making. A write that also saw something may first forget that.
 */
function minimize(operations: readonly Operation[], initial: string | undefined): Operation[] {
  const originals = new Map<Operation, Operation>();
  let rest = [...operations].sort((a, b) => a.begin - b.begin);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const candidate of rest) {
      const others = rest.filter((one) => one !== candidate);
      const isFree = mayGo(candidate, others);
      const forgetful = isFree ? undefined : forget(candidate);
      if (!isFree && forgetful === undefined) continue;
      const smaller = forgetful === undefined ? others : rest.map((one) => (one === candidate ? forgetful : one));
      if (firstWithoutPlace(smaller, initial) === undefined) continue;
      if (forgetful !== undefined) originals.set(forgetful, candidate);
      rest = smaller;
      isChanged = true;
    }
  }
  return rest.map((one) => originals.get(one) ?? one);
}

function mayGo(candidate: Operation, rest: readonly Operation[]): boolean {
  if (isReadOnly(candidate)) return true;
  if (hasBlindObserver(rest)) return false;
  const value = written(candidate)?.value;
  return !rest.some((one) => {
    const found = observed(one);
    return found !== undefined && found.value === value;
  });
}

/** The same write without what it saw; undefined when it saw nothing. */
function forget(operation: Operation): Operation | undefined {
  const { client, key, begin, end, action } = operation;
  if (end === undefined || action.kind === 'get' || observed(operation) === undefined) return undefined;
  return { client, key, begin, end, action: action.kind === 'cas' ? { kind: 'put', value: action.value } : action };
}
