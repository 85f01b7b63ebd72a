// Leases as a member serves them: who may renew, what a renewal waits for, and what the leader does by itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdError, type ErrorKind } from '../../../final/core/errors.ts';
import { Lessor } from '../../../final/core/lease/lessor.ts';
import {
  LEASE_CHECKPOINT_BATCH,
  LEASE_CHECKPOINT_INTERVAL_MS,
  LEASE_END_WAIT_MS,
  LEASE_EXPIRY_INTERVAL_MS,
  LEASE_REVOKES_IN_FLIGHT,
  LEASES_REVOKED_PER_LOOK,
} from '../../../final/limits.ts';
import { IdGenerator } from '../../../final/server/id_generator.ts';
import { LeaseKeeper } from '../../../final/server/leases.ts';
import { steppedClock } from './fixture.ts';
import { memberState } from './member_fixture.ts';

const TTL = 10;
const TIMEOUT_MS = 7_000;
const RETRY_MS = 3_000;

type Checkpoint = readonly [id: bigint, remaining: number];

function setUp() {
  const { clock, pass } = steppedClock();
  const lessor = new Lessor({ minTtl: 1, checkpointIntervalMs: LEASE_CHECKPOINT_INTERVAL_MS });
  const world = {
    isLeader: false,
    isPrimary: false,
    isActive: true,
    isBehind: false,
    /** No quorum answers it. */
    isCutOff: false,
    revoked: [] as bigint[],
    renewed: [] as bigint[],
    checkpoints: [] as Checkpoint[][],
    /** What putting the end of a lease through the log comes to; `never` = it stays on its way. */
    outcome: undefined as ErrorKind | 'never' | undefined,
    /** Resolves when that is over. */
    proposed: async (): Promise<void> => {},
    /** How often a lease was looked for. */
    lookups: 0,
    caughtUp: async (): Promise<void> => {},
    leaderSays: async (): Promise<number> => TTL,
  };
  const get = lessor.get.bind(lessor);
  lessor.get = (id) => {
    world.lookups += 1;
    return get(id);
  };
  const role = {
    get isLeader() {
      return world.isLeader;
    },
    get isPrimary() {
      return world.isPrimary;
    },
    get mayAnswerAtOnce() {
      return world.isPrimary && world.isActive && !world.isBehind;
    },
    ensureLeadership: async () => world.isActive && world.isLeader,
    confirmLeadership: async () => !world.isCutOff && world.isActive && world.isLeader,
    caughtUp: () => world.caughtUp(),
  };
  const keeper = new LeaseKeeper({
    lessor: () => lessor,
    ids: new IdGenerator(1n, 0),
    ports: { ...memberState([1n]).ports, clock },
    role,
    leader: {
      renewLease: (id) => {
        world.renewed.push(id);
        return world.leaderSays();
      },
      leaseTimes: () => Promise.reject(new EtcdError('LeaseNotFound')),
    },
    grant: () => Promise.reject(new Error('not asked here')),
    revoke: () => Promise.reject(new Error('not asked here')),
    expire: async ({ ID }) => {
      world.revoked.push(ID);
      if (world.outcome === 'never') return new Promise(() => {});
      if (world.outcome !== undefined) throw new EtcdError(world.outcome);
      await world.proposed();
      if (lessor.get(ID) === undefined) throw new EtcdError('LeaseNotFound');
      lessor.revoke(ID);
    },
    checkpoint: async ({ checkpoints }) => {
      world.checkpoints.push(checkpoints.map((one) => [one.ID, one.remaining_TTL]));
      for (const { ID: id, remaining_TTL: remainingTtl } of checkpoints) {
        lessor.checkpoint({ id, remainingTtl }, clock.now());
      }
    },
    timeoutMs: TIMEOUT_MS,
  });
  const lead = (): void => {
    Object.assign(world, { isLeader: true, isPrimary: true });
    keeper.promote(1000);
  };
  const follow = (): void => {
    Object.assign(world, { isLeader: false, isPrimary: false });
    keeper.demote();
  };
  lessor.grant({ id: 7n, ttl: TTL, now: clock.now() });
  keeper.start();
  return { keeper, lessor, world, pass, lead, follow, clock };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What became of a promise so far. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const told = promise.catch((error: unknown) => (error as EtcdError).kind);
  await settled();
  return Promise.race([told, settled().then(() => 'on its way')]);
}

