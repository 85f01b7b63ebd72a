// Leases when the leader changes: nobody may end one that was renewed with the leader before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdError } from '../../../final/core/errors.ts';
import { Lessor } from '../../../final/core/lease/lessor.ts';
import { IdGenerator } from '../../../final/server/id_generator.ts';
import { LeaseKeeper } from '../../../final/server/leases.ts';
import { LEASE_EXPIRY_INTERVAL_MS } from '../../../final/limits.ts';
import { steppedClock } from './fixture.ts';
import { memberState } from './member_fixture.ts';

const TTL = 10;

function setUp() {
  const { clock, pass } = steppedClock();
  const lessor = new Lessor(1);
  const world = { isPrimary: false, revoked: [] as bigint[], renewed: [] as bigint[] };
  let outcome: Error | undefined;
  const keeper = new LeaseKeeper({
    lessor: () => lessor,
    ids: new IdGenerator(1n, 0),
    ports: { ...memberState([1n]).ports, clock },
    isPrimary: () => world.isPrimary,
    leader: {
      renewLease: async (id) => {
        world.renewed.push(id);
        return TTL;
      },
      leaseTimes: () => Promise.reject(new EtcdError('LeaseNotFound')),
    },
    grant: () => Promise.reject(new Error('not asked here')),
    revoke: async ({ ID }) => {
      world.revoked.push(ID);
      if (outcome !== undefined) throw outcome;
      lessor.revoke(ID);
    },
  });
  lessor.grant({ id: 7n, ttl: TTL, now: clock.now() });
  keeper.start();
  return { keeper, lessor, world, pass, fail: (error: Error | undefined) => void (outcome = error) };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('a member that is not primary yet ends no lease, however old it looks to it', () => {
  const { keeper, world, pass } = setUp();
  pass(2 * TTL * 1000);
  assert.deepEqual(world.revoked, []);
  keeper.promote(1000);
  world.isPrimary = true;
  pass(TTL * 1000);
  assert.deepEqual(world.revoked, [], 'it has its whole time, and an election timeout more');
  pass(1000 + LEASE_EXPIRY_INTERVAL_MS);
  assert.deepEqual(world.revoked, [7n]);
});

test('who is not primary asks the leader, and refuses what others ask it', async () => {
  const { keeper, world } = setUp();
  assert.equal(await keeper.renew(7n), TTL);
  assert.deepEqual(world.renewed, [7n]);
  assert.throws(() => keeper.renewHere(7n), { kind: 'NotPrimary' });
  assert.throws(() => keeper.timeToLiveHere(7n, false), { kind: 'NotPrimary' });
  assert.deepEqual(await keeper.timeToLive(7n, false), { ttl: -1, grantedTtl: 0, keys: [] });
  world.isPrimary = true;
  assert.equal(keeper.renewHere(7n), TTL);
  assert.equal(await keeper.renew(8n), 0, 'there is no such lease');
});

test('what is being revoked is not revoked again, and what failed is', async () => {
  const { world, pass, fail, lessor } = setUp();
  world.isPrimary = true;
  fail(new EtcdError('Timeout'));
  pass(TTL * 1000 + 2 * LEASE_EXPIRY_INTERVAL_MS);
  assert.deepEqual(world.revoked, [7n], 'the first is still on its way');
  await settled();
  fail(undefined);
  pass(LEASE_EXPIRY_INTERVAL_MS);
  await settled();
  assert.deepEqual(world.revoked, [7n, 7n]);
  assert.equal(lessor.get(7n), undefined);
});
