// Random runs of a cluster, and the proof that the checks can fail.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../../../final/core/assert.ts';
import { type Outcome, type PlantedBug, Simulation } from './simulation.ts';

const SEEDS = 200;

test(`${SEEDS} random clusters keep the invariants and recover`, (t) => {
  const total: Outcome = { elections: 0, committed: 0, restarts: 0, snapshots: 0, confChanges: 0, reads: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = runSeed(seed);
    for (const key of Object.keys(total) as (keyof Outcome)[]) total[key] += outcome[key];
  }
  t.diagnostic(JSON.stringify(total));
  for (const [key, count] of Object.entries(total)) assert.ok(count > SEEDS / 2, `only ${count} ${key}`);
});

const BUGS: readonly PlantedBug[] = ['commit-old-terms', 'forget-vote', 'vote-for-all', 'shrink-quorum'];

for (const bug of BUGS) {
  test(`the invariants catch the planted bug ${bug}`, (t) => {
    for (let seed = 1; seed <= 5 * SEEDS; seed++) {
      try {
        new Simulation(seed, bug).run();
      } catch (error) {
        assert.ok(error instanceof AssertionError || error instanceof assert.AssertionError, String(error));
        t.diagnostic(`seed ${seed}: ${error.message}`);
        return;
      }
    }
    assert.fail('no run found the bug');
  });
}

function runSeed(seed: number): Outcome {
  try {
    return new Simulation(seed).run();
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
}