test('a member that is not primary ends no lease, and a new leader gives each its whole time and an election more', () => {
  const { world, pass, lead } = setUp();
  pass(2 * TTL * 1000);
  assert.deepEqual(world.revoked, []);
  lead();
  pass(TTL * 1000);
  assert.deepEqual(world.revoked, []);
  pass(1000 + LEASE_EXPIRY_INTERVAL_MS);
  assert.deepEqual(world.revoked, [7n]);
});

test('who does not lead asks the leader, and refuses what others ask it', async () => {
  const { keeper, world, lead } = setUp();
  assert.equal(await keeper.renew(7n), TTL);
  assert.deepEqual(world.renewed, [7n]);
  await assert.rejects(keeper.renewHere(7n), { kind: 'NotPrimary' });
  await assert.rejects(keeper.timeToLiveHere(7n, false), { kind: 'NotPrimary' });
  assert.deepEqual(await keeper.timeToLive(7n, false), { ttl: -1, grantedTtl: 0, keys: [] });
  lead();
  assert.equal(await keeper.renewHere(7n), TTL);
  assert.equal(await keeper.renew(8n), 0, 'there is no such lease');
  await assert.rejects(keeper.renewHere(8n), { kind: 'LeaseNotFound' });
});

test('a leader in full possession of its powers renews without a detour', () => {
  const { keeper, lead, lessor, pass } = setUp();
  lead();
  pass(5_000);
  assert.equal(keeper.renew(7n), TTL);
  assert.equal(lessor.get(7n)?.deadline, 15_000);
});

test('a leader that may have been replaced renews nothing', async () => {
  const { keeper, world, lead, lessor, pass } = setUp();
  lead();
  pass(5_000);
  world.isActive = false;
  await assert.rejects(async () => keeper.renew(7n), { kind: 'NotPrimary' });
  await assert.rejects(keeper.renewHere(7n), { kind: 'NotPrimary' });
  assert.deepEqual(world.renewed, [], 'it does not ask itself');
  assert.equal(lessor.get(7n)?.deadline, 11_000);
});

test('a leader of a new term that has not caught up yet asks whoever leads, and has no times', async () => {
  const { keeper, world } = setUp();
  world.isLeader = true;
  assert.equal(await keeper.renew(7n), TTL);
  assert.deepEqual(world.renewed, [7n]);
  await assert.rejects(keeper.timeToLive(7n, false), { kind: 'LeaderChanged' });
});

test('a renewal and a look wait for what is committed, and lose their leader meanwhile', async () => {
  const { keeper, world, lead, follow } = setUp();
  lead();
  let goOn = (): void => {};
  world.isBehind = true;
  world.caughtUp = () => new Promise((resolve) => void (goOn = resolve));
  const times = keeper.timeToLive(7n, false);
  assert.equal(await stateOf(times), 'on its way');
  follow();
  goOn();
  await assert.rejects(times, { kind: 'LeaderChanged' });
  lead();
  const renewal = keeper.renew(7n) as Promise<number>;
  assert.equal(await stateOf(renewal), 'on its way');
  follow();
  goOn();
  assert.equal(await renewal, TTL);
  assert.deepEqual(world.renewed, [7n], 'the leader was asked in the end');
  lead();
  world.caughtUp = () => Promise.reject(new EtcdError('TimeoutWaitAppliedIndex'));
  await assert.rejects(async () => keeper.renew(7n), { kind: 'TimeoutWaitAppliedIndex' });
  await assert.rejects(keeper.timeToLive(7n, false), { kind: 'TimeoutWaitAppliedIndex' });
});

test('a lease that is over by less than a second has 0 left, not −1', async () => {
  const { keeper, lead, world, pass } = setUp();
  lead();
  world.outcome = 'never';
  pass(1_500);
  assert.equal((await keeper.timeToLive(7n, false)).ttl, 9);
  pass(10_000);
  assert.equal((await keeper.timeToLive(7n, false)).ttl, 0);
  pass(1_000);
  assert.equal((await keeper.timeToLive(7n, false)).ttl, -1);
});

