// The short form of the simulation, and proof that it can fail. In a process of its own: it leaves promises behind that
// nobody waits for any more, which a test runner takes for failures.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

const SEEDS = 250;
// With a disk that is never waited for, a loss shows within a few seeds.
const SEEDS_TO_NOTICE = 20;

function simulate(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const program = path.join(import.meta.dirname, 'disk_sim.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program, ...args], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test(`${SEEDS} lives on a disk that fails lose nothing that was acknowledged`, () => {
  const { status, output } = simulate('--seeds', String(SEEDS));
  assert.equal(status, 0, output);
  const failures = Number(/(\d+) power failures/.exec(output)?.[1]);
  assert.ok(failures > SEEDS, `${failures} power failures are too few to mean anything`);
});

test('a member that does not wait for its disk is caught', () => {
  const { status, output } = simulate('--seeds', String(SEEDS_TO_NOTICE), '--no-sync');
  assert.equal(status, 1, output);
  assert.match(output, /^seed \d+: /m);
});
