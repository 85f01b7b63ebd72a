// Why a proposal was not applied in time: the rules of spec/raft.md E8, each at its edges.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../../../final/server/cluster.ts';
import { timeoutKind, type TimeoutView } from '../../../final/server/timeouts.ts';

const ELECTION_MS = 1000;
const LOCAL = 1n;

/** Three members, all connected since the beginning, and a leader that was elected long ago. */
function kind(
  change: Partial<TimeoutView> & { readonly since?: Readonly<Record<string, number>>; readonly members?: number } = {},
): string {
  const cluster = new Cluster({ id: 9n, localMemberId: LOCAL });
  for (let id = 1n; id <= (change.members ?? 3); id++) {
    cluster.put({ id, name: `n${id}`, peerUrls: [], clientUrls: [], isLearner: false });
  }
  const { since = { 2: 0, 3: 0 }, members: _, ...rest } = change;
  return timeoutKind({
    begin: 20_000,
    leadSince: 10_000,
    electionMs: ELECTION_MS,
    lead: 2n,
    cluster,
    activeSince: (id) => since[String(id)],
    ...rest,
  });
}

test('a proposal from the last two election timeouts before the leader was elected', () => {
  assert.equal(kind({ leadSince: 20_001 }), 'TimeoutDueToLeaderFail');
  assert.equal(kind({ leadSince: 20_000 }), 'Timeout', 'made at the very moment');
  assert.equal(kind({ leadSince: 20_000 + 2 * ELECTION_MS - 1 }), 'TimeoutDueToLeaderFail');
  assert.equal(kind({ leadSince: 20_000 + 2 * ELECTION_MS }), 'Timeout', 'longer ago');
  assert.equal(kind({ leadSince: 20_001, lead: 0n }), 'TimeoutDueToLeaderFail', 'also when it is gone again');
});

test('without a leader nothing more is known', () => {
  assert.equal(kind({ lead: 0n, since: {} }), 'Timeout');
});

test('a follower must have been connected to the leader before the proposal', () => {
  assert.equal(kind(), 'Timeout');
  assert.equal(kind({ since: { 2: 19_999 } }), 'Timeout');
  assert.equal(kind({ since: { 2: 20_000 } }), 'TimeoutDueToConnectionLost');
  assert.equal(kind({ since: { 3: 0 } }), 'TimeoutDueToConnectionLost');
});

test('a leader must have been connected to a quorum', () => {
  const lead = LOCAL;
  assert.equal(kind({ lead }), 'Timeout');
  assert.equal(kind({ lead, since: { 3: 0 } }), 'Timeout', 'two of three');
  assert.equal(kind({ lead, since: { 3: 20_000 } }), 'TimeoutDueToConnectionLost', 'too late');
  assert.equal(kind({ lead, since: {} }), 'TimeoutDueToConnectionLost');
  assert.equal(kind({ lead, members: 4, since: { 2: 0 } }), 'TimeoutDueToConnectionLost', 'half is no quorum');
  assert.equal(kind({ lead, members: 4, since: { 2: 0, 4: 0 } }), 'Timeout');
});
