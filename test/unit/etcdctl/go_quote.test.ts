import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { quote, unquote } from '../../../final/etcdctl/go_quote.ts';
import { decodeText, encodeText } from '../../../final/etcdctl/text.ts';

describe('quote', () => {
  const cases: [bytes: string | readonly number[], quoted: string][] = [
    ['', '""'],
    ['plain text', '"plain text"'],
    ['\x07\b\f\n\r\t\v"\\', String.raw`"\a\b\f\n\r\t\v\"\\"`],
    ["'`/", `"'\`/"`],
    ['\x00\x1b\x7f', String.raw`"\x00\x1b\x7f"`],
    ['é键😀\ufffd', '"é键😀\ufffd"'],
    // No-break space, soft hyphen, zero-width space, line separator, private use, an unassigned character.
    ['\u00a0\u00ad\u200b\u2028\ue000\u0378', String.raw`"\u00a0\u00ad\u200b\u2028\ue000\u0378"`],
    ['\u{e0001}', String.raw`"\U000e0001"`],
    [[0xff, 0xc3, 0x28], String.raw`"\xff\xc3("`],
    // Overlong, a surrogate, above the last character, cut off.
    [[0xc0, 0x80, 0xed, 0xa0, 0x80], String.raw`"\xc0\x80\xed\xa0\x80"`],
    [[0xf4, 0x90, 0x80, 0x80, 0xe9, 0x94], String.raw`"\xf4\x90\x80\x80\xe9\x94"`],
  ];
  for (const [bytes, quoted] of cases) {
    test(quoted, () => assert.equal(quote(typeof bytes === 'string' ? bytes : Uint8Array.from(bytes)), quoted));
  }
});

describe('unquote', () => {
  const cases: [quoted: string, value: string | undefined][] = [
    [String.raw`"a\"b\\c\n"`, 'a"b\\c\n'],
    [String.raw`"\x41\101\u00e9\U0001F600"`, 'AAé😀'],
    [String.raw`"\xc3\xa9"`, 'é'],
    [String.raw`"\z"`, undefined],
    [String.raw`"\'"`, undefined],
    [String.raw`"\x4"`, undefined],
    [String.raw`"\400"`, undefined],
    [String.raw`"\ud800"`, undefined],
    [String.raw`"\U00110000"`, undefined],
    ['"a"b"', undefined],
    ['"a\nb"', undefined],
  ];
  for (const [quoted, value] of cases) test(JSON.stringify(quoted), () => assert.equal(unquote(quoted), value));

  test('reads back what quote wrote, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        assert.deepEqual(encodeText(unquote(quote(bytes)) ?? ''), Buffer.from(bytes));
      }),
    );
  });
});

test('a text of the command line keeps its bytes', () => {
  assert.deepEqual(
    encodeText(decodeText(Buffer.from('fffe41c3a9efbfbdc3', 'hex'))).toString('hex'),
    'fffe41c3a9efbfbdc3',
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.deepEqual(encodeText(decodeText(bytes)), Buffer.from(bytes));
    }),
  );
});
