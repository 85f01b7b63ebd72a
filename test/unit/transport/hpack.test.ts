// Header blocks: the examples of RFC 7541 (appendix C), what breaks the rules, and what our own encoder says.

import assert from 'node:assert/strict';
import test from 'node:test';
import { HpackDecoder } from '../../../final/transport/http2/hpack_decoder.ts';
import { encodeBlock } from '../../../final/transport/http2/hpack_encoder.ts';
import { Field, STATIC_TABLE } from '../../../final/transport/http2/hpack_static.ts';

type Pairs = (readonly [string, string])[];

function decode(decoder: HpackDecoder, hex: string): Pairs {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return decoder.decode(bytes, 0, bytes.length).fields.map(({ name, value }) => [name, value]);
}

/** Each block with what it means, in order on one connection. */
function check(blocks: readonly (readonly [hex: string, fields: Pairs])[]): void {
  const decoder = new HpackDecoder();
  for (const [hex, fields] of blocks) assert.deepEqual(decode(decoder, hex), fields);
}

const FIRST: Pairs = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
];
const SECOND: Pairs = [...FIRST, ['cache-control', 'no-cache']];
const THIRD: Pairs = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  [':authority', 'www.example.com'],
  ['custom-key', 'custom-value'],
];

test('C.2: one field in each representation', () => {
  check([['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', [['custom-key', 'custom-header']]]]);
  check([['040c 2f73 616d 706c 652f 7061 7468', [[':path', '/sample/path']]]]);
  check([['1008 7061 7373 776f 7264 0673 6563 7265 74', [['password', 'secret']]]]);
  check([['82', [[':method', 'GET']]]]);
});

test('C.3: requests without Huffman codes', () => {
  check([
    ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', FIRST],
    ['8286 84be 5808 6e6f 2d63 6163 6865', SECOND],
    ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', THIRD],
  ]);
});

test('C.4: requests with Huffman codes', () => {
  check([
    ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', FIRST],
    ['8286 84be 5886 a8eb 1064 9cbf', SECOND],
    ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', THIRD],
  ]);
});

const DATE = 'Mon, 21 Oct 2013 20:13:21 GMT';
const ANSWER: Pairs = [
  [':status', '302'],
  ['cache-control', 'private'],
  ['date', DATE],
  ['location', 'https://www.example.com'],
];
const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const LAST: Pairs = [
  [':status', '200'],
  ['cache-control', 'private'],
  ['date', DATE.replace(':21 ', ':22 ')],
  ['location', 'https://www.example.com'],
  ['content-encoding', 'gzip'],
  ['set-cookie', COOKIE],
];

// The examples begin with a table of 256 bytes; here a size update says so.
const TABLE_256 = '3fe101';

test('C.5: a table of 256 bytes drops its oldest fields', () => {
  check([
    [
      `${TABLE_256} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
       3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`.replaceAll(/\s/g, ''),
      ANSWER,
    ],
    ['4803 3330 37c1 c0bf', [[':status', '307'], ...ANSWER.slice(1)]],
    [
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
       6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
       2076 6572 7369 6f6e 3d31`.replaceAll(/\s/g, ''),
      LAST,
    ],
  ]);
});

test('C.6: the same with Huffman codes', () => {
  check([
    [
      `${TABLE_256} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
       1718 63c7 8f0b 97c8 e9ae 82ae 43d3`.replaceAll(/\s/g, ''),
      ANSWER,
    ],
    ['4883 640e ffc1 c0bf', [[':status', '307'], ...ANSWER.slice(1)]],
    [
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
       dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`.replaceAll(/\s/g, ''),
      LAST,
    ],
  ]);
});

test('what is no header block is a compression error', () => {
  const broken = {
    'index 0': '80',
    'an index beyond the tables': 'be',
    'a name beyond the tables': '7f00 0161',
    'a name that is cut off': '400a 6375',
    'a value that is cut off': '040c 2f73',
    'an integer without an end': 'ffff ffff ffff ffff',
    'an integer that is cut off': 'ff80',
    'padding that is not ones': '0481 00',
    'padding of a whole byte': '0482 1fff',
    'EOS in a string': '0484 ffff ffff',
    'a table that is too large': '3fe2 1f',
    'a size update behind a field': '8220',
  };
  for (const [what, hex] of Object.entries(broken)) {
    assert.throws(() => decode(new HpackDecoder(), hex), { code: 9 }, what);
  }
});

