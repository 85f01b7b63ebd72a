// What the benchmark reads: h2load's summary and log, /proc, its own command line, and the comments of a bundle.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf, sourceAt } from '../../bench/bundle.ts';
import { cpuSeconds, parseMachineStat, parseStat } from '../../bench/cpu.ts';
import { parseLog, parseSummary } from '../../bench/h2load.ts';
import { DEFAULT_JSON, parseOptions, UsageError } from '../../bench/options.ts';

const SUMMARY = `starting benchmark...
spawning thread #0: 64 total client(s). 4000 total requests
progress: 100% done

finished in 376.54ms, 10623.18 req/s, 985.80KB/s
requests: 4000 total, 4000 started, 4000 done, 3990 succeeded, 10 failed, 7 errored, 0 timeout
status codes: 3990 2xx, 0 3xx, 10 4xx, 0 5xx
traffic: 371.19KB (380102) total, 140.94KB (144320) headers (space savings 82.09%), 132.81KB (136000) data
`;

test('the summary of h2load: what succeeded, what failed, bytes of data', () => {
  assert.deepEqual(parseSummary(SUMMARY), { succeeded: 3990, failed: 10, dataBytes: 136_000 });
});

test('a summary without its numbers is refused with its text', () => {
  assert.throws(() => parseSummary(SUMMARY.replace(/^traffic.*$/m, '')), /no match for .*data[\s\S]*4000 total/);
});

test('the log of h2load: start, status and duration a line; later columns are allowed', () => {
  assert.deepEqual(parseLog('1795565964302824\t200\t6253\n1795565964303150\t-1\t15553\tmore\n'), [
    { startUs: 1_795_565_964_302_824, status: 200, tookUs: 6253 },
    { startUs: 1_795_565_964_303_150, status: -1, tookUs: 15_553 },
  ]);
  assert.deepEqual(parseLog(''), []);
  assert.throws(() => parseLog('1795565964302824\t200\n'), /not a line of h2load's log/);
});

test('/proc/PID/stat: user and system time of the process and of its children, whatever its name', () => {
  const before = 'S 1 2 3 4 5 6 7 8 9 10';
  const line = `4711 (a) 1 2 (b) ${before} 150 50 30 7 20 0 11`;
  assert.deepEqual(parseStat(line), { own: 2, children: 0.37 });
  assert.throws(() => parseStat('4711 (a) S 1'), /not a process's stat/);
});

test('/proc/stat: all time but idle and waiting for disks', () => {
  assert.equal(parseMachineStat('cpu  100 20 30 9000 500 4 5 6 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n'), 1.65);
  assert.throws(() => parseMachineStat('intr 1 2 3'), /not the stat of a machine/);
});

test('CPU time of this process rises with work', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  const before = cpuSeconds(process.pid).own;
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 60_000) Math.sqrt(2);
  assert.ok(cpuSeconds(process.pid).own - before > 0.04);
});

test('options: the usual ones, the quick ones, and quick ones changed', () => {
  const usual = {
    servers: ['final', 'real'],
    members: 1,
    workloads: ['put', 'range-serializable', 'range-linearizable', 'txn'],
    clients: [1, 16, 64, 256],
    seconds: 3,
    rounds: 3,
    json: DEFAULT_JSON,
  };
  assert.deepEqual(parseOptions([]), usual);
  assert.deepEqual(parseOptions(['--quick']), { ...usual, clients: [1, 64], seconds: 1, rounds: 1 });
  assert.deepEqual(parseOptions(['--quick', '--rounds', '2', '--clients', '8']), {
    ...usual,
    clients: [8],
    seconds: 1,
    rounds: 2,
  });
  assert.deepEqual(parseOptions(['--members', '3']), { ...usual, members: 3 });
  assert.equal(parseOptions(['--rounds', '2', '--help']), 'help');
});

test('options: which servers', () => {
  const servers = (...args: string[]): unknown => {
    const options = parseOptions(args);
    return options === 'help' ? options : options.servers;
  };
  assert.deepEqual(servers('--no-fsync'), ['final', 'real', 'real-no-fsync']);
  assert.deepEqual(servers('--only-final'), ['final']);
  assert.deepEqual(servers('--servers', 'real35, sources', '--no-fsync'), ['real35', 'sources', 'real-no-fsync']);
});

test('options that make no sense are refused', () => {
  for (const [args, message] of [
    [['--servers', 'etcd'], /server "etcd" is none of final/],
    [['--servers', 'final,final'], /names something twice/],
    [['--workloads', 'delete'], /workload "delete" is none of put/],
    [['--clients', '1,0'], /--clients "0" is not a whole number from 1 to 1000/],
    [['--clients', '1001'], /not a whole number/],
    [['--seconds', '-1'], /not a number above 0|ambiguous/],
    [['--seconds', 'x'], /--seconds "x" is not a number above 0/],
    [['--rounds', '1.5'], /--rounds "1.5" is not a whole number/],
    [['--only-final', '--no-fsync'], /--only-final does not go with/],
    [['--fast'], /--fast/],
    [['put'], /put/],
  ] as const) {
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof UsageError && message.test(error.message),
      args.join(' '),
    );
  }
});

test('a line of a bundle belongs to the source named last before it', () => {
  const text = [
    '#!/usr/bin/env node',
    '// final/bin/etcd.ts',
    'a();',
    '// a comment',
    '  // node_modules/x/y.js',
    'b();',
  ];
  const parts = partsOf(text.join('\n'));
  assert.deepEqual(parts, [
    { source: 'final/bin/etcd.ts', line: 1 },
    { source: 'node_modules/x/y.js', line: 4 },
  ]);
  assert.equal(sourceAt(parts, 0), undefined);
  assert.equal(sourceAt(parts, 3), 'final/bin/etcd.ts');
  assert.equal(sourceAt(parts, 9), 'node_modules/x/y.js');
});
