// Proposals on their way to raft: in one message, in their order, within their limits, and how they end without an answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdError } from '../../../final/core/errors.ts';
import { RaftError } from '../../../final/core/raft/errors.ts';
import type { RawNode } from '../../../final/core/raft/rawnode.ts';
import { MAX_MESSAGE_ENTRY_BYTES, MAX_PENDING_BYTES, MAX_PENDING_PROPOSALS } from '../../../final/limits.ts';
import { IdGenerator } from '../../../final/server/id_generator.ts';
import type { Waiter } from '../../../final/server/proposals.ts';
import { Proposer } from '../../../final/server/proposer.ts';
import { codecs } from '../../../proto/load.ts';
import { type RaftMessage, RaftEntryType, RaftMessageType } from '../../../proto/schema.ts';

const TIMEOUT_MS = 7000;
const MAX_REQUEST_BYTES = 1000;

function setUp() {
  const world = {
    now: 0,
    lead: 7n,
    isLeader: true,
    term: 3,
    drop: undefined as unknown,
    stepped: [] as RaftMessage[],
    asked: [] as Waiter[],
  };
  const node = {
    raft: { id: 7n },
    get role() {
      return world.isLeader ? 'leader' : 'follower';
    },
    get term() {
      return world.term;
    },
    get lead() {
      return world.lead;
    },
    step: (message: RaftMessage) => {
      if (world.drop !== undefined) throw world.drop;
      world.stepped.push(message);
    },
  };
  const proposer = new Proposer({
    node: node as unknown as RawNode,
    ids: new IdGenerator(7n, 0),
    maxRequestBytes: MAX_REQUEST_BYTES,
    timeoutMs: TIMEOUT_MS,
    now: () => world.now,
    wake: () => {},
    timeoutKind: (waiter) => {
      world.asked.push(waiter);
      return 'TimeoutDueToConnectionLost';
    },
  });
  return { world, proposer };
}

let nextId = 1000n;

/** A proposal of so many bytes, and how it ends. */
function proposeBytes(proposer: Proposer, bytes: number, type?: number): { ended: string } {
  const data = new Uint8Array(bytes);
  const id = nextId++;
  return watched(proposer.proposeData({ id, data, request: undefined, ...(type === undefined ? {} : { type }) }));
}

