// The judge of histories is judged: against an obvious slow checker on random small histories, on planted faults in large
// ones, and on its speed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Action, assertLinearizable, findViolation, type Operation } from '../../harness/linearizable.ts';
import { Random } from '../../sim/random.ts';

function operation(
  client: number,
  [begin, end]: readonly [number, number | undefined],
  action: Action,
  answer: Pick<Operation, 'seen' | 'succeeded'> = {},
): Operation {
  return { client, key: 'k', action, begin, end, ...answer };
}

const put = (value: string): Action => ({ kind: 'put', value });
const get: Action = { kind: 'get' };
const saw = (value?: string): Pick<Operation, 'seen'> => ({ seen: { value } });

/** Tries every order. */
function isLinearizableSlowly(operations: readonly Operation[], value?: string): boolean {
  if (operations.every(({ end }) => end === undefined)) return true;
  const firstEnd = Math.min(...operations.map(({ end }) => end ?? Number.POSITIVE_INFINITY));
  return operations.some((one) => {
    if (one.begin > firstEnd) return false;
    const isKnown = one.end !== undefined;
    if (isKnown && one.seen !== undefined && one.seen.value !== value) return false;
    const { action } = one;
    const isEqual = action.kind === 'cas' && action.expected === value;
    if (isKnown && one.succeeded !== undefined && one.succeeded !== isEqual) return false;
    const changes = action.kind === 'put' || isEqual;
    const after = action.kind === 'delete' ? undefined : changes && 'value' in action ? action.value : value;
    return isLinearizableSlowly(
      operations.filter((other) => other !== one),
      after,
    );
  });
}

/** A register that answers rightly, with so many clients; times are those of a simulated clock. */
function correctHistory(options: {
  readonly random: Random;
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  readonly unknown: number;
}): Operation[] {
  const { random } = options;
  const registers = new Map<string, string>();
  const free: number[] = Array.from({ length: options.clients }, () => 0);
  // The moments at which the operations happen, in order; each client is busy until its answer.
  const history: Operation[] = [];
  for (let n = 0; n < options.operations; n++) {
    const moment = n * 10;
    const idle = free.flatMap((since, client) => (since <= moment ? [client] : []));
    if (idle.length === 0) continue;
    const client = random.pick(idle);
    const key = `k${random.below(options.keys)}`;
    const begin = Math.max(free[client] ?? 0, moment - random.below(100));
    const isUnknown = random.chance(options.unknown);
    const answerAt = moment + 1 + random.below(100);
    free[client] = answerAt + 1;
    const value = registers.get(key);
    const action = randomAction(random, n, value);
    const happens = !isUnknown || random.chance(0.5);
    if (happens) perform(registers, key, action);
    const succeeded = action.kind === 'cas' ? { succeeded: action.expected === value } : {};
    const answer = isUnknown ? {} : { ...(action.kind === 'put' ? {} : { seen: { value } }), ...succeeded };
    history.push({ client, key, action, begin, end: isUnknown ? undefined : answerAt, ...answer });
  }
  return history;
}

function randomAction(random: Random, n: number, current: string | undefined): Action {
  const roll = random.below(10);
  if (roll < 4) return get;
  if (roll < 7) return put(`v${n}`);
  if (roll < 8) return { kind: 'delete' };
  return { kind: 'cas', expected: random.chance(0.7) ? current : 'never', value: `v${n}` };
}

function perform(registers: Map<string, string>, key: string, action: Action): void {
  if (action.kind === 'put') registers.set(key, action.value);
  if (action.kind === 'delete') registers.delete(key);
  if (action.kind === 'cas' && registers.get(key) === action.expected) registers.set(key, action.value);
}

test('a read may see a write that overlaps it, or not', () => {
  for (const seen of [saw('a'), saw('b')]) {
    const history: Operation[] = [
      operation(1, [0, 1], put('a')),
      operation(1, [2, 6], put('b')),
      operation(2, [3, 4], get, seen),
      operation(2, [7, 8], get, saw('b')),
    ];
    assert.equal(findViolation(history), undefined);
  }
});

