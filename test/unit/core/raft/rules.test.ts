// Single rules of raft that the scripts do not reach, with one member of which the test plays all the others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RaftConfState, RaftEntryType, type RaftMessage, RaftMessageType } from '../../../../proto/schema.ts';
import { emptyConfState, type MemoryStorage } from '../../../../final/core/raft/storage.ts';
import type { RawNode } from '../../../../final/core/raft/rawnode.ts';
import { DATA, drain, from, newLeader, newNode } from './node.ts';

interface Member {
  readonly node: RawNode;
  readonly storage: MemoryStorage;
}

const { MsgApp, MsgAppResp, MsgHeartbeat, MsgHeartbeatResp, MsgPreVote, MsgSnap, MsgTimeoutNow, MsgVote } =
  RaftMessageType;

// A follower of members 1, 2 and 3 in term 5, of which 2 leads.
function newFollower(checkQuorum = false): Member {
  const member = newNode({ checkQuorum });
  member.node.bootstrap([{ id: 1n }, { id: 2n }, { id: 3n }]);
  member.node.step(from(2n, MsgHeartbeat, { term: 5 }));
  drain(member.node, member.storage);
  return member;
}

function step(
  { node, storage }: Member,
  sender: bigint,
  type: number,
  fields: Partial<RaftMessage> = {},
): RaftMessage[] {
  node.step(from(sender, type, { term: node.term, ...fields }));
  return drain(node, storage);
}

// Acknowledges all that the leader has.
function acknowledge(leader: Member, sender: bigint): RaftMessage[] {
  return step(leader, sender, MsgAppResp, { index: leader.node.lastIndex });
}

function types(messages: readonly RaftMessage[]): number[] {
  return messages.map((message) => message.type);
}

test('who knows the leader of a term does not vote in it', () => {
  const follower = newFollower();
  const [answer] = step(follower, 3n, MsgVote, { index: 100, logTerm: 5 });
  assert.equal(answer?.reject, true);
  assert.equal(follower.node.hardState.vote, 0n);
});

test('a vote puts off the own campaign, a pre-vote does not', () => {
  for (const [type, term, role] of [
    [MsgVote, 6, 'follower'],
    [MsgPreVote, 6, 'candidate'],
  ] as const) {
    const follower = newFollower();
    for (let i = 0; i < 9; i++) follower.node.tick();
    const [answer] = step(follower, 3n, type, { term, index: 100, logTerm: 5 });
    assert.equal(answer?.reject, false);
    // A vote of a higher term begins a new timeout by itself; the second one, of the same term, is the one in question.
    if (type === MsgVote) {
      for (let i = 0; i < 9; i++) follower.node.tick();
      step(follower, 3n, type, { term, index: 100, logTerm: 5 });
    }
    follower.node.tick();
    assert.equal(follower.node.role, role);
  }
});

test('nobody campaigns while a committed change of the members is not applied', () => {
  const { node, storage } = newNode();
  node.bootstrap([{ id: 1n }]);
  node.campaign();
  assert.equal(node.role, 'follower');
  drain(node, storage);
  node.campaign();
  assert.equal(node.role, 'leader');
});

test('an append before the commit index is answered with the commit index', () => {
  const follower = newFollower();
  const [answer] = step(follower, 2n, MsgApp, { index: 1, logTerm: 1 });
  assert.deepEqual([answer?.type, answer?.reject, answer?.index], [MsgAppResp, false, 3]);
});

test('an acknowledgement lets as many appends through as fit', () => {
  const leader = newLeader({ maxInflightMsgs: 2, maxSizePerMsg: 0 });
  acknowledge(leader, 2n);
  for (let i = 0; i < 5; i++) leader.node.propose(DATA);
  const sent = drain(leader.node, leader.storage).filter((message) => message.to === 2n);
  assert.deepEqual(
    sent.map((message) => message.entries.length),
    [1, 1],
  );
  // Both are acknowledged at once: two more go out.
  const more = step(leader, 2n, MsgAppResp, { index: leader.node.lastIndex - 3 });
  const appends = more.filter((message) => message.to === 2n && message.entries.length > 0);
  assert.equal(appends.length, 2);
});

test('a silent member gets no snapshot, and one that got one nothing else until it has it', () => {
  const leader = newLeader();
  acknowledge(leader, 2n);
  const { node, storage } = leader;
  node.propose(DATA);
  drain(node, storage);
  acknowledge(leader, 2n);
  const confState = { ...emptyConfState(), voters: [1n, 2n, 3n] };
  storage.createSnapshot(node.lastIndex, confState, DATA);
  storage.compact(node.lastIndex);

  // Member 3 has answered before this check of the quorum, and not since.
  for (let i = 0; i < 10; i++) node.tick();
  drain(node, storage);
  const probe = node.progress(3n);
  assert.ok(probe !== undefined && !probe.recentActive);
  probe.probeSent = false;
  node.propose(DATA);
  assert.ok(!types(drain(node, storage)).includes(MsgSnap));

  // Its answer to a heartbeat makes it active.
  const sent = step(leader, 3n, MsgHeartbeatResp).filter((message) => message.to === 3n);
  assert.deepEqual(types(sent), [MsgSnap]);
  const snapshotIndex = sent[0]?.snapshot?.metadata?.index ?? 0;
  const early = step(leader, 3n, MsgAppResp, { index: snapshotIndex - 1 });
  assert.deepEqual(types(early), []);
  assert.equal(node.progress(3n)?.state, 'StateSnapshot', 'less than the snapshot does not end the waiting');
  const next = step(leader, 3n, MsgAppResp, { index: snapshotIndex });
  assert.equal(node.progress(3n)?.state, 'StateReplicate');
  assert.ok(next.some((message) => message.to === 3n && message.entries.length === 1));
});