test('a table of size 0 keeps nothing, and may grow again', () => {
  const decoder = new HpackDecoder();
  decode(decoder, '20 4001 6101 62');
  assert.throws(() => decode(decoder, 'be'), { code: 9 });
  decode(decoder, '3fe11f 4001 6101 62');
  assert.deepEqual(decode(decoder, 'be'), [['a', 'b']]);
});

test('a field that was dropped is gone, also after the table has gone round many times', () => {
  const decoder = new HpackDecoder();
  decode(decoder, '3f21');
  for (let i = 0; i < 300; i += 1) {
    // Each field takes 32 + 1 + 2 bytes, the table has 64: only the newest one fits.
    decode(decoder, `4001 61 02 ${(0x3030 + (i % 8)).toString(16)}`);
    assert.deepEqual(decode(decoder, 'be'), [['a', `0${i % 8}`]]);
    assert.throws(() => decode(decoder, 'bf'), { code: 9 });
  }
  decode(decoder, `40 01 61 40 ${'62'.repeat(64)}`);
  assert.throws(() => decode(decoder, 'be'), { code: 9 }, 'a field larger than the table empties it');
});

test('the same bytes mean something else when the table has changed in between', () => {
  const decoder = new HpackDecoder();
  decode(decoder, '4001 6101 62');
  assert.deepEqual(decode(decoder, 'be'), [['a', 'b']]);
  assert.deepEqual(decode(decoder, 'be'), [['a', 'b']]);
  decode(decoder, '4001 6101 63');
  assert.deepEqual(decode(decoder, 'be'), [['a', 'c']]);
});

test('a block that is repeated gives the same object, one that changes the table never does', () => {
  const decoder = new HpackDecoder();
  const bytes = Buffer.from('82', 'hex');
  const grows = Buffer.from('4001610162', 'hex');
  assert.equal(decoder.decode(bytes, 0, 1), decoder.decode(bytes, 0, 1));
  assert.notEqual(decoder.decode(grows, 0, 5), decoder.decode(grows, 0, 5));
  assert.deepEqual(decode(decoder, 'be'), [['a', 'b']]);
  assert.deepEqual(decode(decoder, 'bf'), [['a', 'b']]);
});

test('a list that is too large is read to its end and not kept', () => {
  const decoder = new HpackDecoder();
  const large = encodeBlock(Array.from({ length: 20 }, (_, i) => [`x-${i}`, 'v'.repeat(1000)]));
  assert.equal(decoder.decode(large, 0, large.length).isTooLarge, true);
  const bomb = Buffer.concat([Buffer.from('4001610162', 'hex'), Buffer.alloc(60_000, 0xbe)]);
  const { isTooLarge, fields } = decoder.decode(bomb, 0, bomb.length);
  assert.equal(isTooLarge, true);
  assert.ok(fields.length < 1000);
  assert.deepEqual(decode(decoder, 'be'), [['a', 'b']]);
});

test('the encoder says what the decoder understands', () => {
  const fields: Pairs = [
    [':status', '200'],
    [':status', '415'],
    ['content-type', 'application/grpc'],
    ['grpc-message', 'x'.repeat(126)],
    ['grpc-message', 'x'.repeat(127)],
    ['grpc-message', 'x'.repeat(300)],
    ['n'.repeat(200), ''],
  ];
  const block = encodeBlock(fields);
  const decoder = new HpackDecoder();
  const decoded = decoder.decode(block, 0, block.length).fields.map(({ name, value }) => [name, value]);
  assert.deepEqual(decoded, fields);
  assert.throws(() => decode(decoder, 'be'), { code: 9 }, 'nothing went into the dynamic table');
});

test('names and values are checked once, and well', () => {
  const valid: Pairs = [
    ['a', ''],
    [':path', '/'],
    ['x-1_~', 'a b\tc'],
    ['x', 'é'],
  ];
  const invalid: Pairs = [
    ['', 'a'],
    ['A', 'a'],
    ['a:b', 'a'],
    ['a b', 'a'],
    ['a', ' a'],
    ['a', 'a\t'],
    ['a', 'a\nb'],
    ['a', 'a\0'],
    ['a', '\u007f'],
  ];
  for (const [name, value] of valid) assert.equal(new Field(name, value).isValid, true, `${name}: ${value}`);
  for (const [name, value] of invalid) assert.equal(new Field(name, value).isValid, false, `${name}: ${value}`);
  assert.equal(STATIC_TABLE.length, 61);
});
