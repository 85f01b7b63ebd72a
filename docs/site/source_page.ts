// Pages with whole source files, to which excerpts, hunks and links to symbols lead, and one with the files of each step.

import { htmlLines, sourcePage } from './blocks/code_html.ts';
import type { Context } from './context.ts';
import { baseOf } from './links.ts';
import { escapeHtml } from './source/highlight.ts';

export interface SourcePage {
  readonly target: string;
  readonly title: string;
  readonly html: string;
}

/** The page of one file. */
export function renderSource(context: Context, file: string): SourcePage {
  const target = sourcePage(file);
  const lines = htmlLines(context, file).map((html, i) => `<span id=L${i + 1} data-n=${i + 1}>${html}</span>`);
  const versions = versionsOf(context, file, baseOf(target));
  const html =
    `<h1>${escapeHtml(file)}</h1>\n${versions}` +
    `<figure class="code whole"><pre tabindex=0 role=region aria-label="${escapeHtml(file)}"><code>${lines.join('')}</code></pre></figure>\n`;
  return { target, title: file, html };
}

// The same file in the other steps.
function versionsOf(context: Context, file: string, base: string): string {
  const own = context.chain.links.find(({ folder }) => file.startsWith(`${folder}/`));
  if (own?.step === undefined) return '';
  const path = file.slice(own.folder.length + 1);
  const text = context.file(file)?.text;
  const items = context.chain.links.flatMap(({ folder, slug, step }) => {
    const other = step === undefined ? undefined : context.file(`${folder}/${path}`);
    if (other === undefined) return [];
    const here = slug === own.slug ? ' aria-current=page' : '';
    const same = other.text === text ? '' : ' <span class=note>differs</span>';
    return [`<a href="${base}${sourcePage(`${folder}/${path}`)}"${here}>${slug}</a>${same}`];
  });
  return `<p class=versions>In the steps: ${items.join(' · ')}</p>\n`;
}

/** The page with the files of a step. */
export function renderFolder(context: Context, slug: string): SourcePage {
  const target = `source/steps/${slug}/index.html`;
  const base = baseOf(target);
  const chapter = context.chapters.find(({ link }) => link?.slug === slug);
  const changed = new Map(
    (chapter === undefined ? [] : context.changes(chapter)).map(({ path, kind }) => [path, kind]),
  );
  const isFirst = chapter?.before === undefined;
  const items = context.stepFiles(slug).map((path) => {
    const kind = isFirst ? undefined : changed.get(path);
    const mark = kind === undefined ? '' : ` <span class="badge ${kind}">${kind}</span>`;
    return `<li><a href="${base}${sourcePage(`steps/${slug}/${path}`)}">${escapeHtml(path)}</a>${mark}</li>`;
  });
  const page = chapter === undefined ? '' : `<p><a href="${base}${chapter.target}">The page of this step</a></p>\n`;
  return {
    target,
    title: `Sources of ${slug}`,
    html: `<h1>Sources of ${slug}</h1>\n${page}<ul class=files>${items.join('\n')}</ul>\n`,
  };
}
