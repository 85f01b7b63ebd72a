// The book as one page, to print or to read without going anywhere: all pages below each other, links between them within the page.

import path from 'node:path';
import type { Page } from './page.ts';

export const BOOK = 'book.html';

/** The HTML of all pages in one. Names of headings get the page's name in front, so that no two are the same. */
export function wholeBook(pages: readonly Page[]): string {
  const names = new Map(pages.map(({ chapter }) => [chapter.target, nameOf(chapter.target)]));
  return pages.map((page) => `<div class=chapter>${moved(page, names)}</div>\n`).join('');
}

function moved({ chapter, html }: Page, names: ReadonlyMap<string, string>): string {
  const own = nameOf(chapter.target);
  let isTitle = true;
  return html
    .replace(/ id="([^"]*)"/g, (_, id: string) => {
      const name = isTitle ? own : `${own}--${id}`;
      isTitle = false;
      return ` id="${name}"`;
    })
    .replace(/ href="([^"]*)"/g, (whole, href: string) => {
      if (/^[a-z]+:/.test(href)) return whole;
      const [file = '', id] = href.split('#');
      const target = file === '' ? chapter.target : path.posix.join(path.posix.dirname(chapter.target), file);
      const name = names.get(target);
      if (name === undefined) return ` href="${target}${id === undefined ? '' : `#${id}`}"`;
      return ` href="#${id === undefined ? name : `${name}--${id}`}"`;
    });
}

function nameOf(target: string): string {
  return target.replace(/\.html$/, '').replace(/[^\w-]+/g, '-');
}
