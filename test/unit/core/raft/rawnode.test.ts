// What the server may count on where the scripts do not reach: the Ready contract, limits, bootstrap.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeConfChange } from '../../../../final/core/raft/confchange/encoding.ts';
import type { RaftConfig } from '../../../../final/core/raft/config.ts';
import { RawNode } from '../../../../final/core/raft/rawnode.ts';
import { RaftEntryType, RaftMessageType } from '../../../../proto/schema.ts';
import { CONFIG, DATA, drain, from, isError, newLeader, newNode, newSingleLeader } from './node.ts';

test('a bootstrapped log has an entry for each member, written and applied with the first Ready', () => {
  const { node } = newNode();
  const context = Uint8Array.of(9);
  node.bootstrap([{ id: 1n, context }, { id: 2n }]);
  assert.deepEqual(node.status().config.voters.incoming, [1n, 2n]);
  const ready = node.ready();
  assert.deepEqual(ready.hardState, { term: 1, vote: 0n, commit: 2 });
  assert.ok(ready.mustSync);
  assert.deepEqual(ready.entries, ready.committedEntries);
  assert.deepEqual(ready.entries.map(decodeConfChange), [
    { id: 0n, type: 0, node_id: 1n, context },
    { id: 0n, type: 0, node_id: 2n, context: undefined },
  ]);
  assert.throws(() => node.bootstrap([{ id: 1n }]), /nonempty Storage/);
});

test('a proposal keeps its data object all the way', () => {
  const { node, storage } = newSingleLeader();
  node.propose(DATA);
  const ready = node.ready();
  assert.equal(ready.entries[0]?.Data, DATA);
  assert.equal(ready.committedEntries[0]?.Data, DATA);
  storage.append(ready.entries);
  node.advance(ready);
  assert.equal(storage.entries(node.lastIndex, node.lastIndex + 1, 0)[0]?.Data, DATA);
});

test('a Ready does not change when raft goes on', () => {
  const { node, storage } = newSingleLeader();
  node.propose(DATA);
  const ready = node.ready();
  const before = structuredClone({ entries: ready.entries, committed: ready.committedEntries, sent: ready.messages });
  node.propose(DATA);
  node.readIndex(DATA);
  for (let i = 0; i < 30; i++) node.tick();
  assert.deepEqual({ entries: ready.entries, committed: ready.committedEntries, sent: ready.messages }, before);
  assert.throws(() => node.ready(), /not advanced/);
  storage.append(ready.entries);
  node.advance(ready);
  const next = node.ready();
  assert.deepEqual([next.entries.length, next.committedEntries.length, next.readStates.length], [1, 1, 1]);
});

test('a message that comes twice appends its proposal twice, as two entries', () => {
  const { node, storage } = newSingleLeader();
  const proposal = from(2n, RaftMessageType.MsgProp, { entries: [{ Type: 0, Term: 0, Index: 0, Data: DATA }] });
  node.step(proposal);
  node.step(proposal);
  drain(node, storage);
  const last = storage.entries(node.lastIndex - 1, node.lastIndex + 1, 100);
  assert.deepEqual(
    last.map((entry) => entry.Index),
    [node.lastIndex - 1, node.lastIndex],
  );
});

test('commits are not synced, entries, terms and votes are', () => {
  const { node, storage } = newLeader();
  node.step(from(2n, RaftMessageType.MsgAppResp, { term: node.term, index: node.lastIndex }));
  const commit = node.ready();
  assert.deepEqual(commit.hardState, { term: node.term, vote: 1n, commit: node.lastIndex });
  assert.equal(commit.mustSync, false);
  node.advance(commit);
  node.propose(DATA);
  const append = node.ready();
  assert.deepEqual([append.hardState, append.mustSync], [undefined, true]);
  storage.append(append.entries);
  node.advance(append);
  node.step(
    from(2n, RaftMessageType.MsgVote, { term: node.term + 1, context: new TextEncoder().encode('CampaignTransfer') }),
  );
  assert.ok(node.ready().mustSync);
});

test('too much uncommitted is refused, a single entry never, an empty one never', () => {
  const { node, storage } = newLeader({ maxUncommittedEntriesSize: 10 });
  node.propose(new Uint8Array(100));
  assert.throws(() => node.propose(DATA), isError('ProposalDropped'));
  node.propose(undefined);
  drain(node, storage);
  node.step(from(2n, RaftMessageType.MsgAppResp, { term: node.term, index: node.lastIndex }));
  drain(node, storage);
  node.propose(DATA);
});

test('committed entries come in parts of limited size', () => {
  const { node, storage } = newSingleLeader({ maxCommittedSizePerReady: 100 });
  for (let i = 0; i < 10; i++) node.propose(new Uint8Array(40));
  const first = node.ready();
  assert.deepEqual([first.entries.length, first.committedEntries.length], [10, 2]);
  storage.append(first.entries);
  node.advance(first);
  const counts: number[] = [];
  while (node.hasReady()) {
    const ready = node.ready();
    counts.push(ready.committedEntries.length);
    node.advance(ready);
  }
  assert.deepEqual(counts, [2, 2, 2, 2]);
});

