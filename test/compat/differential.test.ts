// A short differential run against each real etcd that is there: a fixed seed, and one of the day.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findReal, parseTarget } from '../harness/target.ts';
import { reportLines, runDifferential } from './differential.ts';

const REQUESTS = 1500;
const FIXED_SEED = 1;
const LIMIT_MS = 120_000;
const newSeed = Math.floor(Date.now() / 1000);

for (const variable of ['ETCD_BIN', 'ETCD35_BIN'] as const) {
  const real = findReal(variable);
  if (real === undefined) {
    it(`final answers as the real etcd of ${variable}`, { skip: `set ${variable} to run it` }, () => undefined);
    continue;
  }
  for (const seed of [FIXED_SEED, newSeed]) {
    it(`final answers ${REQUESTS} random requests as ${real.label}, seed ${seed}`, { timeout: LIMIT_MS }, async (t) => {
      const report = await runDifferential({ real, ours: parseTarget('final'), seed, requests: REQUESTS });
      const lines = reportLines(report, real.label);
      for (const line of lines) t.diagnostic(line);
      assert.equal(report.differences.length, 0, lines.join('\n'));
      // A run in which nothing succeeds, or nothing fails, compares nothing.
      assert.ok((report.codes.get(0) ?? 0) > REQUESTS / 2 && (report.codes.get(3) ?? 0) > 20, lines.join('\n'));
    });
  }
}
