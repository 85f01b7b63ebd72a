// The frame of every page: head, contents, the bar on top, dialogs, scripts. No address leads out of the site's folder.

import type { Chapter, Part } from './book.ts';
import { baseOf } from './links.ts';
import type { Heading } from './page.ts';
import { escapeHtml } from './source/highlight.ts';

export interface Frame {
  /** Path of the page in the site. */
  readonly target: string;
  readonly title: string;
  readonly html: string;
  readonly parts: readonly Part[];
  /** Titles of chapters by target. */
  readonly titles: ReadonlyMap<string, string>;
  readonly headings: readonly Heading[];
  readonly previous: Chapter | undefined;
  readonly next: Chapter | undefined;
  readonly hasLive: boolean;
  /** Extra class of the body. */
  readonly kind: 'page' | 'source' | 'book';
}

// Before anything is painted: the theme that was chosen last.
const EARLY =
  "try{const t=localStorage.getItem('theme');if(t)document.documentElement.dataset.theme=t}catch{}document.documentElement.classList.add('js')";

/** The whole HTML of a page. */
export function frame(page: Frame): string {
  const base = baseOf(page.target);
  const live = page.hasLive ? `<script src="${base}assets/live.js" defer></script>\n` : '';
  return `<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)} – etcd-steps</title>
<link rel=icon href="data:,">
<link rel=stylesheet href="${base}assets/style.css">
<script>${EARLY}</script>
</head>
<body class=${page.kind} data-base="${base}">
<a class=skip href="#main">Skip to the text</a>
<header class=bar>
<button id=menu aria-expanded=false aria-controls=contents>Contents</button>
<a class=home href="${base}index.html">etcd-steps</a>
<span class=spring></span>
<button id=columns title="one or two columns (d)" hidden>Two columns</button>
<button id=find title="search (/)">Search</button>
<button id=theme title="light, dark, or as the system (t)">Theme</button>
<button id=keys title="keys (?)" aria-label="Keys">?</button>
</header>
<nav id=contents aria-label=Contents>
${contents(page, base)}</nav>
<main id=main>
<article>
${page.html}</article>
${pager(page, base)}</main>
${DIALOGS}<script src="${base}assets/page.js" defer></script>
${live}</body>
</html>
`;
}

function contents(page: Frame, base: string): string {
  const own = page.headings
    .filter(({ level }) => level === 2)
    .map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`)
    .join('');
  const parts = page.parts.map(({ title, chapters }) => {
    const items = chapters.map(({ target }) => {
      const isHere = target === page.target;
      const here = isHere ? ' aria-current=page' : '';
      const inner = isHere && own !== '' ? `<ul>${own}</ul>` : '';
      return `<li><a href="${base}${target}"${here}>${escapeHtml(page.titles.get(target) ?? target)}</a>${inner}</li>`;
    });
    return `<h2>${escapeHtml(title)}</h2>\n<ul>${items.join('\n')}</ul>\n`;
  });
  return `${parts.join('')}<h2>Whole</h2>\n<ul><li><a href="${base}book.html">The book as one page</a></li></ul>\n`;
}

function pager({ previous, next, titles }: Frame, base: string): string {
  const link = (chapter: Chapter | undefined, rel: 'prev' | 'next', sign: string): string =>
    chapter === undefined
      ? ''
      : `<a rel=${rel} href="${base}${chapter.target}">${sign} ${escapeHtml(titles.get(chapter.target) ?? chapter.target)}</a>`;
  const links = link(previous, 'prev', '←') + link(next, 'next', '→');
  return links === '' ? '' : `<nav class=pager aria-label="Previous and next page">${links}</nav>\n`;
}

const DIALOGS = `<dialog id=search aria-label=Search>
<form method=dialog><label for=query>Search pages, symbols and flags</label>
<input id=query type=search autocomplete=off spellcheck=false><button>Close</button></form>
<p id=found role=status></p>
<ol id=results></ol>
</dialog>
<dialog id=help aria-label=Keys>
<h2>Keys</h2>
<dl>
<dt><kbd>←</kbd> <kbd>→</kbd></dt><dd>previous page, next page</dd>
<dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next stop, previous stop</dd>
<dt><kbd>d</kbd></dt><dd>differences in one or two columns</dd>
<dt><kbd>/</kbd></dt><dd>search</dd>
<dt><kbd>t</kbd></dt><dd>light, dark, or as the system</dd>
<dt><kbd>?</kbd></dt><dd>this list</dd>
</dl>
<form method=dialog><button>Close</button></form>
</dialog>
`;
