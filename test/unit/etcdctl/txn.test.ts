import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExitError } from '../../../final/etcdctl/command.ts';
import { prefixEnd } from '../../../final/client/prefix.ts';
import { parseRequest } from '../../../final/etcdctl/commands/txn_request.ts';
import { parseCompare, splitWords, trimSpace } from '../../../final/etcdctl/txn_grammar.ts';
import { Compare_CompareResult, Compare_CompareTarget } from '../../../proto/schema.ts';
import { fakeIo } from './fake_io.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('compares', () => {
  test('every target and operator', () => {
    const key = bytes('k');
    const { EQUAL, NOT_EQUAL, GREATER, LESS } = Compare_CompareResult;
    const { VERSION, CREATE, MOD, VALUE } = Compare_CompareTarget;
    assert.deepEqual(parseCompare('ver("k") = "1"'), { key, result: EQUAL, target: VERSION, version: 1 });
    assert.deepEqual(parseCompare('c("k") != "+2"'), { key, result: NOT_EQUAL, target: CREATE, create_revision: 2 });
    assert.deepEqual(parseCompare('mod("k")  >  "-3"'), { key, result: GREATER, target: MOD, mod_revision: -3 });
    assert.deepEqual(parseCompare('value(`k`) < "a\\xff b" rest'), {
      key,
      result: LESS,
      target: VALUE,
      value: bytes('a\xff b'),
    });
  });

  const refused: [line: string, status: number, message: string][] = [
    ['x', 3, 'malformed comparison: x'],
    ['value(foo) = bar', 3, 'malformed comparison: value(foo) = bar; got value("")  ""'],
    ['value("a") ="b"', 3, 'malformed comparison: value("a") ="b"; got value("a") ="b" ""'],
    ['value("a") = b', 3, 'malformed comparison: value("a") = b; got value("a") = ""'],
    ['value( "a" ) = "b"', 3, 'malformed comparison: value( "a" ) = "b"; got value("a")  ""'],
    ['size("a") ~ "1"', 3, 'malformed comparison: size("a") ~ "1" (unknown target size)'],
    ['version("a") ~ "x"', 3, 'invalid txn compare request: version("a") ~ "x"'],
    ['version("a") = "0x1"', 3, 'invalid txn compare request: version("a") = "0x1"'],
    ['version("a") ~ "1"', 2, 'unknown operator in comparison: version("a") ~ "1"'],
    ['lease("a") = "0"', 2, 'a lease cannot be compared: lease("a") = "0"'],
  ];
  for (const [line, status, message] of refused) {
    test(line, () => assert.throws(() => parseCompare(line), new ExitError(status, message)));
  }

  test('a bound beyond what a number can be stays beyond all revisions', () => {
    const { mod_revision: bound = 0 } = parseCompare('mod("a") < "9223372036854775807"');
    assert.ok(bound > Number.MAX_SAFE_INTEGER && bound < 2 ** 63);
  });
});

test('words of a request', () => {
  assert.deepEqual(splitWords('put  "my key" \'v  w\'\ta"b"c'), ['put', 'my key', 'v  w', 'a"b"c']);
  assert.deepEqual(splitWords(String.raw`put "a""\x41\n" 'x\n'`), ['put', 'a', 'A\n', 'x\\n']);
  assert.deepEqual(splitWords('put a "b'), ['put', 'a', 'b']);
  assert.throws(() => splitWords('put "\\z" v'), new ExitError(3, 'invalid syntax'));
});

describe('requests', () => {
  const { io, stderr } = fakeIo();

  test('are written like the commands, also shortened', async () => {
    const put = await parseRequest('pu k v --prev-kv', io);
    assert.equal(put.request_put?.prev_kv, true);
    assert.deepEqual(put.request_put?.value, bytes('v'));
    const get = await parseRequest('get k --prefix --rev=3 --order=descend', io);
    assert.deepEqual([get.request_range?.range_end, get.request_range?.revision], [Uint8Array.from(bytes('l')), 3]);
    assert.deepEqual((await parseRequest('del "" --from-key', io)).request_delete_range?.key, Uint8Array.of(0));
  });

  const refused: [line: string, status: number, message: string][] = [
    ['put', 3, 'invalid txn compare request: put'],
    ['frob a b', 3, 'invalid txn request: frob a b'],
    ['put k', 128, 'put command needs 1 argument and input from stdin or 2 arguments'],
    ['get k --consistency=x', 4, 'unknown consistency flag "x"'],
  ];
  for (const [line, status, message] of refused) {
    test(line, () => assert.rejects(parseRequest(line, io), new ExitError(status, message)));
  }

  test('a flag that is not there brings the usage', async () => {
    await assert.rejects(parseRequest('del k --nope', io), new ExitError(3, 'invalid txn request: del k --nope'));
    assert.equal(
      stderr(),
      [
        'Usage:',
        '   del [options] <key> [range_end] [flags]',
        '',
        'Flags:',
        '      --from-key   delete keys that are greater than or equal to the given key using byte compare',
        '  -h, --help       help for del',
        '      --prefix     delete keys with matching prefix',
        '      --prev-kv    return deleted key-value pairs',
        '\n',
      ].join('\n'),
    );
  });
});

test('the end of a prefix leaves the prefix as it is', () => {
  const prefix = Buffer.of(0x61, 0xff, 0xff);
  assert.deepEqual(prefixEnd(prefix), Uint8Array.of(0x62));
  assert.deepEqual([...prefix], [0x61, 0xff, 0xff]);
  assert.deepEqual(prefixEnd(Buffer.of(0xff, 0xff)), Uint8Array.of(0));
});

test('white space is what Go takes for it', () => {
  assert.equal(trimSpace('\u00a0\t a b\u0085\r\n'), 'a b');
  assert.equal(trimSpace('\ufeffa'), '\ufeffa');
});
