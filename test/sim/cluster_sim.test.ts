// The short form of the simulated cluster (`npm run sim -- --seeds 1000` is the long one), proof that it can fail, and that a seed
// is a run. In processes of their own: they leave promises behind that nobody waits for any more.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

const SEEDS = 40;
// Within so many seeds each planted mistake must be noticed, and for the reason that is its own.
const SEEDS_TO_NOTICE = 90;
const NOTICED_BY: Readonly<Record<string, RegExp>> = {
  vote: /two leaders of term/,
  count: /behind entry|part of the log is lost|out of range|not linearizable|is told/,
  read: /is told|not linearizable/,
  watch: /where \d+ was due|the history has/,
  victim: /where \d+ was due|the history has/,
  lease: /it was promised until/,
  database: /database is damaged|invalid database|illegal tag|behind entry/,
};

function run(program: string, ...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const file = path.join(import.meta.dirname, program);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, output: stdout + stderr };
}

test(`${SEEDS} simulated clusters keep their promises`, () => {
  const { status, output } = run('cluster_sim.ts', '--seeds', String(SEEDS));
  assert.equal(status, 0, output);
  const { answered, faults } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, number>;
  assert.ok((answered ?? 0) > 50 * SEEDS && (faults ?? 0) > 5 * SEEDS, `too little to mean anything: ${output}`);
});

test('one seed is one run: everything happens again in the same order', () => {
  const traces = [1, 2].map(() => {
    const { output } = run('cluster_sim.ts', '--seeds', '3', '--from', '7', '--verbose');
    return [...output.matchAll(/^trace [0-9a-f]{64}$/gm)].map(String);
  });
  assert.equal(new Set(traces[0]).size, 3);
  assert.deepEqual(traces[0], traces[1]);
});

for (const [plant, reason] of Object.entries(NOTICED_BY)) {
  test(`a planted mistake is noticed within ${SEEDS_TO_NOTICE} seeds: ${plant}`, () => {
    const { status, output } = run('planted.ts', '--plant', plant, '--seeds', String(SEEDS_TO_NOTICE));
    assert.equal(status, 1, output);
    assert.match(output, reason);
    assert.match(output, new RegExp(`^${plant}: noticed after`, 'm'));
  });
}

test('without the mistakes, the same faults are survived', () => {
  const { status, output } = run('planted.ts', '--plant', 'none', '--seeds', String(SEEDS_TO_NOTICE));
  assert.equal(status, 0, output);
});
