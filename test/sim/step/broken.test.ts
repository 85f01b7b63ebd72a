// The broken rafts: each differs from the step in one line, is found out in its scenario with any seed, and cannot be made when the
// line is not there any more.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../../../steps/tool/chain.ts';
import { BROKEN_RAFTS, BROKEN_STEP, type BrokenRaft, breakSource, brokenLine } from './broken.ts';
import { runHeadless } from './headless.ts';
import { randomFaults } from './random_faults.ts';
import { loadRafts } from './raft_plugin.ts';

const SEEDS = 100;
const MINUTE = 60_000;

// Not for readers: a follower takes entries without having what is before them.
const BLIND: BrokenRaft = {
  name: 'blind',
  title: 'A follower does not compare the term of the entry before',
  file: 'core/raft/log.ts',
  before: '    if (index > this.lastIndex() || this.term(index) !== logTerm) return undefined;',
  after: '    if (index > this.lastIndex()) return undefined;',
};

const rafts = await loadRafts([...BROKEN_RAFTS, BLIND]);

const FOUND = [
  { name: 'a', scenario: 'second-vote', rule: 'oneVote' },
  { name: 'b', scenario: 'short-log', rule: 'leaderCompleteness' },
  { name: 'c', scenario: 'figure-8', rule: 'leaderCompleteness' },
] as const;

for (const { name, scenario, rule } of FOUND) {
  test(`broken raft ${name} breaks ${rule} in "${scenario}" within a minute, with each of ${SEEDS} seeds`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = runHeadless(rafts, { raft: `broken-${name}`, scenario, seed, untilMs: MINUTE });
      assert.equal(run.violation?.rule, rule, `seed ${seed}`);
    }
  });
}

test('every broken raft has its scenario', () => {
  assert.deepEqual(
    BROKEN_RAFTS.map(({ name }) => name),
    FOUND.map(({ name }) => name),
  );
});

// The third needs a big value, and several members to fail in one order: no chance brings that about.
for (const name of ['a', 'b', 'blind']) {
  test(`misfortunes find broken raft ${name}`, () => {
    let found = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const actions = randomFaults({ seed, members: 3, untilMs: 15_000 });
      const run = runHeadless(rafts, { raft: `broken-${name}`, seed, actions, untilMs: 20_000 });
      if (run.violation !== undefined) found++;
    }
    assert.ok(found >= 5, `only in ${found} of ${SEEDS} seeds`);
  });
}

test('a broken raft differs from the step in one line', () => {
  for (const mistake of BROKEN_RAFTS) {
    const source = fs.readFileSync(path.join(REPOSITORY, 'steps', BROKEN_STEP, mistake.file), 'utf8');
    const lines = source.split('\n');
    const broken = breakSource(source, mistake).split('\n');
    assert.equal(broken.length, lines.length);
    const changed = lines.flatMap((line, i) => (line === broken[i] ? [] : [i + 1]));
    assert.deepEqual(changed, [brokenLine(source, mistake)]);
  }
});

test('a mistake whose line is gone, or there twice, is refused', async () => {
  const gone = { ...BLIND, before: '    if (never) return;' };
  assert.throws(
    () => breakSource('a\nb\n', gone),
    /broken raft blind: core\/raft\/log\.ts has no line "if \(never\) return;"/,
  );
  assert.throws(() => breakSource(`${BLIND.before}\n${BLIND.before}\n`, BLIND), /twice/);
  await assert.rejects(loadRafts([gone]), /has no line "if \(never\) return;"/);
  await assert.rejects(loadRafts([{ ...BLIND, file: 'core/raft/none.ts' }]), /core\/raft\/none\.ts is no part of raft/);
});
