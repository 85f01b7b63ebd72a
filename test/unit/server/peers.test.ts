// What peers tell a member, and the databases that it sends them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../../../final/core/raft/messages.ts';
import { RaftError } from '../../../final/core/raft/errors.ts';
import type { RawNode } from '../../../final/core/raft/rawnode.ts';
import { MAX_SNAPSHOTS_IN_FLIGHT } from '../../../final/limits.ts';
import type { DatabaseReader, PeerTransport } from '../../../final/server/peer_transport.ts';
import { Peers } from '../../../final/server/peers.ts';
import type { StorageKeeper } from '../../../final/server/storage_keeper.ts';
import { type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import { LOCAL, memberState } from './member_fixture.ts';

function setUp() {
  const { ports, cluster } = memberState([1n, 2n, 3n]);
  const calls: string[] = [];
  const sent: { readonly message: RaftMessage; readonly database: DatabaseReader }[] = [];
  const world = { error: undefined as Error | undefined, inFlight: 0, isCaughtUp: true, crashed: [] as unknown[] };
  const node = {
    step: () => {
      if (world.error !== undefined) throw world.error;
      calls.push('step');
    },
    reportSnapshot: (id: bigint, ok: boolean) => calls.push(`snapshot ${id} ${ok}`),
    reportUnreachable: (id: bigint) => calls.push(`unreachable ${id}`),
  };
  const storage = {
    get transfersInFlight() {
      return world.inFlight;
    },
    get isCaughtUp() {
      return world.isCaughtUp;
    },
    beginTransfer: () => void world.inFlight++,
    endTransfer: () => void world.inFlight--,
    keepLog: () => calls.push('keep the log'),
    readDatabase: async () => {
      const snapshot = { data: undefined, metadata: { index: 40, term: 2, conf_state: undefined } };
      const database = { sizeBytes: 3, read: () => Uint8Array.of(1, 2, 3), release: () => calls.push('release') };
      return { snapshot, database };
    },
  };
  const transport: Partial<PeerTransport> = {
    sendSnapshot: (message, database) => void sent.push({ message, database }),
  };
  const peers = new Peers({
    ports: { ...ports, crash: ((error: unknown) => void world.crashed.push(error)) as (error: unknown) => never },
    node: node as unknown as RawNode,
    cluster: () => cluster,
    storage: () => storage as unknown as StorageKeeper,
    transport: () => transport as PeerTransport,
    wake: () => calls.push('wake'),
    onRemoved: () => calls.push('removed'),
  });
  return { peers, cluster, calls, sent, world };
}

function from(id: bigint, to = LOCAL): RaftMessage {
  return { ...newMessage(RaftMessageType.MsgHeartbeat, to), from: id };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('messages of members are taken; those of removed ones, and those for others, are refused', async () => {
  const { peers, cluster, calls } = setUp();
  await peers.process(from(2n));
  assert.deepEqual(calls, ['step', 'wake']);
  cluster.remove(3n);
  await assert.rejects(peers.process(from(3n)), /cannot process message from removed member/);
  await assert.rejects(peers.process(from(2n, 9n)), /cannot process message to mismatch member/);
  assert.deepEqual(calls, ['step', 'wake']);
  assert.deepEqual([peers.isIdRemoved(3n), peers.isIdRemoved(2n)], [true, false]);
});

test('what raft drops is no error for the peer; anything else ends the process', async () => {
  const { peers, world } = setUp();
  world.error = new RaftError('ProposalDropped');
  await peers.process(from(2n));
  assert.deepEqual(world.crashed, []);
  world.error = new TypeError('a bug');
  await peers.process(from(2n));
  assert.deepEqual(world.crashed, [world.error]);
});

test('a database goes in the place of the snapshot, and is on its way until it is released', async () => {
  const { peers, calls, sent, world } = setUp();
  peers.sendSnapshot({ ...newMessage(RaftMessageType.MsgSnap, 2n), term: 5 });
  assert.equal(world.inFlight, 1, 'from the first moment: the log must not be shortened meanwhile');
  await settled();
  const [{ message, database } = assert.fail('nothing was sent')] = sent;
  assert.deepEqual([message.to, message.term, message.snapshot?.metadata?.index], [2n, 5, 40]);
  assert.deepEqual([database.sizeBytes, [...database.read(0, 3)]], [3, [1, 2, 3]]);
  peers.reportSnapshot(2n, true);
  assert.deepEqual(calls, ['wake', 'keep the log', 'snapshot 2 true', 'wake']);
  assert.equal(world.inFlight, 1);
  // Also the only sign of the end when the peer is removed meanwhile.
  database.release();
  assert.equal(world.inFlight, 0);
  peers.reportSnapshot(2n, false);
  assert.deepEqual(calls.slice(4), ['release', 'snapshot 2 false', 'wake']);
});

test('too many databases, or one that fits no snapshot yet, fail at once', async () => {
  const { peers, calls, sent, world } = setUp();
  world.inFlight = MAX_SNAPSHOTS_IN_FLIGHT;
  peers.sendSnapshot(newMessage(RaftMessageType.MsgSnap, 2n));
  world.inFlight = 0;
  world.isCaughtUp = false;
  peers.sendSnapshot(newMessage(RaftMessageType.MsgSnap, 3n));
  await settled();
  assert.deepEqual(calls, ['snapshot 2 false', 'snapshot 3 false']);
  assert.deepEqual([sent.length, world.inFlight], [0, 0]);
});

test('other reports are passed on', () => {
  const { peers, calls } = setUp();
  peers.reportUnreachable(2n);
  peers.removedByPeers();
  assert.deepEqual(calls, ['unreachable 2', 'wake', 'removed']);
});
