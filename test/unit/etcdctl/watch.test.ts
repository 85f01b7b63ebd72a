import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../../../final/client/client.ts';
import type { CommandContext, Io } from '../../../final/etcdctl/command.ts';
import {
  type WatchEnvironment,
  watchEnvironment,
  watchFlags,
  watchLineWords,
  watchRequest,
  type WatchWords,
  watchWords,
} from '../../../final/etcdctl/commands/watch_words.ts';
import { FlagSet, parseArgs } from '../../../final/etcdctl/flags.ts';
import { main } from '../../../final/etcdctl/main.ts';
import { newPrinter } from '../../../final/etcdctl/printers.ts';
import { fakeIo } from './fake_io.ts';

const none: WatchEnvironment = { key: '', rangeEnd: '' };

function typed(...argv: string[]): Pick<CommandContext, 'args' | 'argsBeforeDash' | 'flags'> {
  const flags = new FlagSet(watchFlags);
  const args = parseArgs(argv, flags);
  return { args, argsBeforeDash: flags.argsBeforeDash, flags };
}

function shown({ keys, command }: WatchWords): string {
  return `${keys.join(' ')} | ${command.join(' ')}`;
}

describe('words of a watch', () => {
  const read: [argv: string[], environment: WatchEnvironment, expected: string][] = [
    [['a'], none, 'a | '],
    [['a', 'b', 'c'], none, 'a b c | '],
    // etcdctl 3.4 looks for the last word like the command and takes too much.
    [['a', '--rev=3', '--', 'echo', 'echo'], none, 'a | echo echo'],
    [['--', 'x', '--', 'y'], { key: 'k', rangeEnd: '' }, 'k | x -- y'],
    [[], { key: 'k', rangeEnd: 'l' }, 'k l | '],
  ];
  for (const [argv, environment, expected] of read) {
    test(`${argv.join(' ')} with ${environment.key}`, () => {
      assert.equal(shown(watchWords(typed(...argv), environment)), expected);
      assert.equal(shown(watchLineWords(argv, environment)), expected);
    });
  }

  const refused: [argv: string[], environment: WatchEnvironment, message: RegExp][] = [
    [[], none, /^bad number of arguments$/],
    [['--', 'x'], none, /^bad number of arguments$/],
    [['a', '--'], none, /found separator --, but no commands/],
    [['a'], { key: 'k', rangeEnd: '' }, /found conflicting environment key/],
    [['a', '--', 'x'], { key: 'k', rangeEnd: '' }, /found conflicting environment key/],
  ];
  for (const [argv, environment, message] of refused) {
    test(`${argv.join(' ')} with ${environment.key} is refused`, () => {
      assert.throws(() => watchWords(typed(...argv), environment), { message, exitStatus: 128 });
    });
  }

  test('on a line a command alone is no reason to end, as there is nothing to watch', () => {
    const words = watchLineWords(['--', 'x'], none);
    assert.equal(shown(words), ' | x');
    assert.throws(() => watchRequest(words), { message: 'bad number of arguments', exitStatus: 128 });
    assert.throws(() => watchLineWords(['--prefix'], none), { message: 'bad number of arguments', exitStatus: 128 });
    assert.throws(() => watchLineWords(['--'], none), /found separator --, but no commands/);
  });

  test('on a line only the flags of watch are known, and there is no help', () => {
    assert.throws(() => watchLineWords(['a', '-h'], none), { message: 'pflag: help requested', exitStatus: 128 });
    assert.throws(() => watchLineWords(['a', '-w', 'json'], none), /unknown shorthand flag: 'w' in -w/);
  });

  test('an end in the environment needs a key there', () => {
    assert.throws(() => watchEnvironment({ ETCDCTL_WATCH_RANGE_END: 'z' }), {
      message: 'ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END="z"',
      exitStatus: 128,
    });
  });
});

describe('what a watch asks for', () => {
  const request = (...argv: string[]): object => {
    const { key, range_end, ...others } = watchRequest(watchWords(typed(...argv), none));
    return { key: Buffer.from(key ?? []).toString(), end: Buffer.from(range_end ?? []).toString(), ...others };
  };
  test('a key, a range, a prefix, everything', () => {
    const others = { start_revision: 0, prev_kv: false };
    assert.deepEqual(request('a'), { key: 'a', end: '', ...others });
    assert.deepEqual(request('a', 'c', '--rev=4'), { key: 'a', end: 'c', ...others, start_revision: 4 });
    assert.deepEqual(request('a', 'c', 'd'), { key: 'a', end: '', ...others });
    assert.deepEqual(request('a', '--prefix', '--prev-kv'), { key: 'a', end: 'b', ...others, prev_kv: true });
    assert.deepEqual(request('', '--prefix'), { key: '\0', end: '\0', ...others });
  });
  test('not an end and a prefix', () => {
    assert.throws(() => request('a', 'b', '--prefix'), /mutually exclusive/);
  });
});

describe('etcdctl watch', () => {
  const timeout = 10_000;
  const put = { type: 0, kv: { key: Buffer.from('a'), value: Buffer.from('1') } };
  const answer = { header: { revision: 7 }, events: [put], compact_revision: 0, canceled: false };
  const client = {
    watch: async function* () {
      yield answer;
      await new Promise(() => undefined);
    },
    close: () => undefined,
  } as unknown as Client;

  function run(argv: readonly string[], env: Readonly<Record<string, string>>, io: Io): Promise<number> {
    return main({ argv, env, io, services: { connect: async () => client, printers: async () => newPrinter } });
  }

  test('-i complains of a line without a key, and reads on', { timeout }, async () => {
    const { io, stderr } = fakeIo('watch -- foo\nwatch -- foo bar\n');
    assert.equal(await run(['watch', '-i'], {}, io), 3);
    assert.deepEqual(stderr().split('\n').slice(0, 2), [
      'Invalid command watch -- foo (bad number of arguments)',
      'Invalid command watch -- foo bar (bad number of arguments)',
    ]);
  });

  test('does not hand the version of the API on to commands', { timeout }, async () => {
    const { io } = fakeIo();
    let given: Readonly<Record<string, string | undefined>> = {};
    const running: Io = {
      ...io,
      run: async (_words, env) => {
        given = env;
        return 'exit status 1';
      },
    };
    const variables = { ETCDCTL_API: '3', ETCDCTL_DIAL_TIMEOUT: '3s', MINE: 'x' };
    assert.equal(await run(['watch', 'a', '--', 'x'], variables, running), 1);
    assert.equal('ETCDCTL_API' in given, false);
    assert.deepEqual([given['ETCDCTL_DIAL_TIMEOUT'], given['MINE'], given['ETCD_WATCH_KEY']], ['3s', 'x', '"a"']);
  });
});
