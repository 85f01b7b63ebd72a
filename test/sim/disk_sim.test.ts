// The short form of the simulation, and proof that it can fail.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './disk_sim.ts';

const SEEDS = 250;
// With a disk that is never waited for, a loss shows within a few seeds.
const SEEDS_TO_NOTICE = 20;

test(`${SEEDS} lives on a disk that fails lose nothing that was acknowledged`, async () => {
  let failures = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const summary = await runSeed(seed).catch((error: unknown) => assert.fail(`seed ${seed}: ${String(error)}`));
    failures += summary.failures;
  }
  assert.ok(failures > SEEDS, `${failures} power failures are too few to mean anything`);
});

test('a member that does not wait for its disk is caught', async () => {
  for (let seed = 1; seed <= SEEDS_TO_NOTICE; seed++) {
    const isCaught = await runSeed(seed, { noSync: true }).then(
      () => false,
      () => true,
    );
    if (isCaught) return;
  }
  assert.fail(`${SEEDS_TO_NOTICE} seeds without a sync and nothing was noticed`);
});
