// The codecs of the peer protocol against bytes that real members sent (spec/raft.md B4 to B6, C7, C8), and against
// themselves with the bytes cut anywhere.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from '../../../../final/transport/rafthttp/byte_queue.ts';
import { ByteWriter } from '../../../../final/transport/rafthttp/byte_writer.ts';
import { MessageDecoder, MessageEncoder } from '../../../../final/transport/rafthttp/message_codec.ts';
import { MsgAppV2Decoder, MsgAppV2Encoder } from '../../../../final/transport/rafthttp/msgappv2_codec.ts';
import {
  emptyMessage,
  type StreamDecoder,
  type StreamEncoder,
} from '../../../../final/transport/rafthttp/stream_codec.ts';
import { codecs } from '../../../../proto/load.ts';
import { type RaftMessage, RaftMessageType as Type } from '../../../../proto/schema.ts';

const M1 = 0x540060c348585d87n;
const M2 = 0x5a5000ed525abcc0n;
const M3 = 0x89b6ef925d7a4f1cn;
const TO_M1 = '1087bbe1c2b498988054';
const TO_M2 = '10c0f9ea92d59d80a85a';
const TO_M3 = '109c9ee9eba5f2bbdb8901';
const FROM_M1 = '1887bbe1c2b498988054';
const FROM_M2 = '18c0f9ea92d59d80a85a';
const FROM_M3 = '189c9ee9eba5f2bbdb8901';
const NO_SNAPSHOT = '4a0a12080a02280010001800';

const message = (type: number, fields: Partial<RaftMessage>): RaftMessage => ({ ...emptyMessage(type), ...fields });
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const hex = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString('hex');

