// What step 06 adds where no client can look: a leader that nobody follows gives up, and a lease is never over early.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RaftMessageType } from '../../../proto/schema.ts';
import { Lessor } from '../../../steps/06-lease/core/lease/lessor.ts';
import { newMessage, NONE } from '../../../steps/06-lease/core/raft/messages.ts';
import { RawNode } from '../../../steps/06-lease/core/raft/rawnode.ts';
import { IdGenerator } from '../../../steps/06-lease/server/id_generator.ts';
import { LeaseKeeper } from '../../../steps/06-lease/server/leases.ts';
import type { LeaderCalls } from '../../../steps/06-lease/server/leader_calls.ts';

const ELECTION_TICK = 10;

function newLeader(): RawNode {
  const hardState = { term: 1, vote: 0n, commit: 0 };
  const members = [1n, 2n, 3n];
  const node = new RawNode({ id: 1n, members, electionTick: ELECTION_TICK, hardState, entries: [], random: () => 0 });
  node.campaign();
  answer(node, RaftMessageType.MsgVoteResp);
  assert.equal(node.raft.role, 'leader');
  return node;
}

function answer(node: RawNode, type: number): void {
  node.step({ ...newMessage(type, 1n), from: 2n, term: node.raft.term });
}

test('step 06: a leader whom a majority does not answer gives up', () => {
  const node = newLeader();
  for (let i = 0; i < ELECTION_TICK; i++) node.tick();
  assert.deepEqual([node.raft.role, node.raft.lead], ['follower', NONE]);
});

test('step 06: a leader whom a majority answers stays', () => {
  const node = newLeader();
  for (let i = 0; i < 10 * ELECTION_TICK; i++) {
    node.tick();
    if (i % (ELECTION_TICK - 1) === 0) answer(node, RaftMessageType.MsgHeartbeatResp);
  }
  assert.equal(node.raft.role, 'leader');
});

test('step 06: a member that is alone goes on leading', () => {
  const hardState = { term: 1, vote: 0n, commit: 0 };
  const node = new RawNode({ id: 1n, members: [1n], electionTick: 10, hardState, entries: [], random: () => 0 });
  node.campaign();
  for (let i = 0; i < 3 * ELECTION_TICK; i++) node.tick();
  assert.equal(node.raft.role, 'leader');
});

test('step 06: a lease ends its TTL after grant, renewal or promotion, and is listed by its end', () => {
  const lessor = new Lessor(2);
  const ends = (): unknown[] => lessor.list().map(({ id, deadline }) => [id, deadline]);
  lessor.grant({ id: 1n, ttl: 10, now: 0 });
  lessor.grant({ id: 2n, ttl: -5, now: 100 });
  assert.deepEqual(ends(), [
    [2n, 2_100],
    [1n, 10_000],
  ]);
  lessor.renew(2n, 20_000);
  assert.deepEqual(ends(), [
    [1n, 10_000],
    [2n, 22_000],
  ]);
  lessor.promote(50_000);
  assert.deepEqual(ends(), [
    [2n, 52_000],
    [1n, 60_000],
  ]);
});

test('step 06: a key hangs on the lease of its last put, and is handed out once when that ends', () => {
  const lessor = new Lessor(2);
  lessor.grant({ id: 1n, ttl: 10, now: 0 });
  for (const key of ['b', 'a', 'c']) lessor.attach(1n, key);
  lessor.detach(1n, 'c');
  assert.deepEqual(lessor.revoke(1n), ['a', 'b']);
  assert.throws(() => lessor.revoke(1n), { kind: 'LeaseNotFound' });
  assert.throws(() => lessor.renew(1n, 0), { kind: 'LeaseNotFound' });
});

test('step 06: a renewal waits for an end that is in the log, and then knows what became of the lease', async () => {
  const lessor = new Lessor(1);
  const ends: (() => void)[] = [];
  const keeper = new LeaseKeeper({
    lessor,
    ids: new IdGenerator(1n, 0),
    isPrimary: () => true,
    leader: {} as LeaderCalls,
    grant: () => Promise.reject(new Error('not asked')),
    // Its entry waits until the test lets it be applied.
    revoke: () => new Promise((resolve) => void ends.push(() => resolve({ header: undefined }))),
  });
  for (const id of [1n, 2n]) lessor.grant({ id, ttl: 1, now: performance.now() - 2000 });
  keeper.start();
  while (ends.length < 2) await new Promise((resolve) => void setTimeout(resolve, 20));
  const renewals = [keeper.renew(1n), keeper.renew(2n)];
  const early = await Promise.race([...renewals, new Promise((resolve) => void setTimeout(resolve, 50, 'waits'))]);
  assert.equal(early, 'waits');
  // The one is over, the proposal of the other got lost.
  lessor.revoke(1n);
  for (const end of ends) end();
  assert.deepEqual(await Promise.all(renewals), [0, 1]);
  keeper.stop();
});
