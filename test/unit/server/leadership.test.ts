// Whether a leader still leads, and whether it has applied what it knows: what is looked at before a lease is renewed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdError } from '../../../final/core/errors.ts';
import { ACTIVE_HEARTBEATS, APPLY_WAIT_MS } from '../../../final/limits.ts';
import { AppliedWait } from '../../../final/server/applied_wait.ts';
import { Leadership } from '../../../final/server/leadership.ts';

const HEARTBEAT_MS = 100;
const LATE_MS = ACTIVE_HEARTBEATS * HEARTBEAT_MS;

function setUp() {
  const world = { now: 0, isLeader: true, asked: 0, confirm: async (): Promise<void> => {} };
  const leadership = new Leadership({
    now: () => world.now,
    heartbeatMs: HEARTBEAT_MS,
    isLeader: () => world.isLeader,
    confirm: () => {
      world.asked += 1;
      return world.confirm();
    },
  });
  const tickAfter = (ms: number): void => {
    world.now += ms;
    leadership.tick();
  };
  return { world, leadership, tickAfter };
}

test('a leader that runs all the time asks nobody', async () => {
  const { world, leadership, tickAfter } = setUp();
  for (let i = 0; i < 5; i++) tickAfter(LATE_MS - 1);
  world.now += LATE_MS - 1;
  assert.equal(leadership.isActive, true);
  assert.equal(await leadership.ensure(), true);
  world.isLeader = false;
  assert.equal(await leadership.ensure(), false);
  assert.equal(world.asked, 0);
});

test('one that was held asks before the next tick', async () => {
  const { world, leadership } = setUp();
  world.now += LATE_MS;
  assert.equal(leadership.isActive, false);
  assert.equal(await leadership.ensure(), true);
  assert.equal(world.asked, 1);
  world.confirm = () => Promise.reject(new EtcdError('Timeout'));
  assert.equal(await leadership.ensure(), false);
  world.confirm = () => Promise.reject(new Error('a bug'));
  await assert.rejects(leadership.ensure(), /a bug/);
});

test('a tick that comes late proves nothing: a quorum is asked once behind it', async () => {
  const { world, leadership, tickAfter } = setUp();
  tickAfter(LATE_MS);
  tickAfter(HEARTBEAT_MS);
  assert.equal(leadership.isActive, false);
  world.confirm = async () => void (world.isLeader = false);
  assert.equal(await leadership.ensure(), false, 'it has learned of another leader');
  world.isLeader = true;
  assert.equal(leadership.isActive, true);
  await leadership.ensure();
  assert.equal(world.asked, 1);
});

test('an answer does not count for what came behind the question', async () => {
  const { world, leadership, tickAfter } = setUp();
  tickAfter(LATE_MS);
  world.confirm = async () => tickAfter(LATE_MS);
  await leadership.ensure();
  assert.equal(leadership.isActive, false);
});

function waiting() {
  const world = { now: 0, committed: 5, applied: 5 };
  const wait = new AppliedWait({
    now: () => world.now,
    committed: () => world.committed,
    applied: () => world.applied,
  });
  return { world, wait };
}

test('what is committed is waited for until it is applied, and no longer', async () => {
  const { world, wait } = waiting();
  assert.equal(wait.isCaughtUp, true);
  await wait.wait();
  world.committed = 7;
  assert.equal(wait.isCaughtUp, false);
  let isOver = false;
  const waited = wait.wait().then(() => void (isOver = true));
  world.committed = 9;
  world.applied = 6;
  wait.onApplied();
  await Promise.resolve();
  assert.equal(isOver, false);
  world.applied = 7;
  wait.onApplied();
  await waited;
});

test('it does not wait longer than a second, nor for a server that stops', async () => {
  const { world, wait } = waiting();
  world.committed = 6;
  const first = assert.rejects(wait.wait(), { kind: 'TimeoutWaitAppliedIndex' });
  world.now = APPLY_WAIT_MS - 1;
  wait.tick();
  const second = assert.rejects(wait.wait(), { kind: 'Stopped' });
  world.now = APPLY_WAIT_MS;
  wait.tick();
  await first;
  wait.stop();
  await second;
  await assert.rejects(wait.wait(), { kind: 'Stopped' }, 'nor does who comes later');
});
