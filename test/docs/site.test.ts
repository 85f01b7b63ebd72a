// The book as it is: it has no problem, shows every difference exactly once, and asks nothing of the network.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { linesOf } from '../../docs/site/source/changes.ts';
import { loadChain, REPOSITORY } from '../../steps/tool/chain.ts';
import { builtSite } from './site_build.ts';

const SECONDS_MAX = 60;
const PAGE_BYTES_MAX = 300_000;

const chain = loadChain();
const steps = chain.links.filter(({ step }) => step !== undefined);

function filesOf(folder: string): Map<string, string[]> {
  const full = path.join(REPOSITORY, folder);
  const names = fs
    .readdirSync(full, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(full, name)).isFile());
  return new Map(names.map((name) => [name, linesOf(fs.readFileSync(path.join(full, name), 'utf8'))]));
}

interface Shown {
  readonly sign: 'ins' | 'del';
  readonly line: number;
  readonly text: string;
}

/** The changed lines that a page shows, by file of the step. */
function shownChanges(html: string): Map<string, Shown[]> {
  const shown = new Map<string, Shown[]>();
  for (const [, file = '', body = ''] of html.matchAll(
    /<figure class="code diff(?: new)?" data-file="steps\/[^/]*\/([^"]*)">(.*?)<\/figure>/gs,
  )) {
    const list = shown.get(file) ?? [];
    shown.set(file, list);
    for (const [, sign, line, code = ''] of body.matchAll(/<(ins|del) data-[no]=(\d+)>(.*?)<\/\1>/gs)) {
      list.push({ sign: sign as 'ins' | 'del', line: Number(line), text: unescaped(code) });
    }
  }
  return shown;
}

function unescaped(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

/** What becomes of a file when the changes are carried out. Throws when a line is shown twice, or is not what was there. */
function changed(before: readonly string[], changes: readonly Shown[]): string[] {
  const removed = new Set<number>();
  const added = new Map<number, string>();
  for (const { sign, line, text } of changes) {
    if (sign === 'del') {
      assert.ok(!removed.has(line), `line ${line} is removed twice`);
      assert.equal(before[line - 1], text);
      removed.add(line);
    } else {
      assert.ok(!added.has(line), `line ${line} is added twice`);
      added.set(line, text);
    }
  }
  const left = before.filter((_, i) => !removed.has(i + 1));
  const result: string[] = [];
  while (left.length > 0 || added.has(result.length + 1)) {
    const next = added.get(result.length + 1);
    result.push(next ?? (left.shift() as string));
  }
  assert.equal(result.length, left.length + before.length - removed.size + added.size);
  return result;
}

describe('the book', () => {
  it(`is built within ${SECONDS_MAX} s, without a problem`, async () => {
    const { problems, seconds, pages } = await builtSite();
    assert.deepEqual(problems, []);
    assert.ok(seconds < SECONDS_MAX, `${seconds} s`);
    assert.ok(pages.length > steps.length);
  });

  for (const [i, { slug, folder }] of steps.entries()) {
    it(`has a page that turns the step before into ${slug}, line by line`, async () => {
      const site = await builtSite();
      const changes = shownChanges(fs.readFileSync(path.join(site.folder, `${slug}.en.html`), 'utf8'));
      const before = i === 0 ? new Map<string, string[]>() : filesOf(steps[i - 1]?.folder ?? '');
      const after = filesOf(folder);
      for (const name of new Set([...before.keys(), ...after.keys(), ...changes.keys()])) {
        const result = changed(before.get(name) ?? [], changes.get(name) ?? []);
        assert.deepEqual(result, after.get(name) ?? [], name);
      }
    });
  }

  it('has every page of docs/ in its contents', async () => {
    const { pages } = await builtSite();
    const docs = path.join(REPOSITORY, 'docs');
    const sources = fs
      .readdirSync(docs, { recursive: true, encoding: 'utf8' })
      .map((name) => `docs/${name.split(path.sep).join('/')}`)
      .filter((name) => name.endsWith('.md') && !/^docs\/(dist|site|tools)\//.test(name));
    assert.deepEqual(sources.sort(), pages.map(({ chapter }) => chapter.source).sort());
  });

  it('has pages that load on a phone line', async () => {
    const { folder, pages } = await builtSite();
    for (const { chapter } of pages) {
      const bytes = fs.statSync(path.join(folder, chapter.target)).size;
      assert.ok(bytes < PAGE_BYTES_MAX, `${chapter.target}: ${bytes} bytes`);
    }
  });

  it('asks nothing of the network, and leads only to files that are there', async () => {
    const { folder } = await builtSite();
    const files = fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html'));
    for (const name of files) {
      const html = fs.readFileSync(path.join(folder, name), 'utf8');
      for (const [, address = ''] of html.matchAll(/ (?:src|srcset|data)="([^"]*)"/g))
        assert.doesNotMatch(address, /^\w+:|^\/\//, name);
      for (const [, href = ''] of html.matchAll(/<link [^>]*href="([^"]*)"/g))
        assert.doesNotMatch(href, /^https?:|^\/\//, name);
      for (const [, href = ''] of html.matchAll(/<a [^>]*href="([^"]*)"/g)) {
        if (/^https?:/.test(href)) continue;
        const [file = ''] = href.split('#');
        const target = file === '' ? name : path.posix.join(path.posix.dirname(name), file);
        assert.ok(fs.existsSync(path.join(folder, target)), `${name}: ${href}`);
      }
    }
  });
});
