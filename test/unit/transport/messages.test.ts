// Messages come out of a stream whole, however they are cut, and stay as they were.

import assert from 'node:assert/strict';
import test from 'node:test';
import { messagePrefix, MessageReader } from '../../../final/transport/grpc/messages.ts';

const MAX = 1000;
const framed = (text: string): Buffer => Buffer.concat([messagePrefix(text.length), Buffer.from(text)]);
const TEXTS = ['', 'a', 'hello', 'x'.repeat(MAX), '', 'end'];
const WIRE = Buffer.concat(TEXTS.map(framed));

function readAll(reader: MessageReader): Buffer[] {
  const messages: Buffer[] = [];
  for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
  return messages;
}

test('messages in pieces of any size come out whole, and are not written over by later ones', () => {
  for (const size of [1, 2, 3, 5, 7, 100, WIRE.length]) {
    const reader = new MessageReader(MAX);
    const messages: Buffer[] = [];
    for (let at = 0; at < WIRE.length; at += size) {
      const piece = Buffer.from(WIRE.subarray(at, at + size));
      reader.push(piece);
      // What was pushed may change afterwards.
      piece.fill(0xff);
      messages.push(...readAll(reader));
    }
    assert.deepEqual(messages.map(String), TEXTS, `pieces of ${size}`);
    assert.equal(reader.cutText, undefined);
  }
});

test('an end in the middle of a message has the text of grpc-go, one in a prefix has none', () => {
  for (const [bytes, text] of [
    [0, undefined],
    [1, undefined],
    [4, undefined],
    [5, 'unexpected EOF'],
    [9, 'unexpected EOF'],
    [10, undefined],
  ] as const) {
    const reader = new MessageReader(MAX);
    reader.push(framed('hello').subarray(0, bytes));
    readAll(reader);
    assert.equal(reader.cutText, text, `${bytes} bytes`);
  }
});

test('a bad prefix is an error as soon as it is there', () => {
  const prefixes = [Buffer.from([2, 0, 0, 0, 1]), Buffer.from([1, 0, 0, 0, 1]), Buffer.from([0, 0, 0, 3, 0xe9])];
  for (const [i, code] of [13, 13, 8].entries()) {
    const reader = new MessageReader(MAX);
    reader.push((prefixes[i] as Buffer).subarray(0, 4));
    assert.equal(reader.next(), undefined);
    reader.push((prefixes[i] as Buffer).subarray(4));
    assert.throws(() => reader.next(), { code });
  }
});
