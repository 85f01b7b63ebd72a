// The reads that wait for a read index: which question answers which reads, and how they end otherwise.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdError } from '../../../final/core/errors.ts';
import { READ_INDEX_RETRY_MS } from '../../../final/limits.ts';
import { ReadIndex } from '../../../final/server/read_index.ts';

const TIMEOUT_MS = 7000;

function setUp() {
  const world = { now: 0, applied: 5, id: 0n, asked: [] as Uint8Array[], woken: 0 };
  const reads = new ReadIndex({
    ask: (context) => void world.asked.push(context),
    nextId: () => ++world.id,
    now: () => world.now,
    applied: () => world.applied,
    wake: () => void world.woken++,
    timeoutMs: TIMEOUT_MS,
  });
  return { world, reads };
}

/** How a read ended so far. */
function outcomeOf(read: Promise<void>): { ended: string } {
  const outcome = { ended: 'not yet' };
  read.then(
    () => void (outcome.ended = 'read'),
    (error: unknown) => void (outcome.ended = error instanceof EtcdError ? error.kind : String(error)),
  );
  return outcome;
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('one question serves all reads that waited, and those that came later get one of their own', async () => {
  const { world, reads } = setUp();
  const first = [outcomeOf(reads.wait()), outcomeOf(reads.wait())];
  assert.equal(world.woken, 2);
  assert.equal(world.asked.length, 0, 'asked in the turn of the loop, not before');
  reads.collect();
  const later = outcomeOf(reads.wait());
  reads.collect();
  assert.equal(world.asked.length, 1);
  assert.deepEqual([...(world.asked[0] ?? [])], [0, 0, 0, 0, 0, 0, 0, 1], 'eight bytes, big endian');
  reads.onReadState({ index: 5, requestCtx: world.asked[0] as Uint8Array });
  await settled();
  assert.deepEqual(
    [...first, later].map(({ ended }) => ended),
    ['read', 'read', 'not yet'],
  );
  assert.equal(world.asked.length, 2, 'the next question leaves at once');
  reads.onReadState({ index: 5, requestCtx: world.asked[0] as Uint8Array });
  await settled();
  assert.equal(later.ended, 'not yet', 'an answer from before the read proves nothing');
  reads.onReadState({ index: 5, requestCtx: world.asked[1] as Uint8Array });
  await settled();
  assert.equal(later.ended, 'read');
});

test('a read waits until the index is applied', async () => {
  const { world, reads } = setUp();
  const read = outcomeOf(reads.wait());
  reads.collect();
  reads.onReadState({ index: 8, requestCtx: world.asked[0] as Uint8Array });
  world.applied = 7;
  reads.onApplied();
  await settled();
  assert.equal(read.ended, 'not yet');
  world.applied = 8;
  reads.onApplied();
  await settled();
  assert.equal(read.ended, 'read');
});

test('a question without an answer is asked again; a late answer to an earlier one holds', async () => {
  const { world, reads } = setUp();
  const read = outcomeOf(reads.wait());
  reads.collect();
  world.now = READ_INDEX_RETRY_MS - 1;
  reads.tick();
  assert.equal(world.asked.length, 1);
  world.now = READ_INDEX_RETRY_MS;
  reads.tick();
  assert.equal(world.asked.length, 2);
  assert.notDeepEqual(world.asked[0], world.asked[1], 'each question has its own context');
  reads.onFirstCommitInTerm();
  assert.equal(world.asked.length, 3);
  reads.onReadState({ index: 1, requestCtx: Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9) });
  await settled();
  assert.equal(read.ended, 'not yet', 'the question of somebody else');
  reads.onReadState({ index: 1, requestCtx: world.asked[0] as Uint8Array });
  await settled();
  assert.equal(read.ended, 'read');
  world.now += 10 * READ_INDEX_RETRY_MS;
  reads.tick();
  assert.equal(world.asked.length, 3, 'nobody waits any more');
});

test('it gives up after the timeout, which begins with the question', async () => {
  const { world, reads } = setUp();
  const first = outcomeOf(reads.wait());
  reads.collect();
  world.now = 1000;
  const second = outcomeOf(reads.wait());
  world.now = TIMEOUT_MS - 1;
  reads.tick();
  await settled();
  assert.equal(first.ended, 'not yet');
  world.now = TIMEOUT_MS;
  reads.tick();
  await settled();
  assert.deepEqual([first.ended, second.ended], ['Timeout', 'not yet']);
  world.now = 2 * TIMEOUT_MS;
  reads.tick();
  await settled();
  assert.equal(second.ended, 'Timeout');
});

test('a read with a deadline ends with it, whether it is asked for or waits', async () => {
  const { world, reads } = setUp();
  const asked = [outcomeOf(reads.wait(100)), outcomeOf(reads.wait())];
  reads.collect();
  const waiting = [outcomeOf(reads.wait(100)), outcomeOf(reads.wait())];
  world.now = 99;
  reads.tick();
  await settled();
  assert.equal(asked[0]?.ended, 'not yet');
  world.now = 100;
  reads.tick();
  await settled();
  assert.deepEqual(
    [...asked, ...waiting].map(({ ended }) => ended),
    ['DeadlineExceeded', 'not yet', 'DeadlineExceeded', 'not yet'],
  );
  reads.onReadState({ index: 5, requestCtx: world.asked[0] as Uint8Array });
  await settled();
  assert.deepEqual([asked[1]?.ended, waiting[1]?.ended], ['read', 'not yet']);
  const last = outcomeOf(reads.wait(TIMEOUT_MS));
  reads.onReadState({ index: 5, requestCtx: world.asked[1] as Uint8Array });
  world.now += TIMEOUT_MS;
  reads.tick();
  await settled();
  assert.equal(last.ended, 'DeadlineExceeded', 'its own deadline comes before that of the question');
});

test('another leader ends the reads whose index is not known yet', async () => {
  const { world, reads } = setUp();
  const asked = outcomeOf(reads.wait());
  reads.collect();
  reads.onLeaderChange();
  await settled();
  assert.equal(asked.ended, 'LeaderChanged');
  const known = outcomeOf(reads.wait());
  reads.collect();
  reads.onReadState({ index: 9, requestCtx: world.asked.at(-1) as Uint8Array });
  reads.onLeaderChange();
  world.applied = 9;
  reads.onApplied();
  await settled();
  assert.equal(known.ended, 'read', 'the index holds whoever leads');
});

test('a stop ends those that are asked for, those that wait, and those to come', async () => {
  const { reads } = setUp();
  const asked = outcomeOf(reads.wait());
  reads.collect();
  const waiting = outcomeOf(reads.wait());
  reads.stop();
  const late = outcomeOf(reads.wait());
  await settled();
  assert.deepEqual(
    [asked, waiting, late].map(({ ended }) => ended),
    ['Stopped', 'Stopped', 'Stopped'],
  );
});
