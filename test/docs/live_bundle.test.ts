// The script of the live cluster: small, whole, and with the same runs as the small world in Node.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { after, before, test } from 'node:test';
import { brokenFigure, brokenPatches, buildLive, LIVE_CSS } from '../../docs/site/live_bundle.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { type HeadlessOptions, type HeadlessResult, runHeadless } from '../sim/step/headless.ts';
import { randomFaults } from '../sim/step/random_faults.ts';
import { loadRafts } from '../sim/step/raft_plugin.ts';
import { SCENARIOS } from '../sim/step/scenarios.ts';

const MAX_GZIP_BYTES = 40_000;

let folder = '';
let code = '';
let size = { bytes: 0, gzip: 0 };

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'live-'));
  const file = path.join(folder, 'assets', 'live.js');
  size = await buildLive(file);
  code = fs.readFileSync(file, 'utf8');
});

after(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Script {
  readonly runHeadless: (options: HeadlessOptions) => HeadlessResult;
}

/** The script in a world of its own, which has neither a document nor anything of Node. */
function load(): Script {
  const context = vm.createContext({});
  new vm.Script(code).runInContext(context);
  return vm.runInContext('etcdStepsLive', context) as Script;
}

test('the script is small, and says how large it is', () => {
  assert.equal(size.bytes, Buffer.byteLength(code));
  assert.ok(size.gzip > 5000 && size.gzip < MAX_GZIP_BYTES, `${size.gzip} bytes compressed`);
});

test('of the protocol there is nothing but the names that raft uses', () => {
  for (const word of ['etcdserverpb', 'mvccpb', 'InternalRaftRequest']) assert.ok(!code.includes(word), word);
  assert.ok(code.includes('MsgHeartbeatResp'));
});

test('the script is a classic one that asks for nothing', () => {
  assert.ok(!/^\s*(?:import|export)\b/m.test(code));
  assert.ok(!/https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(code));
});

test('the same seed and actions are the same run in the script and in Node', async () => {
  const rafts = await loadRafts();
  const { runHeadless: runInScript } = load();
  const runs: HeadlessOptions[] = Object.keys(SCENARIOS).map((scenario) => {
    return { raft: '05-raft', scenario, seed: 7, untilMs: 12_000 };
  });
  for (const raft of Object.keys(rafts)) {
    const actions = randomFaults({ seed: 11, members: 5, untilMs: 8000 });
    runs.push({ raft, members: 5, seed: 11, actions, untilMs: 12_000 });
  }
  for (const options of runs) {
    const here = runHeadless(rafts, options);
    const there = runInScript(options);
    assert.equal(there.hash, here.hash, JSON.stringify([options.raft, options.scenario]));
    assert.equal(there.events, here.events);
    assert.equal(there.violation?.text, here.violation?.text);
  }
});

test('the script refuses a raft and a scenario that are not there', () => {
  const { runHeadless: runInScript } = load();
  assert.throws(() => runInScript({ raft: '99-none', seed: 1, untilMs: 1 }), /there is no raft "99-none"/);
  assert.throws(() => runInScript({ raft: '05-raft', scenario: 'none', seed: 1, untilMs: 1 }), /no scenario "none"/);
});

test('the line that a broken raft changes is found in the step', () => {
  for (const { name, after: newLine } of brokenPatches()) {
    const figure = brokenFigure(name);
    const lines = fs.readFileSync(path.join(REPOSITORY, figure.file), 'utf8').split('\n');
    assert.equal(lines[figure.line - 1], figure.oldLine);
    assert.equal(figure.newLine, newLine);
    assert.notEqual(figure.newLine, figure.oldLine);
  }
  assert.throws(() => brokenFigure('z'), /there is no broken raft "z"/);
});

test('the styles take every colour of text and ground from the theme, but for those of terms', () => {
  const css = fs.readFileSync(LIVE_CSS, 'utf8');
  const own = css.match(/(?<!-)\b(?:color|background|fill|border-color): #/g);
  assert.equal(own, null);
  assert.match(css, /@media print/);
});
