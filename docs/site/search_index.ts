// What the search of the site knows: passages of pages, symbols of the steps, flags. The index is made here and loaded by the page
// when somebody searches for the first time.

import MiniSearch from 'minisearch';
import { sourcePage } from './blocks/code_html.ts';
import { SEARCH_OPTIONS, type SearchEntry } from './browser/search_options.ts';
import type { Context } from './context.ts';
import type { Page } from './page.ts';
import { FLAGS } from '../../final/etcdmain/config_table.ts';

const EXTRACT_CHARACTERS = 150;

/** The index as a script that sets a variable: a page that was opened from a file may load no data otherwise. */
export function searchScript(context: Context, pages: readonly Page[]): string {
  const index = new MiniSearch<SearchEntry>(SEARCH_OPTIONS);
  index.addAll([...passages(pages), ...symbols(context), ...flags()].map((entry, id) => ({ ...entry, id })));
  return `window.etcdStepsIndex=${JSON.stringify(JSON.stringify(index)).replaceAll('<', '\\u003c')};\n`;
}

type Entry = Omit<SearchEntry, 'id'>;

function passages(pages: readonly Page[]): Entry[] {
  return pages.flatMap(({ chapter, title, passages: parts }) =>
    parts.map(({ heading, text }) => ({
      kind: 'page' as const,
      title: heading.level === 1 ? title : `${title}: ${heading.text}`,
      url: heading.level === 1 ? chapter.target : `${chapter.target}#${heading.id}`,
      extract: text.slice(heading.text.length).trim().slice(0, EXTRACT_CHARACTERS),
      text,
    })),
  );
}

// A symbol that several steps have is one entry, which leads to the last of them and names the first.
function symbols(context: Context): Entry[] {
  const found = new Map<string, Entry>();
  for (const { folder, slug, step } of context.chain.links) {
    if (step === undefined) continue;
    for (const path of context.stepFiles(slug)) {
      for (const { name, kind, begin } of context.file(`${folder}/${path}`)?.symbols ?? []) {
        if (kind === 'header') continue;
        const key = `${path}#${name}`;
        found.set(key, {
          kind: 'symbol',
          title: name,
          url: `${sourcePage(`${folder}/${path}`)}#L${begin}`,
          extract: found.get(key)?.extract ?? `${path}, since ${slug}`,
          text: path,
        });
      }
    }
  }
  return [...found.values()];
}

function flags(): Entry[] {
  return [...FLAGS.values()].map(({ name, help }) => ({
    kind: 'flag',
    title: `--${name}`,
    url: `appendix/flags.en.html#flag-${name}`,
    extract: help.slice(0, EXTRACT_CHARACTERS),
    text: help,
  }));
}
