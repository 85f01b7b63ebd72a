// The lessor against a naive one that looks at every lease every time: no lease is early, none is missed, whatever is granted,
// renewed, revoked and checkpointed, and whoever leads. And what the naive one does not know: many leases, and their keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lessor } from '../../../final/core/lease/lessor.ts';
import { spreadDeadlines } from '../../../final/core/lease/spread.ts';

const MIN_TTL = 2;
const INTERVAL_MS = 20_000;
const RETRY_MS = 3_000;
const EXTEND_MS = 1_000;
const MANY = 1_000;

interface NaiveLease {
  readonly ttl: number;
  remaining: number;
  deadline: number;
  retryAt: number;
  checkpointAt: number;
}

/** Does what a lessor has to do in the plainest way. */
class NaiveLessor {
  readonly leases = new Map<bigint, NaiveLease>();
  isPrimary = false;

  grant(id: bigint, ttl: number, now: number): void {
    const lease = { ttl: Math.max(ttl, MIN_TTL), remaining: 0, deadline: Infinity, retryAt: 0, checkpointAt: Infinity };
    this.leases.set(id, lease);
    if (this.isPrimary) this.begin(lease, now + lease.ttl * 1000, now);
  }

  begin(lease: NaiveLease, deadline: number, now: number): void {
    lease.deadline = deadline;
    lease.retryAt = 0;
    this.schedule(lease, now);
  }

  schedule(lease: NaiveLease, now: number): void {
    const isLong = (lease.remaining || lease.ttl) * 1000 > INTERVAL_MS;
    lease.checkpointAt = this.isPrimary && isLong ? now + INTERVAL_MS : Infinity;
  }

  promote(now: number): void {
    this.isPrimary = true;
    for (const lease of this.leases.values()) {
      this.begin(lease, now + EXTEND_MS + (lease.remaining || lease.ttl) * 1000, now);
    }
  }

  demote(): void {
    this.isPrimary = false;
    for (const lease of this.leases.values()) Object.assign(lease, { deadline: Infinity, checkpointAt: Infinity });
  }

  expired(now: number): bigint[] {
    if (!this.isPrimary) return [];
    const over = [...this.leases].filter(([, lease]) => lease.deadline <= now && lease.retryAt <= now);
    for (const [, lease] of over) lease.retryAt = now + RETRY_MS;
    return over.map(([id]) => id);
  }

  dueCheckpoints(now: number): (readonly [id: bigint, remaining: number])[] {
    const due = [...this.leases].filter(([, lease]) => lease.checkpointAt <= now);
    for (const [, lease] of due) lease.checkpointAt = now + INTERVAL_MS;
    const told = due.map(([id, lease]) => {
      const left = Math.ceil((lease.deadline - now) / 1000);
      return [id, left, left >= lease.ttl ? 0 : left, lease.remaining] as const;
    });
    return told.filter(([, left, tell, known]) => left > 0 && tell !== known).map(([id, , tell]) => [id, tell]);
  }

  checkpoint(id: bigint, remaining: number, now: number): void {
    const lease = this.leases.get(id);
    if (lease === undefined) return;
    lease.remaining = remaining;
    this.schedule(lease, now);
    const isOutdated = this.isPrimary && remaining > 0 && remaining < Math.ceil((lease.deadline - now) / 1000);
    if (isOutdated) lease.checkpointAt = now;
  }
}

