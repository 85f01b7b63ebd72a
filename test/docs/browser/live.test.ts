// The live cluster in a real browser, on a page from a file: it starts soon, elects, is cut and healed, finds a planted mistake,
// goes back in time, can be linked to, and asks for nothing.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { buildLive, LIVE_CSS } from '../../../docs/site/live_bundle.ts';
import { type HeadlessOptions, runHeadless } from '../../sim/step/headless.ts';
import { loadRafts } from '../../sim/step/raft_plugin.ts';
import { findChromium, startBrowser } from './chromium.ts';

const CHROMIUM = findChromium();
const START_MS = 500;
const DARK =
  ':root{--bg:#0f1216;--fg:#e4e7eb;--muted:#9aa3ad;--line:#333a43;--accent:#6cb2ff;--card:#171b21;--good:#5fd07f;--bad:#ff8a80;--warn:#f0b849;color-scheme:dark}body{background:var(--bg);color:var(--fg)}';

let folder = '';
let browser: Browser;
// What went wrong on any page, and what was asked for that is no file of ours.
const complaints: string[] = [];

before(async () => {
  if (CHROMIUM === undefined) return;
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'live-page-'));
  await buildLive(path.join(folder, 'live.js'));
  fs.copyFileSync(LIVE_CSS, path.join(folder, 'live.css'));
  browser = await startBrowser(CHROMIUM);
});

after(async () => {
  if (folder === '') return;
  await browser.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

interface PageOptions {
  readonly attributes: string;
  readonly width?: number;
  readonly style?: string;
  readonly hash?: string;
  readonly isStill?: boolean;
}

/** A page with one live cluster, which is also in `view()`. */
async function openPage({
  attributes,
  width = 1000,
  style = '',
  hash = '',
  isStill = false,
}: PageOptions): Promise<Page> {
  const file = path.join(folder, 'page.html');
  const measure =
    "let started; document.addEventListener('DOMContentLoaded', () => { view = etcdStepsLive.mount(document.querySelector('#here'), 'live-1');" +
    'requestAnimationFrame(() => requestAnimationFrame(() => { started = performance.now() - begun; })); });';
  const text = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Live</title>',
    `<style>body{margin:8px;font:16px sans-serif}${style}</style><link rel="stylesheet" href="live.css"></head>`,
    `<body><main><h1>Live</h1><div class="live" id="here" ${attributes}>Without script there is this text.</div></main>`,
    `<script>let view; const begun = performance.now();</script><script src="live.js"></script><script>${measure}</script></body></html>`,
  ];
  fs.writeFileSync(file, text.join('\n'));
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    reducedMotion: isStill ? 'reduce' : 'no-preference',
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(pathToFileURL(folder).href)) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href + hash);
  await page.waitForFunction('started !== undefined');
  return page;
}

function hashOf(page: Page): Promise<string> {
  return page.evaluate<string>('view().session.run.world.trace.hash');
}

function nowOf(page: Page): Promise<number> {
  return page.evaluate<number>('view().session.run.world.now');
}

function seek(page: Page, ms: number): Promise<void> {
  return page.evaluate(`view().seek(${ms})`);
}

/** What is said about a member. */
async function stateOf(page: Page, member: number): Promise<string> {
  return (
    (await page
      .getByRole('group', { name: `Member n${member}` })
      .locator('.live-state')
      .textContent()) ?? ''
  );
}

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function leadersOf(page: Page): Promise<string[]> {
  const rows = page.locator('.live-row[data-role="leader"]');
  return rows.evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label') ?? ''));
}

