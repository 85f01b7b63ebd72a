// Builds the site: all pages, the sources they lead to, the search, the scripts. Read this file first.

import fs from 'node:fs';
import path from 'node:path';
import { build as bundle } from 'esbuild';
import { loadChain, REPOSITORY } from '../../steps/tool/chain.ts';
import { loadParts } from './book.ts';
import { checkSize, checkStepPage } from './check_page.ts';
import { Context, type Problem } from './context.ts';
import { buildLive, LIVE_CSS } from './live_bundle.ts';
import { type Page, renderPage } from './page.ts';
import { searchScript } from './search_index.ts';
import { Colours } from './source/highlight.ts';
import { Sources } from './source/program.ts';
import { renderFolder, renderSource } from './source_page.ts';
import { frame } from './template.ts';
import { BOOK, wholeBook } from './whole_book.ts';

export interface BuildOptions {
  /** Absolute path of the repository; its own by default. */
  readonly root?: string;
  /** Absolute path of the folder to write to. It is emptied. */
  readonly out: string;
}

export interface Built {
  readonly problems: readonly Problem[];
  readonly pages: readonly Page[];
  /** How many files were written. */
  readonly files: number;
}

/** Builds the whole site. Resolves with what is wrong; what could be built is there nevertheless. */
export async function buildSite({ root = REPOSITORY, out }: BuildOptions): Promise<Built> {
  const chain = loadChain(root);
  const parts = loadParts(chain);
  const sources = new Sources(root);
  try {
    const context = new Context({ chain, parts, sources, colours: await Colours.load() });
    const pages = context.chapters.map((chapter) => renderPage(context, chapter));
    checkAnchors(context, pages);
    for (const page of pages) checkStepPage(context, page);
    fs.rmSync(out, { recursive: true, force: true });
    let files = writePages(context, pages, out);
    files += writeSources(context, pages, out);
    files += await writeAssets(context, pages, out);
    return { problems: context.problems, pages, files };
  } finally {
    sources.close();
  }
}

function checkAnchors(context: Context, pages: readonly Page[]): void {
  const ids = new Map(
    pages.map(({ chapter, headings, html }) => {
      const others = [...html.matchAll(/ id="?([\w-]+)/g)].map((match) => match[1] ?? '');
      return [chapter.target, new Set([...headings.map(({ id }) => id), ...others])];
    }),
  );
  for (const { page, line, target, id } of pages.flatMap(({ anchors }) => anchors)) {
    if (ids.get(target)?.has(id) !== true) context.report(page, line, `dead link: ${target} has no #${id}`);
  }
}

function writePages(context: Context, pages: readonly Page[], out: string): number {
  const { parts, chapters } = context;
  const titles = new Map(pages.map(({ chapter, title }) => [chapter.target, title]));
  for (const [i, page] of pages.entries()) {
    const { target, source } = page.chapter;
    const html = frame({
      ...page,
      target,
      parts,
      titles,
      previous: chapters[i - 1],
      next: chapters[i + 1],
      kind: 'page',
    });
    checkSize(context, source, html);
    write(out, target, html);
  }
  const html = frame({
    target: BOOK,
    title: 'The whole book',
    html: wholeBook(pages),
    parts,
    titles,
    headings: [],
    previous: undefined,
    next: undefined,
    // One cluster after the other would start in it.
    hasLive: false,
    kind: 'book',
  });
  write(out, BOOK, html);
  return pages.length + 1;
}

function writeSources(context: Context, pages: readonly Page[], out: string): number {
  const { parts, chain } = context;
  const titles = new Map(pages.map(({ chapter, title }) => [chapter.target, title]));
  const steps = chain.links.filter(({ step }) => step !== undefined);
  for (const { slug, folder } of steps)
    for (const file of context.stepFiles(slug)) context.shown.add(`${folder}/${file}`);
  const all = [
    ...[...context.shown].sort().map((file) => renderSource(context, file)),
    ...steps.map(({ slug }) => renderFolder(context, slug)),
  ];
  for (const page of all) {
    const none = { headings: [], previous: undefined, next: undefined, hasLive: false };
    write(out, page.target, frame({ ...page, ...none, parts, titles, kind: 'source' }));
  }
  return all.length;
}

async function writeAssets(context: Context, pages: readonly Page[], out: string): Promise<number> {
  const here = import.meta.dirname;
  const css = [path.join(here, 'theme/style.css'), LIVE_CSS].map((file) => fs.readFileSync(file, 'utf8'));
  write(out, 'assets/style.css', css.join('\n'));
  write(out, 'assets/search.js', searchScript(context, pages));
  // A classic script: modules cannot be loaded by a page that was opened from a file.
  await bundle({
    entryPoints: [path.join(here, 'browser/page.ts')],
    outfile: path.join(out, 'assets/page.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    logLevel: 'warning',
  });
  await buildLive(path.join(out, 'assets/live.js'));
  return 4;
}

function write(out: string, target: string, text: string): void {
  const file = path.join(out, target);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}