const id = fc.bigInt({ min: 1n, max: 6n });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('grant' as const), id, ttl: fc.integer({ min: -1, max: 60 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('renew' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), id }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 30_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'promote' as const }, { kind: 'demote' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('checkpoint' as const), id, remaining: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'restart' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One run of both, side by side. What a look finds is revoked or left, so that the retry is seen too. */
class Pair {
  #real = newLessor();
  readonly #naive = new NaiveLessor();
  #now = 0;
  #looks = 0;

  do(one: Step): void {
    const [real, naive, now] = [this.#real, this.#naive, this.#now];
    if (one.kind === 'pass') this.#now += one.ms;
    else if (one.kind === 'promote') {
      real.promote(now, EXTEND_MS);
      naive.promote(now);
    } else if (one.kind === 'demote') {
      real.demote();
      naive.demote();
    } else if (one.kind === 'restart') this.#restart();
    else if (one.kind === 'grant' && !naive.leases.has(one.id)) {
      assert.equal(real.grant({ id: one.id, ttl: one.ttl, now }).ttl, Math.max(one.ttl, MIN_TTL));
      naive.grant(one.id, one.ttl, now);
    } else this.#change(one);
    this.#compare();
  }

  #change(one: Step): void {
    const [real, naive, now] = [this.#real, this.#naive, this.#now];
    if (one.kind === 'grant') return assert.throws(() => real.grant({ ...one, now }), { kind: 'LeaseExist' });
    if (one.kind === 'checkpoint') {
      real.checkpoint({ id: one.id, remainingTtl: one.remaining }, now);
      return naive.checkpoint(one.id, one.remaining, now);
    }
    if (one.kind === 'revoke') this.#revoke(one.id);
    if (one.kind !== 'renew' || !naive.isPrimary) return;
    const lease = naive.leases.get(one.id);
    if (lease === undefined) return assert.throws(() => real.renew(one.id, now), { kind: 'LeaseNotFound' });
    if (lease.deadline <= now) return;
    real.renew(one.id, now);
    lease.deadline = now + lease.ttl * 1000;
  }

  #revoke(lease: bigint): void {
    if (!this.#naive.leases.delete(lease)) assert.throws(() => this.#real.revoke(lease), { kind: 'LeaseNotFound' });
    else assert.deepEqual(this.#real.revoke(lease), []);
  }

  // What a database that keeps checkpoints has.
  #restart(): void {
    this.#real = newLessor();
    this.#naive.demote();
    for (const [lease, { ttl, remaining }] of this.#naive.leases) {
      this.#real.recover({ id: lease, ttl, remainingTtl: remaining });
    }
  }

  #compare(): void {
    const [real, naive, now] = [this.#real, this.#naive, this.#now];
    const deadlines = new Map([...naive.leases].map(([one, lease]) => [one, lease.deadline]));
    assert.deepEqual(new Map(real.list().map((lease) => [lease.id, lease.deadline])), deadlines);
    const order = real.list().map((lease) => lease.deadline);
    assert.deepEqual(order, [...deadlines.values()].sort(ascending));
    const over = naive.expired(now);
    assert.deepEqual(sorted(real.expired(now, MANY).map((lease) => lease.id)), sorted(over));
    if (this.#looks++ % 2 === 0) for (const one of over) this.#revoke(one);
    const due = naive.dueCheckpoints(now).filter(([one]) => naive.leases.has(one));
    const found = real.dueCheckpoints(now, MANY).map((one) => [one.id, one.remainingTtl] as const);
    assert.deepEqual(new Map(found), new Map(due));
  }
}

function ascending(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function sorted(ids: readonly bigint[]): bigint[] {
  return [...ids].sort((a, b) => Number(a - b));
}

function newLessor(): Lessor {
  return new Lessor({ minTtl: MIN_TTL, checkpointIntervalMs: INTERVAL_MS });
}

test('leases end when they do for somebody who looks at each of them every time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const pair = new Pair();
      for (const one of steps) pair.do(one);
    }),
    { numRuns: 1000 },
  );
});

test('a renewed lease that was looked at when its first time was over ends when its second is', () => {
  const lessor = newLessor();
  lessor.promote(0, 0);
  lessor.grant({ id: 1n, ttl: 10, now: 0 });
  lessor.renew(1n, 1_000);
  assert.deepEqual(lessor.expired(10_000, MANY), []);
  assert.equal(lessor.expired(11_000, MANY).length, 1);
});

test('a member that leads again hands out each lease once', () => {
  const lessor = newLessor();
  lessor.promote(0, 0);
  lessor.grant({ id: 1n, ttl: 10, now: 0 });
  lessor.demote();
  lessor.promote(0, 0);
  assert.equal(lessor.expired(10_000, MANY).length, 1);
});

function manyLeases(count: number, ttl: number): Lessor {
  const lessor = newLessor();
  for (let i = 1; i <= count; i++) lessor.recover({ id: BigInt(i), ttl, remainingTtl: 0 });
  return lessor;
}

test('fewer than a thousand leases end when their time is over, also all at once', () => {
  const lessor = manyLeases(999, 10);
  lessor.promote(0, EXTEND_MS);
  assert.equal(lessor.expired(10_999, MANY).length, 0);
  assert.equal(lessor.expired(11_000, MANY).length, 999);
});

test('a thousand leases and more are kept from ending together, and none is early', () => {
  const lessor = manyLeases(3_000, 10);
  lessor.promote(0, EXTEND_MS);
  assert.equal(lessor.expired(10_999, MANY).length, 0);
  for (let second = 11; second < 15; second++) {
    const over = lessor.expired(second * 1000, MANY);
    assert.equal(over.length, 750, `at ${second} s`);
    for (const lease of over) lessor.revoke(lease.id);
    assert.equal(lessor.expired(second * 1000 + 999, MANY).length, 0);
  }
});

test('a thousand are many', () => {
  const lessor = manyLeases(1_000, 10);
  lessor.promote(0, EXTEND_MS);
  assert.equal(lessor.expired(11_000, MANY).length, 750);
});