test('what is being revoked is not revoked again, and what failed is, a while later', async () => {
  const { world, pass, lead, lessor } = setUp();
  lead();
  world.outcome = 'Timeout';
  pass(11_000 + LEASE_EXPIRY_INTERVAL_MS);
  assert.deepEqual(world.revoked, [7n]);
  pass(2 * RETRY_MS);
  assert.deepEqual(world.revoked, [7n], 'the first is still on its way');
  await settled();
  world.outcome = undefined;
  pass(RETRY_MS + LEASE_EXPIRY_INTERVAL_MS);
  assert.deepEqual(world.revoked, [7n, 7n]);
  await settled();
  assert.equal(lessor.get(7n), undefined);
});

test('many ends go out so many at a time, and so many a look', async () => {
  const { world, pass, lead, lessor, clock } = setUp();
  for (let i = 100n; i < 1090n; i++) lessor.grant({ id: i, ttl: TTL, now: clock.now() });
  lead();
  world.outcome = 'never';
  pass(11_000);
  assert.equal(world.revoked.length, LEASE_REVOKES_IN_FLIGHT);
  pass(LEASE_EXPIRY_INTERVAL_MS);
  assert.equal(world.revoked.length, LEASE_REVOKES_IN_FLIGHT);

  const other = setUp();
  for (let i = 100n; i < 1090n; i++) other.lessor.grant({ id: i, ttl: TTL, now: other.clock.now() });
  other.lead();
  other.pass(11_000);
  for (let i = 0; i < 100; i++) await settled();
  assert.equal(other.world.revoked.length, LEASES_REVOKED_PER_LOOK);
  other.pass(LEASE_EXPIRY_INTERVAL_MS);
  for (let i = 0; i < 100; i++) await settled();
  assert.equal(other.world.revoked.length, 991);
});

test('a renewal of a lease whose time is over waits for its end, and then finds none', async () => {
  const { keeper, world, pass, lead, lessor } = setUp();
  lead();
  world.outcome = 'never';
  pass(11_000);
  const renewal = keeper.renew(7n) as Promise<number>;
  assert.equal(await stateOf(renewal), 'on its way');
  lessor.revoke(7n);
  pass(LEASE_EXPIRY_INTERVAL_MS);
  assert.equal(await renewal, 0);
});

test('it does not wait for ever: not when the end does not come, nor when another leads, nor when the server stops', async () => {
  const { keeper, world, pass, lead, follow } = setUp();
  lead();
  world.outcome = 'never';
  pass(11_000);
  const renewal = keeper.renew(7n) as Promise<number>;
  assert.equal(await stateOf(renewal), 'on its way');
  pass(TIMEOUT_MS - LEASE_EXPIRY_INTERVAL_MS);
  assert.equal(await stateOf(renewal), 'on its way');
  pass(LEASE_EXPIRY_INTERVAL_MS);
  assert.equal(await stateOf(renewal), 'Timeout');
  const second = keeper.renew(7n) as Promise<number>;
  await settled();
  follow();
  assert.equal(await second, TTL, 'the new leader knows better');
  lead();
  pass(11_000);
  const third = stateOf(keeper.renew(7n) as Promise<number>);
  await settled();
  keeper.stop();
  assert.equal(await third, 'Stopped');
  await assert.rejects(async () => keeper.renew(7n), { kind: 'Stopped' }, 'nor does who comes later');
});

test('another member is not held up by a lease whose end does not come: it is to ask again', async () => {
  const { keeper, world, pass, lead, lessor } = setUp();
  lead();
  world.outcome = 'never';
  pass(11_000);
  const first = keeper.renewHere(7n);
  assert.equal(await stateOf(first), 'on its way');
  pass(LEASE_END_WAIT_MS - 1);
  assert.equal(await stateOf(first), 'on its way');
  pass(1);
  assert.equal(await stateOf(first), 'Timeout');
  const second = keeper.renewHere(7n);
  const own = keeper.renew(7n) as Promise<number>;
  await settled();
  pass(LEASE_END_WAIT_MS);
  assert.equal(await stateOf(second), 'Timeout');
  assert.equal(await stateOf(own), 'on its way', 'a client of its own waits');
  lessor.revoke(7n);
  await assert.rejects(keeper.renewHere(7n), { kind: 'LeaseNotFound' });
});