function watched(promise: Promise<unknown>): { ended: string } {
  const outcome = { ended: 'not yet' };
  promise.then(
    () => void (outcome.ended = 'applied'),
    (error: unknown) => void (outcome.ended = error instanceof EtcdError ? error.kind : String(error)),
  );
  return outcome;
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('what came in since the last turn is one message, in its order', () => {
  const { world, proposer } = setUp();
  proposeBytes(proposer, 1);
  proposeBytes(proposer, 2, RaftEntryType.EntryConfChange);
  proposeBytes(proposer, 3);
  assert.equal(world.stepped.length, 0);
  proposer.collect();
  proposer.collect();
  assert.equal(world.stepped.length, 1);
  const [message] = world.stepped;
  assert.equal(message?.type, RaftMessageType.MsgProp);
  assert.equal(message?.from, 7n);
  const { EntryNormal, EntryConfChange } = RaftEntryType;
  assert.deepEqual(
    message?.entries.map(({ Type }) => Type),
    [EntryNormal, EntryConfChange, EntryNormal],
  );
  assert.deepEqual(
    message?.entries.map(({ Data }) => Data?.length),
    [1, 2, 3],
  );
});

test('a message takes so many bytes of entries, and a larger entry goes alone', () => {
  const { world, proposer } = setUp();
  const half = MAX_MESSAGE_ENTRY_BYTES / 2;
  for (const bytes of [half, half, 1, 3 * half, 1]) proposeBytes(proposer, bytes);
  proposer.collect();
  const sizes = world.stepped.map(({ entries }) => entries.map(({ Data }) => Data?.length));
  assert.deepEqual(sizes, [[half, half], [1], [3 * half], [1]]);
});

test('without a leader proposals wait, and end as a call whose deadline is over', async () => {
  const { world, proposer } = setUp();
  world.lead = 0n;
  const waits = proposeBytes(proposer, 1);
  proposer.collect();
  assert.equal(world.stepped.length, 0);
  world.now = TIMEOUT_MS;
  proposer.tick();
  await settled();
  assert.equal(waits.ended, 'DeadlineExceeded');
  assert.equal(world.asked.length, 0);
  world.lead = 7n;
  proposer.collect();
  assert.equal(world.stepped.length, 0, 'nobody waits for it, so it is not proposed any more');
});

test('what raft has taken ends with the reason that the member sees, the oldest first and none too early', async () => {
  const { world, proposer } = setUp();
  const first = proposeBytes(proposer, 1);
  proposer.collect();
  world.now = 10;
  const second = proposeBytes(proposer, 1);
  proposer.collect();
  world.now = TIMEOUT_MS - 1;
  proposer.tick();
  await settled();
  assert.equal(first.ended, 'not yet');
  world.now = TIMEOUT_MS + 9;
  proposer.tick();
  await settled();
  assert.deepEqual([first.ended, second.ended], ['TimeoutDueToConnectionLost', 'not yet']);
  assert.deepEqual(
    world.asked.map(({ begin }) => begin),
    [0],
  );
  world.now = TIMEOUT_MS + 10;
  proposer.tick();
  await settled();
  assert.equal(second.ended, 'TimeoutDueToConnectionLost');
});

test('what raft drops ends at once; another error is a bug', async () => {
  const { world, proposer } = setUp();
  world.drop = new RaftError('ProposalDropped');
  const dropped = proposeBytes(proposer, 1);
  proposer.collect();
  await settled();
  assert.equal(dropped.ended, 'ProposalDropped');
  world.drop = new TypeError('a bug');
  proposeBytes(proposer, 1);
  assert.throws(() => proposer.collect(), TypeError);
});

test('a request that is too large is refused before it is counted', async () => {
  const { world, proposer } = setUp();
  const put = (bytes: number): Promise<unknown> =>
    proposer.propose({
      put: {
        key: Uint8Array.of(1),
        value: new Uint8Array(bytes),
        lease: 0n,
        prev_kv: false,
        ignore_value: false,
        ignore_lease: false,
      },
    });
  await assert.rejects(put(MAX_REQUEST_BYTES), { kind: 'RequestTooLarge' });
  void put(MAX_REQUEST_BYTES - 100);
  proposer.collect();
  const data = world.stepped[0]?.entries[0]?.Data ?? new Uint8Array(0);
  const { put: found, header } = codecs['etcdserverpb.InternalRaftRequest'].decode(data);
  assert.equal(found?.value.length, MAX_REQUEST_BYTES - 100);
  assert.equal(proposer.proposals.ofId(header?.ID ?? 0n), proposer.proposals.ofData(data), 'found both ways');
});

test('there is a limit to how many may be on their way, and to their bytes', async () => {
  const { proposer } = setUp();
  for (let i = 0; i < MAX_PENDING_PROPOSALS; i++) proposeBytes(proposer, 1);
  const one = proposeBytes(proposer, 1);
  await settled();
  assert.equal(one.ended, 'RequestTooManyRequests');
  const { proposer: other } = setUp();
  const whole = proposeBytes(other, MAX_PENDING_BYTES);
  const more = proposeBytes(other, 1);
  await settled();
  assert.deepEqual([whole.ended, more.ended], ['not yet', 'RequestTooManyRequests']);
  other.rejectAll();
  const again = proposeBytes(other, MAX_PENDING_BYTES);
  await settled();
  assert.deepEqual([whole.ended, again.ended], ['Stopped', 'not yet'], 'what is over makes room');
});

test('a stop takes no more, and ends what is on its way', async () => {
  const { world, proposer } = setUp();
  const queued = proposeBytes(proposer, 1);
  proposer.stop();
  const late = proposeBytes(proposer, 1);
  await settled();
  assert.deepEqual([queued.ended, late.ended], ['not yet', 'Stopped']);
  proposer.rejectAll();
  proposer.collect();
  await settled();
  assert.equal(queued.ended, 'Stopped');
  assert.equal(world.stepped.length, 0);
});

test('what a leader has decided goes nowhere once another one leads, or it leads anew', () => {
  const { world, proposer } = setUp();
  const expire = (): { ended: string } => watched(proposer.proposeAsLeader({ lease_revoke: { ID: 1n } }));
  expire();
  proposer.collect();
  assert.equal(world.stepped.length, 1);
  const [late, other] = [expire(), proposeBytes(proposer, 10)];
  world.isLeader = false;
  proposer.collect();
  assert.equal(world.stepped.length, 2);
  assert.equal(world.stepped[1]?.entries.length, 1, 'the other one is passed on');
  const older = expire();
  Object.assign(world, { isLeader: true, term: 4 });
  proposer.collect();
  assert.equal(world.stepped.length, 2);
  return new Promise<void>((resolve) => void setImmediate(resolve)).then(() => {
    assert.deepEqual([late.ended, other.ended, older.ended], ['ProposalDropped', 'not yet', 'ProposalDropped']);
  });
});
