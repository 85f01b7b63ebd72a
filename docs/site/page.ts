// One page from Markdown to HTML: prose, and the blocks that are made from code. Mistakes are reported with their line and do
// not end the build, so that all of them are seen at once.

import fs from 'node:fs';
import path from 'node:path';
import MarkdownIt, { type RendererRule, type Token } from 'markdown-it';
import { renderConsole } from './blocks/console.ts';
import { renderExcerpt } from './blocks/excerpt.ts';
import { parsePlacement, renderPlacements } from './blocks/hunks.ts';
import { renderLive } from './blocks/live.ts';
import type { Chapter } from './book.ts';
import type { Context } from './context.ts';
import { renderFigure } from './figures/registry.ts';
import { type Anchor, baseOf, Links } from './links.ts';
import type { Placement } from './source/changes.ts';
import { escapeHtml } from './source/highlight.ts';

export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

/** A piece of prose below a heading, for the search. */
export interface Passage {
  readonly heading: Heading;
  readonly text: string;
}

export interface Page {
  readonly chapter: Chapter;
  readonly title: string;
  readonly headings: readonly Heading[];
  readonly passages: readonly Passage[];
  readonly html: string;
  readonly anchors: readonly Anchor[];
  /** How many words the prose has, without code, tables and blocks. */
  readonly words: number;
  readonly answers: number;
  readonly hasLive: boolean;
}

/** Renders a page. Problems go to `context`. */
export function renderPage(context: Context, chapter: Chapter): Page {
  return new PageRenderer(context, chapter).render();
}

class PageRenderer {
  readonly #context: Context;
  readonly #chapter: Chapter;
  readonly #base: string;
  readonly #links: Links;
  readonly #md = new MarkdownIt({ html: true, linkify: false, typographer: false });
  readonly #headings: Heading[] = [];
  readonly #passages: { heading: Heading; text: string }[] = [];
  readonly #placements = new Map<Token, Placement[]>();
  #placed = new Map<Placement, string>();
  #text = '';
  #words = 0;
  #answers = 0;
  #hasLive = false;

  constructor(context: Context, chapter: Chapter) {
    this.#context = context;
    this.#chapter = chapter;
    this.#base = baseOf(chapter.target);
    this.#links = new Links(context, chapter);
    const { rules } = this.#md.renderer;
    rules.fence = this.#fence;
    rules.link_open = this.#link;
    rules.html_block = this.#htmlBlock;
    rules.html_inline = this.#htmlBlock;
    rules.image = this.#image;
    rules.table_open = () => '<div class=table tabindex=0 role=region aria-label="table"><table>\n';
    rules.table_close = () => '</table></div>\n';
  }

  render(): Page {
    this.#text = this.#read();
    const tokens = this.#md.parse(this.#text, {});
    this.#nameHeadings(tokens);
    this.#collectPlacements(tokens);
    this.#countWords(tokens);
    const html = this.#sections(tokens);
    const [title] = this.#headings;
    return {
      chapter: this.#chapter,
      title: title?.text ?? this.#chapter.source,
      headings: this.#headings,
      passages: this.#passages,
      html,
      anchors: this.#links.anchors,
      words: this.#words,
      answers: this.#answers,
      hasLive: this.#hasLive,
    };
  }

  #read(): string {
    const file = path.join(this.#context.root, this.#chapter.source);
    if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8');
    this.#report(0, 'the page does not exist');
    return `# ${this.#chapter.source}\n`;
  }