test('the end of a lease is told to those who wait for it, not to be looked for in what all others wait for', async () => {
  const { keeper, world, pass, lead, lessor, clock } = setUp();
  const ids = Array.from({ length: LEASES_REVOKED_PER_LOOK - 1 }, (_, i) => BigInt(i + 100));
  for (const id of ids) lessor.grant({ id, ttl: TTL, now: clock.now() });
  lead();
  pass(10_900);
  clock.sleep(100);
  const renewals = ids.map((id) => keeper.renew(id) as Promise<number>);
  await settled();
  world.lookups = 0;
  pass(LEASE_EXPIRY_INTERVAL_MS);
  for (let i = 0; i < 100; i++) await settled();
  assert.deepEqual(new Set(await Promise.all(renewals)), new Set([0]));
  assert.ok(world.lookups < 10 * ids.length, `${world.lookups} looks at leases for ${ids.length} ends`);
});

test('what an earlier time as the leader has proposed does not keep the next one from ending leases', async () => {
  const { world, pass, lead, follow, lessor, clock } = setUp();
  for (let i = 100n; i < 140n; i++) lessor.grant({ id: i, ttl: TTL, now: clock.now() });
  lead();
  const ends: (() => void)[] = [];
  world.proposed = () => new Promise((resolve) => void ends.push(resolve));
  pass(11_000);
  assert.equal(ends.length, LEASE_REVOKES_IN_FLIGHT);
  follow();
  lead();
  pass(11_000 + LEASE_EXPIRY_INTERVAL_MS);
  assert.equal(ends.length, 2 * LEASE_REVOKES_IN_FLIGHT);
  for (const end of ends.slice(0, LEASE_REVOKES_IN_FLIGHT)) end();
  await settled();
  assert.equal(ends.length, 2 * LEASE_REVOKES_IN_FLIGHT, 'the old ones make no room for new ones');
});

test('a lease that was granted anew is not ended in place of the old one, whose end is told', async () => {
  const { keeper, world, pass, lead, lessor, clock } = setUp();
  for (let i = 100n; i < 140n; i++) lessor.grant({ id: i, ttl: TTL, now: clock.now() });
  lead();
  const ends: (() => void)[] = [];
  world.proposed = () => new Promise((resolve) => void ends.push(resolve));
  pass(11_000);
  const renewal = keeper.renew(139n) as Promise<number>;
  await settled();
  lessor.revoke(138n);
  lessor.revoke(139n);
  lessor.grant({ id: 139n, ttl: 6 * TTL, now: clock.now() });
  while (ends.length > 0) {
    for (const end of ends.splice(0)) end();
    await settled();
  }
  assert.equal(world.revoked.length, 39);
  assert.ok(!world.revoked.includes(138n) && !world.revoked.includes(139n));
  pass(LEASE_EXPIRY_INTERVAL_MS);
  assert.equal(await stateOf(renewal), 0);
});

test('remaining times are written down, in batches, and a renewal of such a lease is told to the others first', async () => {
  const { keeper, world, pass, lead, lessor, clock } = setUp();
  const count = LEASE_CHECKPOINT_BATCH + 500;
  for (let i = 0; i < count; i++) lessor.grant({ id: 100n + BigInt(i), ttl: 1_000, now: clock.now() });
  lead();
  pass(LEASE_CHECKPOINT_INTERVAL_MS);
  for (let i = 0; i < 5; i++) await settled();
  assert.deepEqual(
    world.checkpoints.map((batch) => batch.length),
    [LEASE_CHECKPOINT_BATCH, 500],
  );
  // They were spread, so the first has the least.
  assert.deepEqual(world.checkpoints[0]?.[0], [100n, 701]);
  world.checkpoints.length = 0;
  assert.equal(await keeper.renew(100n), 1_000);
  assert.deepEqual(world.checkpoints, [[[100n, 0]]]);
  assert.equal(lessor.get(100n)?.deadline, clock.now() + 1_000_000);
  assert.equal(keeper.renew(100n), 1_000, 'once');
  assert.equal(world.checkpoints.length, 1);
});

test('a leader that no quorum answers does not say that there is no lease: its successor may have granted it', async () => {
  const { keeper, world, lead } = setUp();
  lead();
  world.isCutOff = true;
  for (const answer of [keeper.renewHere(99n), keeper.renew(99n), keeper.timeToLiveHere(99n, false)]) {
    await assert.rejects(Promise.resolve(answer), { kind: 'NotPrimary' });
  }
  world.isCutOff = false;
  assert.equal(await keeper.renew(99n), 0);
  await assert.rejects(keeper.renewHere(99n), { kind: 'LeaseNotFound' });
});
