// The small world with the raft of every step that has one: misfortunes of many seeds break no rule, and behind them there is
// progress; the same seed is the same run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimedAction } from './actions.ts';
import { StepDisk } from './disk.ts';
import { runHeadless } from './headless.ts';
import { randomFaults } from './random_faults.ts';
import { loadRafts, stepsWithRaft } from './raft_plugin.ts';
import { SCENARIOS } from './scenarios.ts';
import { StepWorld } from './world.ts';

const SEEDS = 60;
const FAULTS_MS = 15_000;
// As long as a few elections take.
const QUIET_MS = 10_000;

// Now and then an election has no winner for some seconds, and what is proposed meanwhile is dropped: clients try again.
const LAST = [4000, 5000, 6000, 7000, 8000].map((ms): TimedAction => {
  return { at: FAULTS_MS + ms, action: { kind: 'propose', member: 0, value: 'last' } };
});

const rafts = await loadRafts();
const right = rafts['05-raft'];
assert.ok(right);

for (const slug of stepsWithRaft()) {
  for (const members of [3, 5]) {
    test(`${slug}, ${members} members: ${SEEDS} seeds of misfortunes break no rule, and then all have applied the same`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const actions = [...randomFaults({ seed, members, untilMs: FAULTS_MS }), ...LAST];
        const run = runHeadless(rafts, { raft: slug, members, seed, actions, untilMs: FAULTS_MS + QUIET_MS });
        assert.equal(run.violation, undefined, `seed ${seed}`);
        assert.ok(run.leader !== undefined, `seed ${seed}: nobody leads`);
        const [first, ...others] = run.applied;
        assert.equal(first?.at(-1), 'last', `seed ${seed}: no progress`);
        for (const other of others) assert.deepEqual(other, first, `seed ${seed}`);
      }
    });
  }

  test(`${slug}: no scenario breaks a rule, and each ends with a leader`, () => {
    for (const scenario of Object.keys(SCENARIOS)) {
      for (let seed = 1; seed <= 20; seed++) {
        const run = runHeadless(rafts, { raft: slug, scenario, seed, untilMs: 20_000 });
        assert.equal(run.violation, undefined, `${scenario}, seed ${seed}`);
        assert.ok(run.leader !== undefined, `${scenario}, seed ${seed}: nobody leads`);
      }
    }
  });
}

test('the same seed is the same run, another seed another one', () => {
  const actions = randomFaults({ seed: 4, members: 3, untilMs: 5000 });
  const hashOf = (seed: number): string => runHeadless(rafts, { raft: '05-raft', seed, actions, untilMs: 8000 }).hash;
  assert.equal(hashOf(1), hashOf(1));
  assert.notEqual(hashOf(1), hashOf(2));
});

test('what is cut off in the smaller part is not committed, and gives way when the link is there again', () => {
  const during = runHeadless(rafts, { raft: '05-raft', scenario: 'partition-minority-leader', seed: 7, untilMs: 7400 });
  assert.deepEqual(during.applied, [['a'], ['a'], ['a', 'b'], ['a', 'b'], ['a', 'b']]);
  const after = runHeadless(rafts, {
    raft: '05-raft',
    scenario: 'partition-minority-leader',
    seed: 7,
    untilMs: 12_000,
  });
  assert.deepEqual(
    after.applied,
    Array.from({ length: 5 }, () => ['a', 'b']),
  );
});

test('a member that loses power during a sync has lost what it wrote', () => {
  const world = new StepWorld({ newNode: right, members: 3, seed: 7 });
  world.act({ kind: 'campaign', member: 1 });
  const [first] = world.members;
  assert.equal(first?.isSyncing, true);
  world.act({ kind: 'crash', member: 1 });
  assert.match(world.trace.events.at(-1)?.text ?? '', /loses power, and a write that was not synced/);
  world.act({ kind: 'start', member: 1 });
  assert.equal(first?.raft?.term, 0);
  world.act({ kind: 'campaign', member: 1 });
  world.runTo(100);
  world.act({ kind: 'crash', member: 1 });
  world.act({ kind: 'start', member: 1 });
  assert.equal(first?.raft?.term, 1, 'what was synced is there');
});

test('a disk replaces entries from the first new one on', () => {
  const entry = (Index: number, Term: number): { Index: number; Term: number; Type: number; Data: undefined } => {
    return { Index, Term, Type: 0, Data: undefined };
  };
  const disk = new StepDisk();
  disk.write({ term: 1, vote: 1n, commit: 0 }, [entry(1, 1), entry(2, 1), entry(3, 1)]);
  disk.sync();
  disk.write({ term: 2, vote: 0n, commit: 1 }, [entry(2, 2)]);
  assert.equal(disk.content.entries.length, 3);
  disk.sync();
  assert.deepEqual(
    disk.content.entries.map(({ Term }) => Term),
    [1, 2],
  );
  assert.equal(disk.content.hardState.term, 2);
});
