// The table of contents: which pages the book has, in reading order. Step pages come from steps.json.

import path from 'node:path';
import { type Chain, type Link, loadChain } from '../../steps/tool/chain.ts';

/** A page of the book. */
export interface Chapter {
  /** Path of the Markdown file, relative to the root. */
  readonly source: string;
  /** Path of the HTML file, relative to the site's folder. */
  readonly target: string;
  /** The step that the page teaches. */
  readonly link: Link | undefined;
  /** The step before it. */
  readonly before: Link | undefined;
}

/** A part of the book: a heading in the table of contents, and its pages. */
export interface Part {
  readonly title: string;
  readonly chapters: readonly Chapter[];
}

const METHODS = ['framework-first', 'follow-a-flag', 'read-the-log', 'trace', 'how-to-know'];
const LIVE = ['cluster', 'broken'];
const RECIPES = [
  'README',
  'discovery',
  'configuration',
  'election',
  'lock',
  'pubsub',
  'load-balancing',
  'naming',
  'high-availability',
];
const APPENDICES = ['build', 'flags', 'commands', 'glossary'];

/** The parts of the book in order. */
export function loadParts(chain: Chain = loadChain()): Part[] {
  const steps = chain.links.filter(({ step }) => step !== undefined);
  return [
    { title: 'Begin', chapters: [chapter('docs/README.md')] },
    {
      title: 'Steps',
      chapters: steps.map((link, i) => ({ ...chapter(`docs/${link.slug}.en.md`), link, before: steps[i - 1] })),
    },
    { title: 'A cluster in the page', chapters: LIVE.map((name) => chapter(`docs/live/${name}.en.md`)) },
    { title: 'How to read a server', chapters: METHODS.map((name) => chapter(`docs/method/${name}.en.md`)) },
    { title: 'What people build on it', chapters: RECIPES.map((name) => chapter(`docs/recipes/${name}.md`)) },
    { title: 'Appendix', chapters: APPENDICES.map((name) => chapter(`docs/appendix/${name}.en.md`)) },
  ];
}

function chapter(source: string): Chapter {
  const target = path.posix
    .relative('docs', source)
    .replace(/README\.md$/, 'index.html')
    .replace(/\.md$/, '.html');
  return { source, target, link: undefined, before: undefined };
}
