// Every live cluster on a page can be shown as the page asks for it: what makes no sense would silently be shown as something else.
// And it shows what it is there for: a right raft breaks no rule, a broken one does.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { loadRafts } from '../sim/step/raft_plugin.ts';
import { SCENARIOS } from '../sim/step/scenarios.ts';
import { StepWorld } from '../sim/step/world.ts';

const UNTIL_MS = 60_000;
const DEFAULT_RAFT = '05-raft';

const rafts = await loadRafts();

type Block = ReadonlyMap<string, string>;

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```live\n(.*?)^```$/gms)].map(([, body = '']) => {
    const lines = body.split('\n').filter((line) => line !== '');
    return new Map(lines.map((line) => line.split(/: */, 2) as [string, string]));
  });
}

/** What is wrong with a block; undefined when nothing is. */
function mistakeOf(block: Block): string | undefined {
  const broken = block.get('broken');
  const newNode = rafts[broken === undefined ? (block.get('raft') ?? DEFAULT_RAFT) : `broken-${broken}`];
  if (newNode === undefined) return 'there is no such raft';
  const name = block.get('scenario');
  const scenario = name === undefined ? undefined : SCENARIOS[name];
  if (name !== undefined && scenario === undefined) return 'there is no such scenario';
  const members = Number(block.get('members') ?? scenario?.members ?? 3);
  if (scenario !== undefined && members !== scenario.members) return `the scenario is for ${scenario.members} members`;
  const seed = Number(block.get('seed') ?? 7);
  if (!Number.isInteger(seed) || seed < 0) return 'the seed is no number';
  const world = new StepWorld({ newNode, members, seed, actions: scenario?.actions ?? [] });
  world.runTo(UNTIL_MS);
  if (world.violation !== undefined && broken === undefined) return world.violation.text;
  return world.violation === undefined && broken !== undefined ? 'the mistake is not found within a minute' : undefined;
}

const docs = path.join(REPOSITORY, 'docs');
const pages = fs
  .readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, blocks: blocksOf(fs.readFileSync(path.join(docs, file), 'utf8')) }))
  .filter(({ blocks }) => blocks.length > 0);

for (const { file, blocks } of pages) {
  test(`live clusters are what their page says: ${file}`, () => {
    for (const block of blocks) assert.equal(mistakeOf(block), undefined, [...block].join(' '));
  });
}

test('there are the two pages of live clusters', () => {
  const files = pages.map(({ file }) => file.split(path.sep).join('/'));
  for (const name of ['cluster', 'broken']) assert.ok(files.includes(`live/${name}.en.md`), name);
});

test('a mistake in a block is noticed', () => {
  const right: [string, string][] = [
    ['raft', '05-raft'],
    ['members', '3'],
    ['seed', '7'],
    ['scenario', 'short-log'],
  ];
  const withOne = (key: string, value: string): Block => new Map([...right, [key, value]]);
  assert.equal(mistakeOf(new Map(right)), undefined);
  assert.equal(mistakeOf(withOne('broken', 'b')), undefined);
  assert.match(mistakeOf(withOne('raft', '05-raf')) ?? '', /no such raft/);
  assert.match(mistakeOf(withOne('broken', 'z')) ?? '', /no such raft/);
  assert.match(mistakeOf(withOne('scenario', 'long-log')) ?? '', /no such scenario/);
  assert.match(mistakeOf(withOne('members', '5')) ?? '', /for 3 members/);
  assert.match(mistakeOf(withOne('seed', 'x')) ?? '', /seed/);
  assert.match(mistakeOf(withOne('broken', 'a')) ?? '', /not found/);
});
