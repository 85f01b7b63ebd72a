// Going back in a run, forks, and actions in an address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeActions, encodeActions, type TimedAction } from './actions.ts';
import { randomFaults } from './random_faults.ts';
import { loadRafts } from './raft_plugin.ts';
import { SCENARIOS } from './scenarios.ts';
import { MAX_RUN_MS, Run, type RunOptions, Session } from './session.ts';

const rafts = await loadRafts();

function optionsOf(scenario: readonly TimedAction[], raft = '05-raft'): RunOptions {
  const newNode = rafts[raft];
  assert.ok(newNode);
  return { newNode, members: 3, seed: 7, scenario, actions: [] };
}

const ELECTION = SCENARIOS['first-election']?.actions ?? [];

test('going back and forth comes to the same state', () => {
  const run = new Run(optionsOf(ELECTION));
  run.seek(3333);
  run.act({ kind: 'crash', member: 1 });
  run.act({ kind: 'propose', member: 2, value: 'x' });
  run.seek(7000);
  const { hash } = run.world.trace;
  const { length } = run.world.trace.events;
  run.seek(1000);
  assert.ok(run.world.trace.events.length < length);
  run.seek(7000);
  assert.equal(run.world.trace.hash, hash);
  assert.equal(run.furthest, 7000);
  const again = new Run({ ...run.options, actions: run.actions });
  again.seek(7000);
  assert.equal(again.world.trace.hash, hash, 'also in a run that is made from the actions');
});

test('a step back takes back what the last step told, all the way to the beginning', () => {
  const run = new Run(optionsOf(ELECTION));
  run.seek(1500);
  run.act({ kind: 'crash', member: 3 });
  const states: string[] = [];
  for (let i = 0; i < 30; i++) {
    states.push(run.world.trace.hash);
    run.stepForward();
  }
  for (const state of states.reverse()) {
    run.stepBack();
    assert.equal(run.world.trace.hash, state);
  }
  for (let i = 0; i < 100; i++) run.stepBack();
  assert.equal(run.world.now, 0);
  assert.equal(run.world.done, 0);
  assert.equal(run.actions.length, 1, 'what was done is still to come');
});

test('a run ends where a rule is broken, and can be taken back from there', () => {
  const run = new Run(optionsOf(SCENARIOS['short-log']?.actions ?? [], 'broken-b'));
  run.seek(60_000);
  assert.equal(run.isOver, true);
  assert.equal(run.world.violation?.rule, 'leaderCompleteness');
  const { now } = run.world;
  run.stepBack();
  assert.equal(run.isOver, false);
  assert.equal(run.world.violation, undefined);
  run.stepForward();
  assert.equal(run.world.now, now);
  assert.equal(run.isOver, true);
});

test('a run is not longer than it may be', () => {
  const run = new Run({ ...optionsOf([]), members: 1 });
  run.seek(MAX_RUN_MS * 2);
  assert.equal(run.world.now, MAX_RUN_MS);
  assert.equal(run.isOver, true);
});

test('a fork leaves the run that it comes from as it is', () => {
  const session = new Session(optionsOf(ELECTION));
  const { run: first } = session;
  first.seek(2500);
  session.fork();
  session.act({ kind: 'crash', member: 1 });
  assert.equal(session.runs.length, 2);
  assert.equal(first.actions.length, 0);
  assert.equal(session.run.actions.length, 1);
  session.run.seek(6000);
  session.select(first);
  assert.equal(session.run.world.now, 2500);
});

test('who goes back and does something else is in another run, and what was done later is kept in the first', () => {
  const session = new Session(optionsOf(ELECTION));
  const { run: first } = session;
  first.seek(2000);
  session.act({ kind: 'propose', member: 0, value: 'early' });
  first.seek(4000);
  session.act({ kind: 'crash', member: 1 });
  assert.equal(session.runs.length, 1);
  first.seek(3000);
  session.act({ kind: 'crash', member: 2 });
  assert.equal(session.runs.length, 2);
  assert.deepEqual(
    session.run.actions.map(({ at, action }) => `${at} ${action.kind}`),
    ['2000 propose', '3000 crash'],
  );
  assert.deepEqual(
    first.actions.map(({ at, action }) => `${at} ${action.kind}`),
    ['2000 propose', '4000 crash'],
  );
  session.run.seek(5000);
  assert.ok(session.run.world.members[0]?.applied.includes('b'), 'the scenario goes on in the fork');
});

test('actions survive an address', () => {
  const everything = Object.values(SCENARIOS).flatMap(({ actions }) => actions);
  const chance = [1, 2, 3].flatMap((seed) => randomFaults({ seed, members: 5, untilMs: 20_000 }));
  for (const actions of [everything, chance, []]) {
    const text = encodeActions(actions);
    assert.match(text, /^[\w~-]*$/);
    assert.deepEqual(decodeActions(text), actions);
  }
});

test('what is no action is refused by name', () => {
  for (const text of [
    '12-explode-1',
    'x-heal',
    '1-crash',
    '1-crash-a',
    '1-propose-1-"',
    '1-weather-1-2-3',
    '1-heal~',
    '-1-heal',
  ]) {
    assert.throws(() => decodeActions(text), /is no action/, text);
  }
});
