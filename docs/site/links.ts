// Links of pages: to other pages, to sources by symbol, to the world. A link that leads nowhere is a problem of its page.

import fs from 'node:fs';
import path from 'node:path';
import { findSymbol } from './blocks/excerpt.ts';
import { sourcePage } from './blocks/code_html.ts';
import type { Chapter } from './book.ts';
import type { Context } from './context.ts';

/** A link to a heading, to be checked when all pages are there. */
export interface Anchor {
  readonly page: string;
  readonly line: number;
  /** Target path of a page. */
  readonly target: string;
  readonly id: string;
}

/** The way from a page of the site to the site's folder: `` or `../`, … */
export function baseOf(target: string): string {
  return '../'.repeat(target.split('/').length - 1);
}

/** Resolves links of one page. */
export class Links {
  readonly #context: Context;
  readonly #chapter: Chapter;
  readonly anchors: Anchor[] = [];

  constructor(context: Context, chapter: Chapter) {
    this.#context = context;
    this.#chapter = chapter;
  }

  /** What a link written as `href` in line `line` leads to, in the site. Throws an Error when there is no such thing. */
  resolve(href: string, line: number): string {
    if (/^https?:/.test(href)) return href;
    if (/^[a-z]+:/.test(href)) throw new Error(`${href} is neither a page nor on the web`);
    const [name, fragment] = splitOnce(href, '#');
    const base = baseOf(this.#chapter.target);
    if (name === '') {
      this.#expect(this.#chapter.target, fragment, line);
      return href;
    }
    const file = path.posix
      .normalize(path.posix.join(path.posix.dirname(this.#chapter.source), name))
      .replace(/\/$/, '');
    const chapter = this.#context.chapters.find(({ source }) => source === file);
    if (chapter !== undefined) {
      this.#expect(chapter.target, fragment, line);
      return `${base}${chapter.target}${fragment === undefined ? '' : `#${fragment}`}`;
    }
    return base + this.#source(file, fragment);
  }

  #source(file: string, symbol: string | undefined): string {
    const context = this.#context;
    const stat = fs.statSync(path.join(context.root, file), { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) {
      if (!context.chain.links.some(({ folder, step }) => step !== undefined && folder === file)) {
        throw new Error(`the site has no page for the folder ${file}`);
      }
      return `source/${file}/index.html`;
    }
    if (stat === undefined) throw new Error(`dead link: ${file}`);
    context.shown.add(file);
    const line = symbol === undefined ? '' : `#L${findSymbol(context, file, symbol).begin}`;
    return sourcePage(file) + line;
  }

  #expect(target: string, id: string | undefined, line: number): void {
    if (id !== undefined) this.anchors.push({ page: this.#chapter.source, line, target, id });
  }
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
