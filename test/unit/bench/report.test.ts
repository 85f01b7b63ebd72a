// The statistics of the benchmark, its table and document, and the sums of a profile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../bench/load.ts';
import { breakDown, type Profile } from '../../bench/profile_groups.ts';
import { type Cell, document, formatTable, medianSample, notes, ratioOf, spreadOf } from '../../bench/report.ts';
import { rotated } from '../../bench/servers.ts';
import { median, percentile, steadyRate } from '../../bench/statistics.ts';

const BASE: Sample = {
  requests: 100,
  rate: 1000,
  p50Us: 500,
  p99Us: 2000,
  cpuPer1000: 0.1,
  serverCores: 0.8,
  generatorCores: 0.2,
  otherCores: 0.05,
};
const rates = (...values: number[]): Sample[] => values.map((rate) => ({ ...BASE, rate }));

test('median and percentile', () => {
  assert.equal(median([3, 1, 20]), 3);
  assert.equal(median([10, 2, 9, 1]), 5.5);
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.deepEqual([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)], [50, 99, 100]);
  assert.deepEqual([percentile([7], 0), percentile([7], 0.99)], [7, 7]);
  assert.throws(() => median([]), /no values/);
  assert.throws(() => percentile([], 0.5), /no values/);
});

test('the rate leaves out a slow beginning and a slow end, and does not depend on the order of the answers', () => {
  // 1000 answers, one a millisecond; the first comes 5 s early, the last 5 s late.
  const entries = Array.from({ length: 1000 }, (_, i) => ({ startUs: i * 1000, status: 200, tookUs: 400 }));
  entries[0] = { startUs: -5_000_000, status: 200, tookUs: 400 };
  entries[999] = { startUs: 999_000, status: 200, tookUs: 5_000_000 };
  assert.equal(Math.round(steadyRate(entries)), 1000);
  assert.equal(Math.round(steadyRate(entries.toReversed())), 1000);
  assert.throws(() => steadyRate(entries.slice(0, 1)), /too few/);
});

test('each number of a cell is the median of its own', () => {
  const samples = [
    { ...BASE, rate: 1, p99Us: 30 },
    { ...BASE, rate: 2, p99Us: 10 },
    { ...BASE, rate: 9, p99Us: 20 },
  ];
  assert.deepEqual(medianSample(samples), { ...BASE, rate: 2, p99Us: 20 });
  assert.equal(spreadOf(samples), 2);
});

test('a ratio is the median of the ratios of the rounds, not the ratio of the medians', () => {
  assert.equal(ratioOf(rates(100, 50, 10), rates(200, 25, 5)).rate, 2);
  assert.equal(ratioOf(rates(100, 50, 11), rates(50, 50, 10)).rate, 1.1);
});

test('a ratio that cannot be told is null', () => {
  const idle = [{ ...BASE, cpuPer1000: 0 }];
  assert.deepEqual(ratioOf([BASE], idle), { rate: 1, p50: 1, p99: 1, cpuPer1000: null });
  assert.equal(ratioOf(rates(1, 2), rates(1)).rate, null);
});

const FINAL = { label: 'final', durability: 'keeps everything in memory, no disk', isSubject: true };
const REAL = { label: 'etcd 1.2.3', durability: 'writes to disk', isSubject: false };
const CELLS: Cell[] = [
  { workload: 'put', clients: 64, server: 'final', samples: rates(3000) },
  { workload: 'put', clients: 64, server: 'etcd 1.2.3', samples: [{ ...BASE, generatorCores: 0.95 }] },
];

