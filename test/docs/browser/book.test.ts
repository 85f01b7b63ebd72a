// The book in a real browser: every page loads, reads well for machines and people, and does what its keys and buttons say.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { findChromium, startBrowser, type Watched, watchedPage } from './chromium.ts';
import { builtSite, type Site } from '../site_build.ts';

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const chromium = findChromium();

describe('the book in a browser', { skip: chromium === undefined ? 'no chromium: set CHROMIUM_BIN' : false }, () => {
  let browser: Browser;
  let site: Site;

  before(async () => {
    site = await builtSite();
    browser = await startBrowser(chromium ?? '');
  });

  after(() => browser.close());

  const urlOf = (target: string): string => pathToFileURL(path.join(site.folder, target)).href;

  /** Opens a page of the site, watched, with a context of its own that ends with the task. */
  async function visit(
    target: string,
    options: BrowserContextOptions,
    task: (watched: Watched) => Promise<void>,
  ): Promise<void> {
    const context: BrowserContext = await browser.newContext({ viewport: DESKTOP, ...options });
    try {
      const watched = await watchedPage(context);
      await watched.page.goto(urlOf(target));
      await task(watched);
      assert.deepEqual(watched.complaints, [], target);
      assert.deepEqual(watched.requests, [], target);
    } finally {
      await context.close();
    }
  }

  function targets(): string[] {
    const chapters = site.pages.map(({ chapter }) => chapter.target);
    return [...chapters, 'book.html', 'source/steps/05-raft/core/raft/log.ts.html', 'source/steps/05-raft/index.html'];
  }

  it('every page loads, is accessible in light and dark, and fits on a phone', { timeout: 300_000 }, async () => {
    for (const target of targets()) {
      await visit(target, { colorScheme: 'light' }, async ({ page }) => {
        // The whole book is the pages once more: the check of all of it at once takes a minute.
        if (target !== 'book.html') assert.deepEqual(await violations(page), [], target);
        await page.emulateMedia({ colorScheme: 'dark' });
        // All that the dark theme changes are colours.
        if (target !== 'book.html') assert.deepEqual(await violations(page, ['color-contrast']), [], `${target}, dark`);
        await page.setViewportSize(PHONE);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= PHONE.width, `${target} is ${width} wide`);
      });
    }
  });

  it('finds symbols, flags and words', async () => {
    await visit('index.html', {}, async ({ page }) => {
      await page.keyboard.press('/');
      for (const [query, expected] of [
        ['maybeAppend', /RaftLog\.maybeAppend/],
        ['commitTo', /RaftLog\.commitTo/],
        ['--listen-client-urls', /--listen-client-urls/],
        ['compact revision', /Words/],
      ] as const) {
        await page.fill('#query', query);
        await page.waitForFunction(() => document.querySelectorAll('#results li').length > 0);
        assert.match((await page.textContent('#results')) ?? '', expected);
      }
      await page.fill('#query', 'maybeAppend');
      await page.keyboard.press('Enter');
      await page.waitForURL(/core\/raft\/log\.ts\.html#L\d+$/);
      assert.match((await page.textContent(':target')) ?? '', /\/\*\*|maybeAppend/);
    });
  });

  it('keeps the theme that was chosen', async () => {
    await visit('index.html', { colorScheme: 'light' }, async ({ page }) => {
      const light = await background(page);
      await page.click('#theme');
      await page.click('#theme');
      const dark = await background(page);
      assert.notEqual(dark, light);
      await page.goto(urlOf('01-listeners.en.html'));
      assert.equal(await background(page), dark);
      await page.keyboard.press('t');
      assert.equal(await background(page), light);
    });
  });

  it('follows the keys', async () => {
    await visit('03-kv.en.html', {}, async ({ page }) => {
      await page.keyboard.press('j');
      const first = await page.evaluate(() => document.activeElement?.textContent);
      assert.equal(first, 'What it can do now');
      await page.waitForTimeout(700);
      await page.keyboard.press('j');
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'The question');
      await page.keyboard.press('?');
      assert.ok(await page.isVisible('#help'));
      await page.keyboard.press('Escape');
      await page.keyboard.press('ArrowRight');
      await page.waitForURL(/04-wal/);
      await page.keyboard.press('ArrowLeft');
      await page.waitForURL(/03-kv/);
    });
  });

  it('shows differences in two columns and back', async () => {
    await visit('04-wal.en.html', {}, async ({ page }) => {
      const text = (): Promise<string | null> => page.textContent('article');
      const before = await text();
      await page.keyboard.press('d');
      const rows = await page.evaluate(() => {
        const code = [...document.querySelectorAll('.split code')].find((one) => one.querySelector('del') !== null);
        const [del, ins] = [code?.querySelector('del'), code?.querySelector('ins')];
        return { del: del?.getBoundingClientRect().left ?? 0, ins: ins?.getBoundingClientRect().left ?? 0 };
      });
      assert.ok(rows.ins > rows.del + 100, JSON.stringify(rows));
      await page.keyboard.press('d');
      assert.equal((await text())?.replace('One column', 'Two columns'), before);
    });
  });

  it('copies commands without prompts and outputs', async () => {
    await visit('03-kv.en.html', { permissions: ['clipboard-read', 'clipboard-write'] }, async ({ page }) => {
      const expected = await page.evaluate(() => {
        const figure = [...document.querySelectorAll('.console')].find(
          (one) => one.querySelector('samp') && one.querySelector('.cmd'),
        );
        figure?.querySelector<HTMLElement>('.copy')?.click();
        return [...(figure?.querySelectorAll('.cmd') ?? [])].map((command) => `${command.textContent}\n`).join('');
      });
      await page.waitForFunction(() =>
        [...document.querySelectorAll('.copy')].some((button) => button.textContent === 'Copied'),
      );
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(copied, expected);
      assert.doesNotMatch(copied, /^\$ /m);
    });
  });

  it('prints only the text, with all answers open', async () => {
    await visit('03-kv.en.html', {}, async ({ page }) => {
      await page.emulateMedia({ media: 'print' });
      await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
      assert.ok(!(await page.isVisible('#contents')));
      assert.ok(!(await page.isVisible('.bar')));
      assert.equal(await page.evaluate(() => document.querySelectorAll('details:not([open])').length), 0);
    });
  });

  it('shows all pages in one, with links within', async () => {
    await visit('book.html', {}, async ({ page }) => {
      const { dead, double, titles } = await page.evaluate(() => {
        const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
        const hrefs = [...document.querySelectorAll('article a[href^="#"]')].map(
          (link) => link.getAttribute('href')?.slice(1) ?? '',
        );
        return {
          dead: hrefs.filter((id) => !ids.includes(id)),
          double: ids.filter((id, i) => ids.indexOf(id) !== i),
          titles: document.querySelectorAll('article h1').length,
        };
      });
      assert.deepEqual({ dead, double }, { dead: [], double: [] });
      assert.equal(titles, site.pages.length);
    });
  });
});

async function background(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

/** What axe finds, of all rules or of some: rule, and the first place. */
async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.addScriptTag({ content: fs.readFileSync(AXE, 'utf8') });
  return page.evaluate(async (only) => {
    const { axe } = window as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const result = await axe.run({ preload: false, ...(only === undefined ? {} : { runOnly: only }) });
    return result.violations.map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0]?.html.slice(0, 120)}`);
  }, rules);
}