describe('live cluster in a browser', {
  skip: CHROMIUM === undefined ? 'no chromium: set CHROMIUM_BIN' : false,
}, () => {
  test('it starts within half a second', async () => {
    const page = await openPage({ attributes: 'data-members="5" data-scenario="partition-minority-leader"' });
    const started = await page.evaluate<number>('started');
    assert.ok(started < START_MS, `${started} ms`);
    assert.equal(await page.getByText('Without script').count(), 0);
    await page.close();
  });

  test('it elects a leader while it plays, and stands still while it does not', async () => {
    const page = await openPage({ attributes: 'data-seed="7"' });
    assert.deepEqual(await leadersOf(page), []);
    await page.getByLabel('a second shows').selectOption('4000');
    await press(page, 'Play');
    await page.locator('.live-row[data-role="leader"]').waitFor();
    await press(page, 'Pause');
    const now = await nowOf(page);
    assert.ok(now > 500);
    await page.waitForTimeout(150);
    assert.equal(await nowOf(page), now);
    await page.close();
  });

  test('it is the run of Node: the same hash, by hand and without anybody looking', async () => {
    const rafts = await loadRafts();
    const page = await openPage({ attributes: 'data-scenario="leader-crash" data-seed="21"' });
    await seek(page, 9000);
    const options: HeadlessOptions = { raft: '05-raft', scenario: 'leader-crash', seed: 21, untilMs: 9000 };
    const here = runHeadless(rafts, options);
    assert.equal(await hashOf(page), here.hash);
    const there = await page.evaluate<{ hash: string }>(`etcdStepsLive.runHeadless(${JSON.stringify(options)})`);
    assert.equal(there.hash, here.hash);
    await page.close();
  });

  test('a partition without drawing: the leader alone commits nothing, and what others commit reaches it when links are healed', async () => {
    const page = await openPage({ attributes: 'data-seed="7"' });
    await press(page, 'Let n1 campaign');
    await seek(page, 1000);
    assert.deepEqual(await leadersOf(page), ['Member n1']);
    await page.getByText('Network', { exact: true }).click();
    await page.getByLabel('n1', { exact: true }).check();
    await press(page, 'Cut');
    await press(page, 'Propose at n1');
    await seek(page, 6000);
    assert.deepEqual((await leadersOf(page)).length, 2);
    assert.match(await stateOf(page, 1), /commit 1,/);
    await press(page, 'Propose a value');
    await seek(page, 7000);
    await press(page, 'Heal all links');
    await seek(page, 9000);
    assert.equal((await leadersOf(page)).length, 1);
    for (const member of [1, 2, 3]) assert.match(await stateOf(page, member), /commit 3, applied 3, store: b$/);
    await page.close();
  });

  test('a line that is drawn cuts the links that it crosses, and drawn again joins them', async () => {
    const page = await openPage({ attributes: 'data-members="3"' });
    const box = await page.locator('.live-ring').boundingBox();
    assert.ok(box);
    // n1 is at the top: a line below it crosses both of its links.
    const y = box.y + box.height * 0.45;
    const draw = async (): Promise<void> => {
      await page.mouse.move(box.x + 10, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2, y);
      await page.mouse.move(box.x + box.width - 10, y);
      await page.mouse.up();
    };
    await draw();
    assert.equal(await page.locator('.live-cut').count(), 2);
    await draw();
    assert.equal(await page.locator('.live-cut').count(), 0);
    await page.close();
  });

  test('a planted mistake stops the clock, and the rule is named', async () => {
    const page = await openPage({ attributes: 'data-broken="c" data-scenario="figure-8"' });
    await page.getByLabel('a second shows').selectOption('4000');
    await press(page, 'Play');
    const verdict = page.getByRole('alert').filter({ hasText: 'Leader completeness is broken' });
    await verdict.waitFor();
    assert.match(
      (await verdict.textContent()) ?? '',
      /section 5\.4 of the Raft paper.*n5 leads term 4 without entry 2/s,
    );
    assert.equal(await page.getByRole('button', { name: 'Play' }).isDisabled(), true);
    assert.equal(await page.getByRole('button', { name: 'Propose a value' }).isDisabled(), true);
    await press(page, 'Step back');
    assert.equal(await page.getByText('is broken').count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Play' }).isDisabled(), false);
    await page.close();
  });

  test('steps go forward and back, an action in the past is a fork, and the first run is there to go back to', async () => {
    const page = await openPage({ attributes: 'data-scenario="first-election"' });
    await seek(page, 2000);
    const hash = await hashOf(page);
    await press(page, 'Step forward');
    assert.notEqual(await hashOf(page), hash);
    await press(page, 'Step back');
    assert.equal(await hashOf(page), hash);
    await press(page, 'Power off n1');
    await seek(page, 1000);
    await press(page, 'Power off n2');
    assert.match(await stateOf(page, 2), /^n2 off on its disk/);
    assert.equal(await page.getByRole('button', { name: /^Run / }).count(), 2);
    await press(page, /^Run 1/);
    assert.match(await stateOf(page, 2), /^n2 follower/);
    await page.close();
  });

  test('the address of a run shows the same run at the same moment', async () => {
    const page = await openPage({ attributes: 'data-seed="3"' });
    await seek(page, 2500);
    await press(page, 'Propose a value');
    await press(page, 'Power off n3');
    await page.getByLabel('Time').focus();
    await page.keyboard.press('ArrowRight');
    const [hash, address] = [await hashOf(page), await page.evaluate<string>('location.hash')];
    await page.close();
    const other = await openPage({ attributes: 'data-members="5" data-seed="99"', hash: address });
    assert.equal(await hashOf(other), hash);
    assert.match(await stateOf(other, 3), /^n3 off/);
    await other.close();
    for (const nonsense of ['#live-1?do=1-explode&seed=-1&raft=x', '#live-1?', '#other']) {
      const third = await openPage({ attributes: 'data-seed="3"', hash: nonsense });
      assert.equal(await third.locator('.live-row').count(), 3, nonsense);
      await third.close();
    }
  });

  test('another run begins with what was chosen', async () => {
    const page = await openPage({ attributes: '' });
    await page.getByText('Another run').click();
    await page.getByLabel('scenario', { exact: true }).selectOption('figure-8');
    await page.getByLabel('seed', { exact: true }).fill('5');
    await page.getByLabel('raft', { exact: true }).selectOption('06-lease');
    await press(page, 'Begin');
    assert.equal(await page.locator('.live-row').count(), 5);
    assert.match((await page.locator('.live-title').textContent()) ?? '', /Figure 8.*core\/raft of 06-lease, seed 5/);
    await page.close();
  });

  test('the transcript has what happened in words, and messages can be read without pointing at them', async () => {
    const page = await openPage({ attributes: 'data-seed="7" data-at="1480"' });
    await page.getByText('Transcript').click();
    const events = page.locator('.live-events li');
    await events.first().waitFor();
    assert.match((await events.allTextContents()).join('\n'), /1\.312 s: n1 stands for election in term 1/);
    await page.getByText('Messages on their way').click();
    await press(page, 'Step forward');
    assert.match((await page.locator('.live-more-controls ul li').allTextContents()).join('\n'), /n\d to n\d: Msg/);
    await page.close();
  });

  test('keys that are pressed in it are not for the page', async () => {
    const page = await openPage({ attributes: '' });
    await page.evaluate("window.keys = 0; document.addEventListener('keydown', () => { keys++; })");
    await page.getByLabel('Time').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('button', { name: 'Step forward' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('keys'), 0);
    assert.ok((await nowOf(page)) > 1);
    await page.close();
  });

  test('with reduced motion it plays in steps, and messages stand still', async () => {
    const page = await openPage({ attributes: 'data-at="1400"', isStill: true });
    await page.getByLabel('a second shows').selectOption('10');
    const place = (): Promise<string | null> => page.locator('.live-flight').first().getAttribute('transform');
    const before = await place();
    await press(page, 'Play');
    await page.waitForFunction('view().session.run.world.now > 1400');
    assert.equal(await place(), before);
    await page.close();
  });

  test('on a phone nothing is wider than the page, and axe has nothing to say, light and dark', async () => {
    const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const style of ['', DARK]) {
      for (const width of [360, 1000]) {
        const attributes = 'data-broken="c" data-scenario="figure-8" data-at="2400"';
        const page = await openPage({ attributes, width, style });
        for (const name of ['Network', 'Another run', 'Transcript', 'Messages on their way']) {
          await page.locator('summary', { hasText: name }).click();
        }
        for (const at of [2400, 5000]) {
          await seek(page, at);
          assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, `${width} px`);
          await page.evaluate(axe);
          const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
            'axe.run({ preload: false })',
          );
          assert.deepEqual(
            violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
            [],
          );
        }
        await page.close();
      }
    }
  });

  test('nothing of all this was an error in the console or a request', () => {
    assert.deepEqual(complaints, []);
  });
});