test('a stale read is found, and the counterexample is the read and the two writes', () => {
  const history = [
    ...Array.from({ length: 50 }, (_, i) => operation(3, [i / 100, i / 100], put(`other${i}`))),
    operation(1, [1, 2], put('old')),
    operation(2, [1.5, 3], get, saw('old')),
    operation(1, [4, 5], put('new')),
    operation(2, [6, 7], get, saw('old')),
    operation(2, [8, 9], get, saw('new')),
  ];
  assert.deepEqual(
    findViolation(history)?.counterexample.map(({ begin }) => begin),
    [1, 4, 6],
  );
  assert.throws(() => assertLinearizable(history), {
    message:
      'not linearizable: key k, no place for client 2 [6.0, 7.0] get saw "old"; together:\n' +
      '  client 1 [1.0, 2.0] put "old"\n  client 1 [4.0, 5.0] put "new"\n  client 2 [6.0, 7.0] get saw "old"',
  });
});

test('a lost write is found', () => {
  const history = [operation(1, [1, 2], put('a')), operation(2, [3, 4], get, saw())];
  assert.equal(findViolation(history)?.counterexample.length, 2);
});

test('writes that two readers see in different orders are found', () => {
  const history = [
    operation(1, [0, 10], put('a')),
    operation(2, [0, 10], put('b')),
    operation(3, [1, 2], get, saw('a')),
    operation(3, [3, 4], get, saw('b')),
    operation(4, [5, 6], get, saw('a')),
  ];
  assert.ok(findViolation(history));
  assert.equal(findViolation(history.slice(0, 4)), undefined);
});

test('a write without an answer may happen long afterwards, once, or never', () => {
  const unknown = operation(1, [0, undefined], put('a'));
  const later = (value?: string) => operation(2, [100, 101], get, saw(value));
  assert.equal(findViolation([unknown, later()]), undefined);
  assert.equal(findViolation([unknown, later('a')]), undefined);
  const again = [later('a'), operation(2, [102, 103], put('b')), operation(2, [104, 105], get, saw('a'))];
  assert.ok(findViolation([unknown, ...again]));
  assert.ok(findViolation([later('a')]), 'a value that nobody wrote');
  assert.ok(findViolation([operation(2, [0, 1], get, saw('a')), operation(1, [2, undefined], put('a'))]));
});

test('compare-and-swap: two from the same value cannot both succeed', () => {
  const cas = (client: number, value: string, answer: Pick<Operation, 'seen' | 'succeeded'>) =>
    operation(client, [0, 10], { kind: 'cas', expected: undefined, value }, answer);
  assert.ok(findViolation([cas(1, 'a', { succeeded: true }), cas(2, 'b', { succeeded: true })]));
  const one = [cas(1, 'a', { succeeded: true }), cas(2, 'b', { succeeded: false, ...saw('a') })];
  assert.equal(findViolation(one), undefined);
  assert.ok(findViolation([cas(1, 'a', { succeeded: false })]), 'nothing was in the way');
});

test('agrees with an obvious checker on 4000 random histories of a register that is often right', () => {
  let wrong = 0;
  for (let seed = 0; seed < 4000; seed++) {
    const random = new Random(seed);
    const history: Operation[] = correctHistory({ random, operations: 9, clients: 4, keys: 1, unknown: 0.2 });
    // Some answers are replaced by those of others.
    const changed = history.map((one): Operation => {
      const other = random.pick(history);
      return random.chance(0.4) && one.seen !== undefined && other.seen !== undefined
        ? { ...one, seen: other.seen }
        : one;
    });
    const isRight = isLinearizableSlowly(changed);
    if (!isRight) wrong++;
    const violation = findViolation(changed);
    assert.equal(violation === undefined, isRight, `seed ${seed}`);
    if (violation === undefined) continue;
    assert.equal(isLinearizableSlowly(violation.counterexample), false, `counterexample of seed ${seed}`);
  }
  assert.ok(wrong > 500, `${wrong} wrong histories are too few to mean anything`);
});

test('10,000 operations of 10 clients on 20 keys are judged within seconds, and one stale read among them is found', () => {
  const random = new Random(7);
  const history = correctHistory({ random, operations: 10_500, clients: 10, keys: 20, unknown: 0.02 });
  assert.ok(history.length > 9_000, String(history.length));
  const begin = performance.now();
  assertLinearizable(history);
  const took = performance.now() - begin;
  assert.ok(took < 5000, `${took} ms`);
  const reads = history.filter(({ action, key, seen }) => action.kind === 'get' && key === 'k3' && seen?.value);
  const [early, late] = [reads[20], reads[60]];
  assert.ok(early && late);
  const stale = history.map((one) => (one === late ? { ...one, ...saw(early.seen?.value) } : one));
  const violation = findViolation(stale);
  assert.equal(violation?.key, 'k3');
  assert.ok(violation.counterexample.length <= 5, String(violation.counterexample.length));
});