test('a lease that got more time at a promotion has its TTL after a renewal, and no more', () => {
  const lessor = manyLeases(3_000, 10);
  lessor.promote(0, EXTEND_MS);
  const last = lessor.list().at(-1);
  assert.equal(last?.deadline, 14_000);
  lessor.renew(last.id, 500);
  assert.deepEqual(
    lessor.expired(10_500, MANY).map((lease) => lease.id),
    [last.id],
  );
});

test('spread deadlines ascend, are never early, and no second has too many', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 })), fc.integer({ min: 1, max: 9 }), (times, perSecond) => {
      const given = [...times].sort((a, b) => a - b);
      const spread = spreadDeadlines(given, perSecond);
      assert.deepEqual(
        spread,
        [...spread].sort((a, b) => a - b),
      );
      for (const [i, at] of spread.entries()) {
        assert.ok(at >= (given[i] as number));
        assert.ok(spread.filter((other) => other >= at && other < at + 1000).length <= perSecond);
        // Delayed only where there was no room.
        if (at > (given[i] as number)) assert.equal(at, (spread[i - perSecond] as number) + 1000);
      }
    }),
  );
});

test('keys hang on one lease each, and go with it', () => {
  const lessor = newLessor();
  for (const lease of [1n, 2n]) lessor.grant({ id: lease, ttl: 10, now: 0 });
  lessor.attach(1n, 'b');
  lessor.attach(1n, 'a');
  lessor.attach(2n, 'c');
  assert.equal(lessor.leaseOf('a'), 1n);
  lessor.detach(1n, 'a');
  lessor.attach(2n, 'a');
  assert.deepEqual([...(lessor.get(1n)?.keys ?? [])], ['b']);
  assert.deepEqual(lessor.revoke(2n), ['a', 'c']);
  assert.equal(lessor.leaseOf('a'), 0n);
  lessor.detach(2n, 'a');
  lessor.restore(2n, 'a');
  assert.equal(lessor.leaseOf('a'), 0n, 'a lease that is not there is passed over');
  lessor.restore(1n, 'a');
  assert.deepEqual(lessor.revoke(1n), ['a', 'b']);
});

test('a lease that lost its last key shares nothing with others', () => {
  const lessor = newLessor();
  for (const lease of [1n, 2n]) lessor.grant({ id: lease, ttl: 10, now: 0 });
  lessor.attach(1n, 'a');
  lessor.detach(1n, 'a');
  lessor.attach(1n, 'b');
  assert.deepEqual([...(lessor.get(2n)?.keys ?? [])], []);
  assert.deepEqual(lessor.revoke(1n), ['b']);
});

test('a TTL has bounds: too much is refused, too little is raised, also what a database holds', () => {
  const lessor = newLessor();
  assert.throws(() => lessor.grant({ id: 1n, ttl: 9_000_000_001, now: 0 }), { kind: 'LeaseTTLTooLarge' });
  assert.equal(lessor.grant({ id: 1n, ttl: 9_000_000_000, now: 0 }).ttl, 9_000_000_000);
  lessor.recover({ id: 2n, ttl: 1, remainingTtl: 0 });
  assert.equal(lessor.get(2n)?.ttl, MIN_TTL);
});

test('a renewal while a checkpoint is on its way is seen, and what it wrote is corrected at once', () => {
  const lessor = newLessor();
  lessor.promote(0, 0);
  lessor.grant({ id: 1n, ttl: 60, now: 0 });
  assert.equal(lessor.isCheckpointed(1n), false);
  assert.deepEqual(lessor.dueCheckpoints(INTERVAL_MS, MANY), [{ id: 1n, remainingTtl: 40 }]);
  assert.equal(lessor.isCheckpointed(1n), true, 'it may be in the log');
  lessor.renew(1n, INTERVAL_MS + 5_000);
  lessor.checkpoint({ id: 1n, remainingTtl: 40 }, INTERVAL_MS + 5_001);
  assert.deepEqual(lessor.dueCheckpoints(INTERVAL_MS + 5_001, MANY), [{ id: 1n, remainingTtl: 0 }]);
  lessor.checkpoint({ id: 1n, remainingTtl: 0 }, INTERVAL_MS + 5_002);
  assert.equal(lessor.isCheckpointed(1n), false);
});

test('without an interval nothing is checkpointed, and what others have written is honoured', () => {
  const lessor = new Lessor({ minTtl: MIN_TTL });
  lessor.recover({ id: 1n, ttl: 600, remainingTtl: 7 });
  lessor.promote(0, EXTEND_MS);
  assert.equal(lessor.get(1n)?.deadline, 8_000);
  assert.equal(lessor.isCheckpointed(1n), true);
  assert.deepEqual(lessor.dueCheckpoints(1e12, MANY), []);
});