test('the table: a row a cell, ratios in the rows of the others, a mark for a busy generator', () => {
  const [head = '', final = '', real = '', ...rest] = formatTable(CELLS, [FINAL, REAL]).split('\n');
  assert.deepEqual(rest, []);
  assert.match(head, /^workload +clients +server +req\/s .*final ÷ this: req\/s +p99 +CPU$/);
  assert.match(final, /^put +64 +final +3000 +0 % +0\.50 +2\.00 +0\.100 +0\.80 +0\.20 +0\.05$/);
  assert.match(real, /^put +64 +etcd 1\.2\.3 +1000 +0 % .* 0\.95\* +0\.05 +3\.00× +1\.00× +1\.00×$/);
});

test('the table of one server, or without final, has no ratios', () => {
  assert.doesNotMatch(formatTable(CELLS.slice(0, 1), [FINAL]), /÷|×/);
  assert.doesNotMatch(formatTable(CELLS.slice(1), [REAL]), /÷|×/);
});

test('the notes say what each server does with a change, and when that is not the same', () => {
  const unequal = notes([FINAL, REAL], 2).join('\n');
  assert.match(unequal, /^final: keeps everything in memory, no disk\.\netcd 1\.2\.3: writes to disk\.\n/);
  assert.match(unequal, /not yet one at equal durability/);
  const equal = notes([{ ...FINAL, durability: REAL.durability }, REAL], 2).join('\n');
  assert.doesNotMatch(equal, /equal durability/);
});

test('the document holds every sample, the medians, and the ratios with the others', () => {
  const written = JSON.parse(
    JSON.stringify(document({ cells: CELLS, columns: [FINAL, REAL], settings: { seconds: 3 } })),
  );
  assert.deepEqual(written.settings, { seconds: 3 });
  assert.deepEqual(written.cells[0], { ...CELLS[0], median: { ...BASE, rate: 3000 } });
  assert.deepEqual(written.cells[1].subjectDividedByThis, { rate: 3, p50: 1, p99: 1, cpuPer1000: 1 });
});

test('every server comes first in its round', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join('')),
    ['abc', 'bca', 'cab', 'abc'],
  );
});

test('a profile: self time by part of the program, with what V8 calls idle corrected by the CPU time', () => {
  const node = (functionName: string, hitCount: number, url = '', place = { scriptId: '9', lineNumber: 0 }) => ({
    callFrame: { functionName, url, ...place },
    hitCount,
  });
  const bundle = 'file:///x/dist/etcd.mjs';
  const profile: Profile = {
    startTime: 0,
    endTime: 1_000_000,
    nodes: [
      node('(idle)', 50),
      node('(garbage collector)', 5),
      node('respond', 20, 'node:internal/http2/core'),
      node('emit', 5, 'node:events'),
      node('respond', 4, '', { scriptId: '0', lineNumber: -1 }),
      node('', 6, '', { scriptId: '77', lineNumber: 3 }),
      node('put', 9, bundle, { scriptId: '9', lineNumber: 12 }),
      node('reply', 1, bundle, { scriptId: '9', lineNumber: 25 }),
      { callFrame: { functionName: '(root)', url: '', scriptId: '0', lineNumber: -1 } },
    ],
  };
  const parts = [
    { source: 'final/core/mvcc/kvstore.ts', line: 10 },
    { source: 'final/transport/grpc/call.ts', line: 20 },
  ];
  // Busy for 0.7 s: of the 50 idle samples 30 were idle, 20 were work of the event loop.
  const { groups, functions, cores } = breakDown(profile, parts, 0.7);
  assert.equal(cores, 0.7);
  const share = Object.fromEntries(groups.map((group) => [group.name, Math.round(group.share * 70)]));
  assert.deepEqual(share, {
    'native code of the event loop: sockets, the kernel': 20,
    'node:http2, JavaScript': 20,
    store: 9,
    codec: 6,
    'garbage collection': 5,
    'node: streams, net, events, timers': 5,
    'native code called by JavaScript: writing to sockets and files, Buffer': 4,
    transport: 1,
  });
  assert.equal(functions.find(({ name }) => name.startsWith('put'))?.name, 'put (final/core/mvcc/kvstore.ts)');
});