const CAPTURES: readonly (readonly [name: string, message: RaftMessage, bytes: string])[] = [
  ['the sign of life', message(Type.MsgHeartbeat, {}), `0808 1000 1800 2000 2800 3000 4000 ${NO_SNAPSHOT} 5000 5800`],
  [
    'MsgVote',
    message(Type.MsgVote, { to: M2, from: M3, term: 2, logTerm: 1, index: 3 }),
    `0805 ${TO_M2} ${FROM_M3} 2002 2801 3003 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgVoteResp',
    message(Type.MsgVoteResp, { to: M3, from: M2, term: 2 }),
    `0806 ${TO_M3} ${FROM_M2} 2002 2800 3000 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgPreVote',
    message(Type.MsgPreVote, { to: M2, from: M1, term: 2, logTerm: 1, index: 3 }),
    `0811 ${TO_M2} ${FROM_M1} 2002 2801 3003 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgPreVoteResp',
    message(Type.MsgPreVoteResp, { to: M1, from: M2, term: 2 }),
    `0812 ${TO_M1} ${FROM_M2} 2002 2800 3000 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgApp with an empty entry',
    message(Type.MsgApp, {
      to: M1,
      from: M3,
      term: 2,
      logTerm: 1,
      index: 3,
      entries: [{ Type: 0, Term: 2, Index: 4, Data: undefined }],
      commit: 3,
    }),
    `0803 ${TO_M1} ${FROM_M3} 2002 2801 3003 3a06 080010021804 4003 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgAppResp',
    message(Type.MsgAppResp, { to: M3, from: M2, term: 2, index: 4 }),
    `0804 ${TO_M3} ${FROM_M2} 2002 2800 3004 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgAppResp that rejects',
    message(Type.MsgAppResp, { to: M3, from: M2, term: 2, index: 38, reject: true }),
    `0804 ${TO_M3} ${FROM_M2} 2002 2800 3026 4000 ${NO_SNAPSHOT} 5001 5800`,
  ],
  [
    'MsgHeartbeat',
    message(Type.MsgHeartbeat, { to: M2, from: M3, term: 2, commit: 8 }),
    `0808 ${TO_M2} ${FROM_M3} 2002 2800 3000 4008 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgHeartbeat of a read',
    message(Type.MsgHeartbeat, { to: M2, from: M3, term: 2, commit: 11, context: bytes('5d87a2028efe9203') }),
    `0808 ${TO_M2} ${FROM_M3} 2002 2800 3000 400b ${NO_SNAPSHOT} 5000 5800 62085d87a2028efe9203`,
  ],
  [
    'MsgReadIndex',
    message(Type.MsgReadIndex, {
      to: M3,
      from: M1,
      entries: [{ Type: 0, Term: 0, Index: 0, Data: bytes('5d87a2028efe9203') }],
    }),
    `080f ${TO_M3} ${FROM_M1} 2000 2800 3000 3a10 080010001800 22085d87a2028efe9203 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgReadIndexResp',
    message(Type.MsgReadIndexResp, {
      to: M1,
      from: M3,
      term: 2,
      index: 11,
      entries: [{ Type: 0, Term: 0, Index: 0, Data: bytes('5d87a2028efe9203') }],
    }),
    `0810 ${TO_M1} ${FROM_M3} 2002 2800 300b 3a10 080010001800 22085d87a2028efe9203 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgTimeoutNow',
    message(Type.MsgTimeoutNow, { to: M1, from: M3, term: 2 }),
    `080e ${TO_M1} ${FROM_M3} 2002 2800 3000 4000 ${NO_SNAPSHOT} 5000 5800`,
  ],
  [
    'MsgVote of a transfer',
    message(Type.MsgVote, {
      to: M3,
      from: M1,
      term: 3,
      logTerm: 2,
      index: 13,
      context: new TextEncoder().encode('CampaignTransfer'),
    }),
    `0805 ${TO_M3} ${FROM_M1} 2003 2802 300d 4000 ${NO_SNAPSHOT} 5000 5800 6210 43616d706169676e5472616e73666572`,
  ],
];

describe('raftpb.Message is written as Go members write it', () => {
  for (const [name, value, expected] of CAPTURES) {
    it(name, () => {
      assert.equal(hex([codecs['raftpb.Message'].encode(value)]), expected.replaceAll(' ', ''));
      assert.deepEqual(plain(codecs['raftpb.Message'].decode(bytes(expected))), plain(value));
    });
  }

  it('a message with nothing but its type is read as one with zeros', () => {
    assert.deepEqual(codecs['raftpb.Message'].decode(bytes('0808')), emptyMessage(Type.MsgHeartbeat));
  });
});

describe('the message stream', () => {
  it('has a sign of life of 38 bytes', () => {
    const writer = new ByteWriter();
    new MessageEncoder().encodeHeartbeat(writer);
    const written = writer.finish();
    assert.equal(hex([written]), '000000000000001e08081000180020002800300040004a0a12080a0228001000180050005800');
    assert.deepEqual(new MessageDecoder().push(written), []);
  });

  it('gives back what was put in, however the bytes are cut', () => {
    const messages = CAPTURES.map(([, value]) => value).filter(({ from }) => from !== 0n);
    checkEveryCut(new MessageEncoder(), () => new MessageDecoder(), messages);
  });

  it('ends at a length beyond its limit, before the message has come', () => {
    const decoder = new MessageDecoder(1000);
    assert.deepEqual(decoder.push(bytes('00000000000003')), []);
    assert.throws(() => decoder.push(bytes('e9')), { message: 'rafthttp: error limit exceeded' });
    assert.throws(() => new MessageDecoder().push(bytes('ffffffffffffffff')), /error limit exceeded/);
    assert.throws(() => new MessageDecoder().push(bytes('0000000020000001')), /error limit exceeded/);
  });
});

describe('the msgapp stream', () => {
  const entry = (index: number, data: string): { Type: number; Term: number; Index: number; Data: Uint8Array } => ({
    Type: 0,
    Term: 2,
    Index: index,
    Data: new TextEncoder().encode(data),
  });
  const first = message(Type.MsgApp, {
    to: M1,
    from: M3,
    term: 2,
    logTerm: 1,
    index: 3,
    entries: [{ Type: 0, Term: 2, Index: 4, Data: undefined }],
    commit: 3,
  });
  const next = message(Type.MsgApp, {
    to: M1,
    from: M3,
    term: 2,
    logTerm: 2,
    index: 4,
    entries: [entry(5, 'x'.repeat(57))],
    commit: 7,
  });
  const commit = message(Type.MsgApp, { to: M1, from: M3, term: 2, logTerm: 2, index: 5, commit: 8 });

  it('writes the frames that a Go leader writes', () => {
    const encoder = new MsgAppV2Encoder();
    const encode = (value: RaftMessage): string => {
      const writer = new ByteWriter();
      encoder.encode(value, writer);
      return hex([writer.finish()]);
    };
    assert.match(encode(first), /^0200000000000000370803/);
    assert.match(encode(next), /^01000000000000000100000000000000410800100218052239(78){57}0000000000000007$/);
    assert.equal(encode(commit), '0100000000000000000000000000000008');
    assert.match(encode(message(Type.MsgApp, { to: M1, from: M3, term: 3, logTerm: 2, index: 5, commit: 8 })), /^02/);
    assert.match(encode(message(Type.MsgApp, { to: M1, from: M3, term: 3, logTerm: 3, index: 5, commit: 8 })), /^01/);
    assert.match(encode(message(Type.MsgApp, { to: M1, from: M3, term: 3, logTerm: 3, index: 9, commit: 8 })), /^02/);
  });

  it('reads frames of a Go leader, signs of life between them', () => {
    const decoder = new MsgAppV2Decoder({ from: M3, to: M1 });
    const whole = `02 0000000000000037 0803 ${TO_M1} ${FROM_M3} 2002 2801 3003 3a06 080010021804 4003 ${NO_SNAPSHOT} 5000 5800`;
    const read = decoder.push(bytes(`00 ${whole} 00 00 01 0000000000000000 0000000000000004 00`));
    assert.deepEqual(read.map(plain), [first, { ...commit, index: 4, commit: 4 }].map(plain));
  });

  it('gives back what was put in, however the bytes are cut', () => {
    const messages = [first, next, commit, { ...next, logTerm: 2, index: 5, entries: [entry(6, 'a'), entry(7, '')] }];
    checkEveryCut(new MsgAppV2Encoder(), () => new MsgAppV2Decoder({ from: M3, to: M1 }), messages);
  });

  it('gives back any appends', () => {
    const append = fc.record({
      term: fc.integer({ min: 1, max: 3 }),
      logTerm: fc.integer({ min: 0, max: 3 }),
      index: fc.integer({ min: 0, max: 4 }),
      commit: fc.nat(),
      sizes: fc.array(fc.nat({ max: 300 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(append, { maxLength: 20 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (appends, cuts) => {
          const messages = appends.map(({ term, logTerm, index, commit: committed, sizes }) => {
            const entries = sizes.map((size, i) => ({
              Type: 0,
              Term: term,
              Index: index + 1 + i,
              Data: Buffer.alloc(size, i),
            }));
            return message(Type.MsgApp, { to: M1, from: M3, term, logTerm, index, entries, commit: committed });
          });
          const stream = encodeAll(new MsgAppV2Encoder(), messages);
          const decoder = new MsgAppV2Decoder({ from: M3, to: M1 });
          const read: RaftMessage[] = [];
          for (let at = 0; at < stream.length; ) {
            const end = at + (cuts.next().value as number);
            read.push(...decoder.push(stream.subarray(at, end)));
            at = end;
          }
          assert.deepEqual(read.map(plain), messages.map(plain));
        },
      ),
    );
  });

  it('ends at what is no frame, and at what is too long', () => {
    const decoder = (): MsgAppV2Decoder => new MsgAppV2Decoder({ from: M3, to: M1 });
    assert.throws(() => decoder().push(bytes('03')), { message: 'failed to parse type 3 in msgappv2 stream' });
    assert.throws(() => decoder().push(bytes('02 0000000020000001')), /error limit exceeded/);
    assert.throws(() => decoder().push(bytes('01 0000000000000001 0000000020000001')), /error limit exceeded/);
    assert.throws(() => decoder().push(bytes('02 0000000000000002 0a00')), /wrong wireType/);
  });
});

describe('the byte queue', () => {
  it('gives the bytes in order, in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 9 })),
        fc.infiniteStream(fc.nat({ max: 12 })),
        (chunks, sizes) => {
          const queue = new ByteQueue();
          for (const chunk of chunks) queue.push(chunk);
          const taken: Uint8Array[] = [];
          while (queue.length > 0) taken.push(queue.take(Math.min(sizes.next().value as number, queue.length)));
          assert.equal(hex(taken), hex(chunks));
        },
      ),
    );
  });
});

// Bytes fields as Buffers or not, and a snapshot that says nothing, are all the same.
function plain(value: RaftMessage): unknown {
  return {
    ...value,
    entries: value.entries.map((one) => ({ ...one, Data: Buffer.from(one.Data ?? []).toString('hex') })),
    context: value.context && Buffer.from(value.context).toString('hex'),
    snapshot: value.snapshot?.metadata?.index === 0 ? undefined : value.snapshot,
  };
}

function encodeAll(encoder: StreamEncoder, messages: readonly RaftMessage[]): Buffer {
  const writer = new ByteWriter();
  for (const one of messages) {
    encoder.encode(one, writer);
    encoder.encodeHeartbeat(writer);
  }
  return writer.finish();
}

function checkEveryCut(
  encoder: StreamEncoder,
  newDecoder: () => StreamDecoder,
  messages: readonly RaftMessage[],
): void {
  const stream = encodeAll(encoder, messages);
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const decoder = newDecoder();
    const read = [...decoder.push(stream.subarray(0, cut)), ...decoder.push(stream.subarray(cut))];
    assert.deepEqual(read.map(plain), messages.map(plain), `cut at ${cut}`);
  }
  const decoder = newDecoder();
  const read = [...stream].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
  assert.deepEqual(read.map(plain), messages.map(plain), 'byte by byte');
}
