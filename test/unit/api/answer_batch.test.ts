// Answers gathered for one stream: whatever their sizes, the same bytes as one after the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerBatch } from '../../../final/api/v3rpc/answer_batch.ts';
import { grpcFrame } from '../../harness/http2_client.ts';

const part = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3900, max: 4200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 40_000 }) },
);
const message = fc.array(part, { maxLength: 4 });
const turn = fc.array(message, { maxLength: 60 });

test('what is taken out is what was put in, in order, and is not written over', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 6 }), (turns) => {
      const batch = new AnswerBatch();
      const taken: { readonly pieces: readonly Uint8Array[]; readonly expected: Buffer }[] = [];
      let fill = 0;
      for (const messages of turns) {
        const expected: Buffer[] = [];
        for (const sizes of messages) {
          const parts = sizes.map((size) => Buffer.alloc(size, ++fill));
          batch.add(parts);
          expected.push(grpcFrame(Buffer.concat(parts)));
        }
        assert.equal(batch.length, Buffer.concat(expected).length);
        const pieces = batch.take();
        assert.equal(batch.length, 0);
        // Now and then what was taken is done with, and its buffers are filled again.
        if (fill % 3 === 0) {
          assert.deepEqual(Buffer.concat(pieces), Buffer.concat(expected));
          batch.reuse();
        } else {
          taken.push({ pieces, expected: Buffer.concat(expected) });
          batch.giveUp();
        }
      }
      for (const { pieces, expected } of taken) assert.deepEqual(Buffer.concat(pieces), expected);
    }),
  );
});

test('buffers are used again only when nobody needs them', () => {
  const batch = new AnswerBatch();
  const fill = (byte: number): Uint8Array[] => {
    for (let i = 0; i < 20; i++) batch.add([Buffer.alloc(2000, byte)]);
    return batch.take();
  };
  const memoryOf = (pieces: readonly Uint8Array[]): Set<unknown> => new Set(pieces.map((piece) => piece.buffer));
  const first = fill(1);
  batch.giveUp();
  const second = fill(2);
  assert.ok([...memoryOf(second)].every((memory) => !memoryOf(first).has(memory)));
  assert.equal(first[0]?.[100], 1);
  batch.reuse();
  const third = fill(3);
  assert.ok([...memoryOf(third)].some((memory) => memoryOf(second).has(memory)));
});

test('a buffer that is used again belongs to one batch only', () => {
  const [one, other] = [new AnswerBatch(), new AnswerBatch()];
  const fill = (batch: AnswerBatch, byte: number, messages: number): void => {
    for (let i = 0; i < messages; i++) batch.add([Buffer.alloc(2000, byte)]);
  };
  // A batch that was large begins with a large buffer.
  for (const batch of [one, other]) {
    fill(batch, 0, 20);
    batch.take();
    batch.giveUp();
  }
  fill(one, 1, 7);
  one.take();
  one.reuse();
  fill(other, 2, 8);
  one.add([Buffer.alloc(1000, 3)]);
  const expected = Buffer.concat(Array.from({ length: 8 }, () => grpcFrame(Buffer.alloc(2000, 2))));
  assert.deepEqual(Buffer.concat(other.take()), expected);
});

test('a large part is not copied', () => {
  const batch = new AnswerBatch();
  const large = Buffer.alloc(100_000, 1);
  batch.add([Buffer.alloc(10), large]);
  batch.add([Buffer.alloc(10), large]);
  assert.equal(batch.take().filter((piece) => piece === large).length, 2);
});
