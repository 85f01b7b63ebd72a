// What a member does about its first election: campaign at once, wait for its peers, or neither.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawNode } from '../../../final/core/raft/rawnode.ts';
import { toConfig } from '../../../final/etcdmain/config.ts';
import { FirstElection } from '../../../final/server/first_election.ts';
import type { PeerTransport } from '../../../final/server/peer_transport.ts';
import { steppedClock } from './fixture.ts';
import { votersOf } from './member_fixture.ts';

const LOCAL = 1n;
// Ten ticks are an election timeout; two are left.
const ADVANCED = 8;

function setUp({ commit = 4, advance = true } = {}) {
  const calls = { campaigns: 0, ticks: 0 };
  const active = new Map<bigint, number>();
  const { clock, pass } = steppedClock();
  const node = { campaign: () => void calls.campaigns++, tick: () => void calls.ticks++ };
  const transport: Partial<PeerTransport> = { peerIds: [2n, 3n], activeSince: (id) => active.get(id) };
  const election = new FirstElection({
    config: toConfig(new Map([['initial-election-tick-advance', String(advance)]])),
    clock,
    node: node as unknown as RawNode,
    transport: transport as PeerTransport,
    localId: LOCAL,
    commit,
  });
  return { election, calls, active, pass };
}

test('a member that is alone campaigns once, when what was committed is applied', () => {
  const { election, calls } = setUp();
  election.look({ applied: 3, confState: votersOf([LOCAL]) });
  assert.equal(calls.campaigns, 0, 'a later entry may add a member');
  election.look({ applied: 4, confState: votersOf([LOCAL]) });
  election.look({ applied: 5, confState: votersOf([LOCAL]) });
  assert.deepEqual(calls, { campaigns: 1, ticks: 0 });
});

test('nobody campaigns for another member, nor as one that only follows', () => {
  for (const voters of [[2n], [], [LOCAL, 2n]]) {
    const { election, calls, pass } = setUp();
    election.look({ applied: 4, confState: votersOf(voters) });
    pass(10_000);
    assert.deepEqual(calls, { campaigns: 0, ticks: 0 });
  }
});

test('most of the timeout passes at once when more than one peer is there', () => {
  const { election, calls, active, pass } = setUp();
  election.look({ applied: 4, confState: votersOf([LOCAL, 2n, 3n]) });
  active.set(2n, 0);
  pass(1000);
  assert.equal(calls.ticks, 0, 'one is not enough');
  active.set(3n, 0);
  pass(50);
  assert.equal(calls.ticks, ADVANCED);
  pass(10_000);
  assert.deepEqual(calls, { campaigns: 0, ticks: ADVANCED });
});

test('it does not wait for its peers longer than five seconds', () => {
  const { election, calls, active, pass } = setUp();
  election.look({ applied: 4, confState: votersOf([LOCAL, 2n, 3n]) });
  pass(5000);
  for (const id of [2n, 3n]) active.set(id, 0);
  pass(5000);
  assert.equal(calls.ticks, 0);
});

test('with --initial-election-tick-advance=false, and behind a stop, it does nothing', () => {
  const off = setUp({ advance: false });
  const stopped = setUp();
  const stoppedBefore = setUp();
  stoppedBefore.election.stop();
  for (const { election, active } of [off, stopped, stoppedBefore]) {
    election.look({ applied: 4, confState: votersOf([LOCAL, 2n, 3n]) });
    for (const id of [2n, 3n]) active.set(id, 0);
  }
  stopped.election.stop();
  for (const { pass, calls } of [off, stopped, stoppedBefore]) {
    pass(10_000);
    assert.deepEqual(calls, { campaigns: 0, ticks: 0 });
  }
});