test('a restart hands out nothing that was applied', () => {
  const { node, storage } = newSingleLeader();
  node.propose(DATA);
  drain(node, storage);
  storage.createSnapshot(
    node.lastIndex,
    node.applyConfChange({ id: 0n, type: 0, node_id: 0n, context: undefined }),
    DATA,
  );
  node.propose(DATA);
  drain(node, storage);
  const restarted = new RawNode({ ...CONFIG, storage, applied: node.lastIndex - 1 });
  assert.deepEqual(
    restarted.ready().committedEntries.map((entry) => entry.Index),
    [node.lastIndex],
  );
});

test('a lease answers reads without a round of messages', () => {
  const { node, storage } = newLeader({ readOnlyOption: 'lease-based' });
  node.readIndex(DATA);
  assert.ok(!node.hasReady(), 'nothing is committed in the term yet');
  node.step(from(2n, RaftMessageType.MsgAppResp, { term: node.term, index: node.lastIndex }));
  const ready = node.ready();
  assert.deepEqual(ready.readStates, [{ index: node.lastIndex, requestCtx: DATA }]);
  assert.ok(ready.messages.every((message) => message.type !== RaftMessageType.MsgHeartbeat));
  node.advance(ready);
  node.step(from(2n, RaftMessageType.MsgReadIndex, { entries: [{ Type: 0, Term: 0, Index: 0, Data: DATA }] }));
  const [answer] = drain(node, storage);
  assert.deepEqual([answer?.type, answer?.to, answer?.index], [RaftMessageType.MsgReadIndexResp, 2n, node.lastIndex]);
});

test('reads are confirmed in their order by the newest context', () => {
  const { node, storage } = newLeader();
  node.step(from(2n, RaftMessageType.MsgAppResp, { term: node.term, index: node.lastIndex }));
  drain(node, storage);
  for (const byte of [1, 2, 2, 3]) node.readIndex(Uint8Array.of(byte));
  drain(node, storage);
  node.tick();
  const beat = drain(node, storage).find((message) => message.type === RaftMessageType.MsgHeartbeat);
  assert.deepEqual(beat?.context, Uint8Array.of(3));
  node.step(from(3n, RaftMessageType.MsgHeartbeatResp, { term: node.term, context: Uint8Array.of(2) }));
  assert.deepEqual(
    node.ready().readStates.map((state) => state.requestCtx[0]),
    [1, 2],
  );
});

test('messages that nobody may send are refused', () => {
  const { node } = newLeader();
  for (const type of [0, 1, 10, 11, 12]) {
    assert.throws(() => node.step(from(2n, type)), isError('StepLocalMessage'));
  }
  for (const type of [4, 6, 9, 18]) {
    assert.throws(() => node.step(from(9n, type, { term: 1 })), isError('StepPeerNotFound'));
  }
});

test('an old leader is told of a newer term, if it may not be deposed by a campaign', () => {
  for (const [checkQuorum, count] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const { node, storage } = newLeader({ checkQuorum });
    node.step(from(2n, RaftMessageType.MsgHeartbeat, { term: 1 }));
    const answers = drain(node, storage);
    assert.equal(answers.length, count);
    for (const answer of answers) assert.deepEqual([answer.type, answer.term], [RaftMessageType.MsgAppResp, node.term]);
  }
});

test('a second configuration change is replaced by an empty entry until the first is applied', () => {
  const { node, storage } = newLeader();
  const change = { id: 0n, type: 0, node_id: 4n, context: undefined };
  node.proposeConfChange(change);
  node.proposeConfChange(change);
  const types = (): number[] => storage.entries(5, node.lastIndex + 1, 1 << 20).map((entry) => entry.Type);
  drain(node, storage);
  assert.deepEqual(types(), [RaftEntryType.EntryConfChange, RaftEntryType.EntryNormal]);
  node.step(from(2n, RaftMessageType.MsgAppResp, { term: node.term, index: node.lastIndex }));
  drain(node, storage);
  node.proposeConfChange(change);
  drain(node, storage);
  assert.equal(types().at(-1), RaftEntryType.EntryConfChange);
});

test('a configuration that cannot work is refused', () => {
  const bad: [Partial<RaftConfig>, RegExp][] = [
    [{ id: 0n }, /none as id/],
    [{ heartbeatTick: 0 }, /heartbeat tick must be greater than 0/],
    [{ electionTick: 1 }, /election tick must be greater than heartbeat tick/],
    [{ maxInflightMsgs: 0 }, /max inflight/],
    [{ readOnlyOption: 'lease-based', checkQuorum: false }, /CheckQuorum must be enabled/],
  ];
  for (const [change, text] of bad) assert.throws(() => newNode(change), text);
});

test('forwarded proposals keep their sender, and can be forbidden', () => {
  for (const disableProposalForwarding of [false, true]) {
    const { node, storage } = newNode({ disableProposalForwarding });
    node.bootstrap([{ id: 1n }, { id: 2n }]);
    drain(node, storage);
    assert.throws(() => node.propose(DATA), isError('ProposalDropped'), 'no leader');
    node.step(from(2n, RaftMessageType.MsgHeartbeat, { term: 5 }));
    drain(node, storage);
    if (disableProposalForwarding) {
      assert.throws(() => node.propose(DATA), isError('ProposalDropped'));
      continue;
    }
    node.step(from(7n, RaftMessageType.MsgProp, { entries: [{ Type: 0, Term: 0, Index: 0, Data: DATA }] }));
    const [message] = drain(node, storage);
    assert.deepEqual([message?.from, message?.to, message?.term], [7n, 2n, 0]);
    assert.equal(message?.entries[0]?.Data, DATA);
  }
});
