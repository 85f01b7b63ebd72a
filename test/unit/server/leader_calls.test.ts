// Questions that only the leader can answer: whom a member asks, how often, and when it gives up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdError } from '../../../final/core/errors.ts';
import type { Member } from '../../../final/server/cluster.ts';
import { LeaderCalls } from '../../../final/server/leader_calls.ts';
import type { PeerCalls } from '../../../final/server/peer_calls.ts';
import { steppedClock } from './fixture.ts';
import { memberOf } from './member_fixture.ts';

const TIMEOUT_MS = 7000;
const ELECTION_MS = 1000;

function setUp(answer: (url: string, asked: number) => number) {
  const { clock, slept } = steppedClock();
  const world = {
    leader: memberOf(2n, { peerUrls: ['http://a', 'http://b'] }) as Member | undefined,
    isStopped: false,
  };
  const asked: string[] = [];
  const refuse = (): Promise<never> => Promise.reject(new Error('not asked here'));
  const calls: PeerCalls = {
    fetchMembers: refuse,
    fetchVersion: refuse,
    promote: async (url) => {
      asked.push(url);
      answer(url, asked.length);
      return [];
    },
    renewLease: async (url, id, timeoutMs) => {
      assert.equal(id, 7n);
      assert.ok(timeoutMs > 0 && timeoutMs + slept() <= TIMEOUT_MS, 'no longer than the whole may take');
      asked.push(url);
      return answer(url, asked.length);
    },
    leaseTimes: async (url) => {
      asked.push(url);
      return { ttl: answer(url, asked.length), grantedTtl: 0, keys: [] };
    },
  };
  const leaderCalls = new LeaderCalls({
    calls,
    clock,
    leader: () => world.leader,
    isStopped: () => world.isStopped,
    electionMs: ELECTION_MS,
    timeoutMs: TIMEOUT_MS,
  });
  return { world, asked, leaderCalls, slept, clock };
}

function refuse(kind?: ConstructorParameters<typeof EtcdError>[0]): never {
  throw kind === undefined ? new Error('connection refused') : new EtcdError(kind);
}

test('the URLs of the leader are asked one after the other, until one answers', async () => {
  const { leaderCalls, asked, slept } = setUp((url) => (url === 'http://a' ? refuse() : 60));
  assert.equal(await leaderCalls.renewLease(7n), 60);
  assert.deepEqual(asked, ['http://a', 'http://b']);
  assert.equal(slept(), 0);
});

test('it is asked again a moment later, and whoever leads by then', async () => {
  const it = setUp((url) => (url === 'http://c' ? 60 : refuse('NotPrimary')));
  const { world, leaderCalls, asked } = it;
  const answer = leaderCalls.renewLease(7n);
  await Promise.resolve();
  world.leader = memberOf(3n, { peerUrls: ['http://c'] });
  assert.equal(await answer, 60);
  assert.equal(asked.at(-1), 'http://c');
  assert.ok(it.slept() >= 50);
});

test('some refusals are final', async () => {
  const lost = setUp(() => refuse('LeaseNotFound'));
  await assert.rejects(lost.leaderCalls.renewLease(7n), { kind: 'LeaseNotFound' });
  await assert.rejects(lost.leaderCalls.leaseTimes(7n, true), { kind: 'LeaseNotFound' });
  assert.equal(lost.asked.length, 2);
  const large = setUp(() => refuse('RequestTooLarge'));
  await assert.rejects(large.leaderCalls.leaseTimes(7n, true), { kind: 'RequestTooLarge' });
  assert.equal(large.asked.length, 1);
  for (const kind of ['LearnerNotReady', 'MemberNotFound', 'MemberNotLearner'] as const) {
    const it = setUp(() => refuse(kind));
    await assert.rejects(it.leaderCalls.promote(7n), { kind });
    assert.equal(it.asked.length, 1);
  }
});

test('others are no answer, and after the timeout nobody is asked any more', async () => {
  const { leaderCalls, asked, slept } = setUp(() => refuse());
  await assert.rejects(leaderCalls.renewLease(7n), { kind: 'Timeout' });
  assert.equal(slept(), TIMEOUT_MS);
  assert.equal(asked.length, (2 * TIMEOUT_MS) / 50);
});

test('a leader that waits for the end of the lease is asked again', async () => {
  const { leaderCalls, asked } = setUp((_, count) => refuse(count <= 4 ? 'Timeout' : 'LeaseNotFound'));
  await assert.rejects(leaderCalls.renewLease(7n), { kind: 'LeaseNotFound' });
  assert.equal(asked.length, 5);
});

test('without a leader it waits for one, an election timeout at a time', async () => {
  const { world, leaderCalls, slept, asked } = setUp(() => 60);
  world.leader = undefined;
  await assert.rejects(leaderCalls.renewLease(7n), { kind: 'NoLeader' });
  assert.deepEqual([slept(), asked.length], [TIMEOUT_MS, 0]);
});

test('a member that stops asks nobody', async () => {
  const { world, leaderCalls, asked } = setUp(() => 60);
  world.isStopped = true;
  await assert.rejects(leaderCalls.renewLease(7n), { kind: 'Stopped' });
  assert.equal(asked.length, 0);
});
