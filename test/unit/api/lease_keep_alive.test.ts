// A keep-alive stream: answers in the order of the requests, however long each takes, and bounds for both sides.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeepAliveStream } from '../../../final/api/v3rpc/lease_keep_alive.ts';
import { EtcdError } from '../../../final/core/errors.ts';
import { RENEWALS_PER_STREAM } from '../../../final/limits.ts';

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A stream whose client sends `ids`, and whose renewals take until they are told what they come to. */
function setUp(ids: readonly bigint[], isAtOnce: (id: bigint) => boolean = () => false) {
  const world = { read: 0, revision: 0, written: [] as string[], isFull: false, drain: (): void => {} };
  const pending = new Map<bigint, { resolve: (ttl: number) => void; reject: (error: Error) => void }>();
  async function* requests(): AsyncGenerator<{ ID: bigint }> {
    for (const ID of ids) {
      world.read += 1;
      yield { ID };
    }
  }
  const call = {
    requests,
    write: (response: { header?: { revision?: number } | undefined; ID?: bigint; TTL?: number }) => {
      world.written.push(`${response.ID}:${response.TTL}@${response.header?.revision}`);
      return !world.isFull;
    },
    drained: () => new Promise<void>((resolve) => void (world.drain = resolve)),
  };
  const stream = new KeepAliveStream(call, {
    header: () => ({ cluster_id: 1n, member_id: 1n, revision: ++world.revision, raft_term: 1 }),
    renew: (id) => {
      if (isAtOnce(id)) return 60;
      return new Promise((resolve, reject) => void pending.set(id, { resolve, reject }));
    },
  });
  return { world, pending, stream };
}

test('answers come in the order of the requests, each with the header of its beginning', async () => {
  const { world, pending, stream } = setUp([1n, 2n, 3n, 4n], (id) => id === 3n);
  const over = stream.run();
  await settled();
  assert.equal(world.read, 4, 'the next is begun before the first is answered');
  pending.get(2n)?.resolve(20);
  await settled();
  assert.deepEqual(world.written, []);
  pending.get(1n)?.resolve(10);
  await settled();
  assert.deepEqual(world.written, ['1:10@1', '2:20@2', '3:60@3']);
  pending.get(4n)?.resolve(0);
  await over;
  assert.deepEqual(world.written.at(-1), '4:0@4');
});

test('so many may be under way, and the rest is not read before there is room', async () => {
  const ids = Array.from({ length: 2 * RENEWALS_PER_STREAM }, (_, i) => BigInt(i));
  const { world, pending, stream } = setUp(ids);
  const over = stream.run();
  for (let i = 0; i < 5; i++) await settled();
  assert.equal(world.read, RENEWALS_PER_STREAM);
  pending.get(0n)?.resolve(1);
  for (let i = 0; i < 5; i++) await settled();
  assert.equal(world.read, RENEWALS_PER_STREAM + 1);
  for (const id of ids) {
    pending.get(id)?.resolve(1);
    await settled();
  }
  await over;
  assert.equal(world.written.length, ids.length);
});

test('the first renewal that fails ends the stream, behind the answers before it, also while the client sends nothing', async () => {
  const { world, pending, stream } = setUp([1n, 2n, 3n]);
  const over = stream.run();
  await settled();
  pending.get(2n)?.reject(new EtcdError('Timeout'));
  pending.get(3n)?.resolve(30);
  await settled();
  pending.get(1n)?.resolve(10);
  await assert.rejects(over, { kind: 'Timeout' });
  assert.ok(!world.written.some((one) => one.startsWith('3:')), 'nothing comes behind it');
});

test('behind a renewal that has failed no lease is renewed, also when the failure is not told yet', async () => {
  const ids = Array.from({ length: RENEWALS_PER_STREAM + 5 }, (_, i) => BigInt(i));
  const { world, pending, stream } = setUp(ids);
  const over = assert.rejects(stream.run(), { kind: 'Timeout' });
  for (let i = 0; i < 5; i++) await settled();
  pending.get(1n)?.reject(new EtcdError('Timeout'));
  await settled();
  pending.get(0n)?.resolve(10);
  await over;
  for (let i = 0; i < 5; i++) await settled();
  assert.equal(pending.size, RENEWALS_PER_STREAM);
  assert.equal(world.written.length, 1);
});

test('a client that does not read is not read', async () => {
  const { world, stream } = setUp([1n, 2n, 3n], () => true);
  world.isFull = true;
  const over = stream.run();
  await settled();
  assert.deepEqual([world.read, world.written.length], [1, 1]);
  world.isFull = false;
  world.drain();
  await over;
  assert.equal(world.written.length, 3);
});