  #nameHeadings(tokens: readonly Token[]): void {
    const used = new Set<string>();
    for (const [i, token] of tokens.entries()) {
      if (token.type !== 'heading_open') continue;
      const text = plainText(tokens[i + 1]);
      const words = text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, '-')
        .replace(/^-|-$/g, '');
      const id = used.has(words) ? `${words}-${used.size}` : words;
      used.add(id);
      token.attrSet('id', id);
      this.#headings.push({ level: Number(token.tag.slice(1)), id, text });
    }
    if (this.#headings.filter(({ level }) => level === 1).length !== 1) this.#report(0, 'a page has one title');
  }

  // Placements are known before anything is rendered: what a line gets depends on all others.
  #collectPlacements(tokens: readonly Token[]): void {
    const isStep = this.#chapter.link !== undefined;
    for (const token of tokens) {
      if (token.type !== 'fence' || token.info.trim() !== 'hunks') continue;
      if (!isStep) this.#report(lineOf(token), 'only pages of steps have hunks');
      const placements: Placement[] = [];
      for (const [i, text] of contentLines(token).entries()) {
        this.#try(lineOf(token) + 1 + i, () => placements.push(parsePlacement(text, lineOf(token) + 1 + i)));
      }
      this.#placements.set(token, placements);
    }
    if (!isStep) return;
    const all = [...this.#placements.values()].flat();
    this.#placed = renderPlacements(this.#context, this.#chapter, all, this.#base);
  }

  #countWords(tokens: readonly Token[]): void {
    let heading = -1;
    let inTable = false;
    for (const token of tokens) {
      if (token.type === 'heading_open') heading++;
      if (token.type === 'table_open' || token.type === 'table_close') inTable = token.type === 'table_open';
      const isSummary = token.type === 'html_block' && token.content.includes('<summary>');
      if (token.type !== 'inline' && !isSummary) continue;
      const text = isSummary ? token.content.replace(/<[^>]*>/g, ' ') : plainText(token);
      if (!inTable) this.#words += (text.match(/\S+/g) ?? []).length;
      const at = this.#headings[Math.max(0, heading)];
      if (at === undefined) continue;
      const last = this.#passages.at(-1);
      if (last?.heading === at) last.text += `\n${text}`;
      else this.#passages.push({ heading: at, text });
    }
  }

  // Behind the title each heading of level 2 begins a section; in it code stands beside the prose before it.
  #sections(tokens: readonly Token[]): string {
    let html = '';
    let isOpen = false;
    for (const section of split(tokens, (token) => token.type === 'heading_open' && token.tag === 'h2')) {
      const isSection = section[0]?.type === 'heading_open' && section[0].tag === 'h2';
      if (isOpen) html += '</section>\n';
      isOpen = isSection;
      if (isSection) html += '<section>\n';
      html += this.#rows(section);
    }
    return isOpen ? `${html}</section>\n` : html;
  }

  #rows(tokens: readonly Token[]): string {
    const blocks = blocksOf(tokens);
    const isCode = (block: readonly Token[]): boolean =>
      block[0]?.type === 'fence' && /^(hunks|code)\b/.test(block[0].info.trim());
    if (!blocks.some(isCode)) return this.#md.renderer.render([...tokens], this.#md.options, {});
    const isHeading = blocks[0]?.[0]?.type === 'heading_open';
    let html = isHeading ? this.#html(blocks.shift() ?? []) : '';
    let prose: (readonly Token[])[] = [];
    let code: (readonly Token[])[] = [];
    const flush = (): void => {
      const left = prose.map((block) => this.#html(block)).join('');
      const right = code.map((block) => this.#html(block)).join('');
      html +=
        right === '' ? left : `<div class=row><div class=prose>${left}</div><div class=beside>${right}</div></div>\n`;
      prose = [];
      code = [];
    };
    for (const block of blocks) {
      if (isCode(block)) code.push(block);
      else {
        if (code.length > 0) flush();
        prose.push(block);
      }
    }
    flush();
    return html;
  }

  #html(block: readonly Token[]): string {
    return this.#md.renderer.render([...block], this.#md.options, {});
  }

  readonly #fence: RendererRule = (tokens, index) => {
    const token = tokens[index] as Token;
    const line = lineOf(token);
    const [word = '', ...rest] = token.info.trim().split(/\s+/);
    const html = this.#try(line, () => this.#block(token, word, rest));
    return html ?? '';
  };

  #block(token: Token, word: string, rest: readonly string[]): string {
    const context = this.#context;
    const chapter = this.#chapter;
    const lines = contentLines(token);
    switch (word) {
      case 'hunks':
        return (this.#placements.get(token) ?? []).map((one) => this.#placed.get(one) ?? '').join('');
      case 'code':
        return lines.map((text) => renderExcerpt(context, chapter, text.trim(), this.#base)).join('');
      case 'figure':
        return renderFigure(context, chapter, {
          name: rest[0] ?? '',
          caption: lines.join(' ').trim(),
          base: this.#base,
        });
      case 'console':
        return renderConsole(token.content, rest);
      case 'live':
        this.#hasLive = true;
        return renderLive(lines);
      case 'sh':
      case 'text':
        return this.#recipeBlock(token, word);
      case 'ts':
        if (lines.length > 3) throw new Error('code of more than three lines is cited, not pasted');
        return `<pre class=plain tabindex=0><code>${context.colours.lines(token.content, 'typescript').join('\n')}</code></pre>\n`;
      default:
        throw new Error(`no block "${word}"`);
    }
  }

  // Recipes have their commands and outputs in blocks of their own, which their own test runs.
  #recipeBlock(token: Token, word: string): string {
    const isRecipe = this.#chapter.source.startsWith('docs/recipes/');
    if (word === 'sh' && !isRecipe) throw new Error('commands stand in console blocks, which are run by a test');
    const name = word === 'sh' ? 'commands' : isRecipe ? 'prints' : 'plain';
    return `<pre class="${name}" tabindex=0><code>${escapeHtml(token.content)}</code></pre>\n`;
  }

  readonly #link: RendererRule = (tokens, index, options, _env, self) => {
    const token = tokens[index] as Token;
    const href = String(token.attrGet('href') ?? '');
    const line = this.#lineOfLink(href);
    const target = this.#try(line, () => this.#links.resolve(href, line));
    token.attrSet('href', target ?? '#');
    if (/^https?:/.test(href)) token.attrSet('rel', 'noopener');
    return self.renderToken(tokens, index, options);
  };

  readonly #htmlBlock: RendererRule = (tokens, index) => {
    const { content } = tokens[index] as Token;
    const rest = content.replace(/<\/?(details|summary|code|kbd)>/g, '');
    if (/<[a-z/!]/i.test(rest))
      this.#report(lineOf(tokens[index] as Token), `HTML other than details: ${content.trim()}`);
    if (content.includes('<details>')) this.#answers++;
    return content.replace('<details>', '<details class=answer>');
  };

  readonly #image: RendererRule = (tokens, index) => {
    const token = tokens[index] as Token;
    const src = String(token.attrGet('src') ?? '');
    this.#report(this.#lineOfLink(src), `a picture that no code makes: ${src}`);
    return '';
  };

  // Tokens within a paragraph have no place of their own: it is searched for.
  #lineOfLink(href: string): number {
    const at = this.#text.indexOf(`(${href})`);
    return at < 0 ? 0 : this.#text.slice(0, at).split('\n').length;
  }

  #try<T>(line: number, task: () => T): T | undefined {
    try {
      return task();
    } catch (error) {
      this.#report(line, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #report(line: number, text: string): void {
    this.#context.report(this.#chapter.source, line, text);
  }
}

function lineOf(token: Token): number {
  return (token.map?.[0] ?? -1) + 1;
}

function contentLines(token: Token): string[] {
  return token.content
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

function plainText(token: Token | undefined): string {
  return (token?.children ?? [])
    .map(({ type, content }) => (type === 'softbreak' || type === 'hardbreak' ? ' ' : content))
    .join('')
    .trim();
}

function split(tokens: readonly Token[], isFirst: (token: Token) => boolean): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (isFirst(token)) parts.push([]);
    parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

/** The blocks of the outermost level, each with all its tokens; what a details element holds is one block. */
function blocksOf(tokens: readonly Token[]): Token[][] {
  const blocks: Token[][] = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0) blocks.push([]);
    blocks.at(-1)?.push(token);
    depth += token.nesting;
    if (token.type === 'html_block') {
      depth += (token.content.match(/<details>/g) ?? []).length - (token.content.match(/<\/details>/g) ?? []).length;
    }
  }
  return blocks;
}
