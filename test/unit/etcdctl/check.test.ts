import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClientError } from '../../../final/client/errors.ts';
import { pairMaker, Results } from '../../../final/etcdctl/commands/check_load.ts';
import { judge } from '../../../final/etcdctl/commands/check_perf.ts';
import { ProgressBar, progressLine } from '../../../final/etcdctl/progress_bar.ts';

function resultsOf(...latencies: number[]): Results {
  const results = new Results();
  results.latencies.push(...latencies);
  return results;
}

describe('check perf', () => {
  const judged: [what: string, results: Results, rate: number, lines: string[]][] = [
    [
      'all is well',
      resultsOf(0.01, 0.03),
      149.9,
      ['PASS: Throughput is 150 writes/s', 'PASS: Slowest request took 0.030000s', 'PASS: Stddev is 0.010000s', 'PASS'],
    ],
    [
      'nothing is',
      resultsOf(0, 0.6),
      135,
      [
        'FAIL: Throughput too low: 136 writes/s',
        'Slowest request took too long: 0.600000s',
        'Stddev too high: 0.300000s',
        'FAIL',
      ],
    ],
  ];
  for (const [what, results, rate, lines] of judged) {
    test(what, () => {
      assert.deepEqual(judge(results, { rate, wanted: 150 }), { lines, isGood: lines.at(-1) === 'PASS' });
    });
  }

  test('errors are counted, and none is allowed', async () => {
    const results = resultsOf(0.01);
    for (let at = 0; at < 2; at += 1) {
      await results.measure(() => Promise.reject(new ClientError(8, 'etcdserver: too many requests')));
    }
    const { lines, isGood } = judge(results, { rate: 150, wanted: 150 });
    assert.equal(isGood, false);
    assert.deepEqual(lines.slice(0, 2), ['FAIL: too many errors', 'FAIL: ERROR(etcdserver: too many requests) -> 2']);
    await assert.rejects(
      results.measure(() => Promise.reject(new TypeError('a bug'))),
      TypeError,
    );
  });
});

test('pairs have keys of their own, all under the prefix', () => {
  const pair = pairMaker('/p/', { key: 16, value: 4 });
  const keys = Array.from({ length: 100 }, () => Buffer.from(pair().key).toString('latin1'));
  assert.equal(new Set(keys).size, 100);
  assert.ok(keys.every((key) => key.startsWith('/p/') && key.length === 19));
  assert.equal(pair().value.length, 4);
});

describe('the bar', () => {
  // Lines of etcdctl 3.4.23, with times that fit.
  const lines: [current: number, total: number, changedAfter: number, sinceStart: number, line: string][] = [
    [0, 60, 0, 0.2, ' 0 / 60    0.00%'],
    [1, 60, 1.01, 1.2, ' 1 / 60    1.67% 00m59s'],
    [93, 10_000, 0.2, 0.2, ' 93 / 10000    0.93% 00m21s'],
    [58, 60, 58, 58.9, ' 58 / 60   96.67% 00m01s'],
    [59, 60, 59, 59.5, ' 59 / 60   98.33%'],
    [1, 3_600, 2, 2, ' 1 / 3600    0.03% 01h59m58s'],
  ];
  for (const [current, total, changedAfter, sinceStart, line] of lines) {
    test(line, () => assert.equal(progressLine({ current, total, changedAfter, sinceStart }), line));
  }

  test('is written over itself, and ends its line', () => {
    let written = '';
    const bar = new ProgressBar(2, (text) => (written += text));
    bar.add(1);
    bar.finish();
    assert.equal(written, '\r 0 / 2    0.00%\r 2 / 2  100.00% 0s\n');
  });
});