test('a snapshot is for members only, outgoing voters among them', () => {
  const cases: [Partial<RaftConfState>, number][] = [
    [{ voters: [2n, 3n] }, 3],
    [{ voters: [2n, 3n], learners: [1n] }, 10],
    [{ voters: [2n, 3n], voters_outgoing: [1n, 2n, 3n], auto_leave: true }, 10],
  ];
  for (const [confState, expected] of cases) {
    const follower = newFollower();
    const metadata = { index: 10, term: 4, conf_state: { ...emptyConfState(), ...confState } };
    follower.node.step(from(2n, MsgSnap, { term: 5, snapshot: { data: DATA, metadata } }));
    assert.equal(follower.node.committed, expected);
  }
});

test('a snapshot of what the log has only commits', () => {
  const follower = newFollower();
  const entries = [4, 5].map((Index) => ({ Type: 0, Term: 5, Index, Data: DATA }));
  step(follower, 2n, MsgApp, { index: 3, logTerm: 1, entries });
  const metadata = { index: 5, term: 5, conf_state: { ...emptyConfState(), voters: [1n, 2n, 3n] } };
  follower.node.step(from(2n, MsgSnap, { term: 5, snapshot: { data: DATA, metadata } }));
  const ready = follower.node.ready();
  assert.deepEqual([ready.snapshot, ready.committedEntries.length], [undefined, 2]);
});

test('a transfer ends when its target is removed', () => {
  const leader = newLeader();
  acknowledge(leader, 2n);
  leader.node.transferLeader(3n);
  assert.equal(leader.node.status().leadTransferee, 3n);
  leader.node.applyConfChange({ id: 0n, type: 1, node_id: 3n, context: undefined });
  assert.equal(leader.node.status().leadTransferee, 0n);
  leader.node.propose(DATA);
});

test('another transfer replaces a running one', () => {
  const leader = newLeader();
  acknowledge(leader, 2n);
  leader.node.transferLeader(3n);
  leader.node.transferLeader(2n);
  assert.equal(leader.node.status().leadTransferee, 2n);
  assert.ok(types(drain(leader.node, leader.storage)).includes(MsgTimeoutNow));
});

test('a read of a former leadership is not confirmed in a later one', () => {
  const leader = newLeader();
  const { node, storage } = leader;
  acknowledge(leader, 2n);
  node.readIndex(DATA);
  drain(node, storage);
  step(leader, 2n, MsgHeartbeat, { term: node.term + 1 });
  for (let i = 0; i < 20 && node.role === 'follower'; i++) node.tick();
  drain(node, storage);
  step(leader, 3n, RaftMessageType.MsgVoteResp);
  acknowledge(leader, 2n);
  node.step(from(3n, MsgHeartbeatResp, { term: node.term, context: DATA }));
  assert.equal(node.role, 'leader');
  assert.ok(!node.hasReady() || node.ready().readStates.length === 0);
});

test('a read with the context of one that waits is that one', () => {
  const leader = newLeader();
  const { node, storage } = leader;
  acknowledge(leader, 2n);
  node.readIndex(DATA);
  const before = node.committed;
  node.propose(DATA);
  drain(node, storage);
  acknowledge(leader, 2n);
  node.readIndex(DATA);
  drain(node, storage);
  node.step(from(2n, MsgHeartbeatResp, { term: node.term, context: DATA }));
  assert.deepEqual(node.ready().readStates, [{ index: before, requestCtx: DATA }]);
});

test('answers to an earlier kind of campaign do not count', () => {
  const { node, storage } = newNode({ preVote: true });
  node.bootstrap([{ id: 1n }, { id: 2n }, { id: 3n }]);
  drain(node, storage);
  node.campaign();
  node.step(from(2n, RaftMessageType.MsgPreVoteResp, { term: node.term + 1 }));
  assert.equal(node.role, 'candidate');
  node.step(from(3n, RaftMessageType.MsgPreVoteResp, { term: node.term }));
  assert.equal(node.role, 'candidate');
  node.step(from(3n, RaftMessageType.MsgVoteResp, { term: node.term }));
  assert.equal(node.role, 'leader');
});

test('a joint configuration needs both majorities to commit', () => {
  const leader = newLeader();
  acknowledge(leader, 2n);
  const { node, storage } = leader;
  const changes = [4n, 5n].map((node_id) => ({ type: 0, node_id }));
  node.applyConfChange({ transition: 0, changes, context: undefined });
  node.propose(DATA);
  drain(node, storage);
  const before = node.committed;
  acknowledge(leader, 2n);
  assert.equal(node.committed, before, '1 and 2 are a majority of (1 2 3) but not of (1 2 3 4 5)');
  acknowledge(leader, 4n);
  assert.equal(node.committed, before + 1);
  assert.ok(
    storage.entries(1, node.lastIndex + 1, 1 << 20).every(({ Type }) => Type !== RaftEntryType.EntryConfChangeV2),
  );
});
