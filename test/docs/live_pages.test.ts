// The pages with live clusters: each cluster that a page shows can be there, and each moment that the page names below one is a
// moment of its run.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { loadRafts } from '../sim/step/raft_plugin.ts';
import { SCENARIOS } from '../sim/step/scenarios.ts';
import { StepWorld } from '../sim/step/world.ts';

const UNTIL_MS = 20_000;

const rafts = await loadRafts();

interface Section {
  readonly settings: ReadonlyMap<string, string>;
  /** The prose up to the next cluster. */
  readonly text: string;
}

function sectionsOf(page: string): Section[] {
  return page
    .split('```live\n')
    .slice(1)
    .map((part) => {
      const [block = '', ...rest] = part.split('```');
      const lines = block.split('\n').filter((line) => line !== '');
      return { settings: new Map(lines.map((line) => line.split(': ') as [string, string])), text: rest.join('```') };
    });
}

/** The world of a block as the page shows it, at its end. */
function worldOf(settings: ReadonlyMap<string, string>, where: string): StepWorld {
  const broken = settings.get('broken');
  const newNode = rafts[broken === undefined ? (settings.get('raft') ?? '') : `broken-${broken}`];
  const scenario = SCENARIOS[settings.get('scenario') ?? ''];
  assert.ok(newNode, `${where}: there is no such raft`);
  assert.ok(scenario, `${where}: there is no such scenario`);
  assert.equal(Number(settings.get('members')), scenario.members, `${where}: members of the scenario`);
  const world = new StepWorld({
    newNode,
    members: scenario.members,
    seed: Number(settings.get('seed')),
    actions: scenario.actions,
  });
  world.runTo(UNTIL_MS);
  return world;
}

/** The moments that `text` names and at which nothing happened, in ms. */
function wrongMoments(text: string, world: StepWorld): number[] {
  const moments = new Set(world.trace.events.map(({ at }) => at));
  const named = [...text.matchAll(/\b(\d+)\.(\d{3}) s\b/g)].map(([, s, ms]) => Number(s) * 1000 + Number(ms));
  return named.filter((at) => !moments.has(at));
}

for (const name of ['cluster', 'broken']) {
  const page = fs.readFileSync(path.join(REPOSITORY, 'docs/live', `${name}.en.md`), 'utf8');
  const sections = sectionsOf(page);

  test(`${name}: every cluster can be shown, and every moment below it is one of its run`, () => {
    assert.ok(sections.length >= 3);
    for (const { settings, text } of sections) {
      const where = `${name}, ${settings.get('scenario')}`;
      const world = worldOf(settings, where);
      assert.deepEqual(wrongMoments(text, world), [], where);
      // A broken raft is there to be found out, a right one is not.
      assert.equal(world.violation !== undefined, settings.has('broken'), where);
    }
  });
}

test('a moment at which nothing happens is noticed', () => {
  const settings = new Map([
    ['raft', '05-raft'],
    ['members', '3'],
    ['seed', '7'],
    ['scenario', 'first-election'],
  ]);
  const world = worldOf(settings, 'here');
  assert.deepEqual(wrongMoments('at 1.312 s, and at 1.313 s', world), [1313]);
});
