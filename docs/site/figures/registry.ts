// The figures by name. A figure is made from code; its caption, which is also what a screen reader says of it, is the page's.

import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import { escapeHtml } from '../source/highlight.ts';
import { broken } from './broken.ts';
import { callTree } from './call_tree.ts';
import { commands } from './commands.ts';
import { flags, stepFlags } from './flags.ts';
import { oneWrite } from './log_chart.ts';
import { onePut } from './one_put.ts';
import { services } from './services.ts';

export interface FigureOptions {
  readonly name: string;
  readonly caption: string;
  /** The way from the page to the site's folder. */
  readonly base: string;
}

type Figure = (context: Context, chapter: Chapter, options: FigureOptions) => string;

const FIGURES: Readonly<Record<string, Figure>> = {
  'call-tree': callTree,
  services,
  'one-put': onePut,
  flags,
  'step-flags': stepFlags,
  commands,
  'log-chart': oneWrite,
  'broken-a': broken,
  'broken-b': broken,
  'broken-c': broken,
};

/** Renders a figure. Throws an Error when there is none of the name, or no caption. */
export function renderFigure(context: Context, chapter: Chapter, options: FigureOptions): string {
  const figure = FIGURES[options.name];
  if (figure === undefined)
    throw new Error(`no figure "${options.name}"; there are ${Object.keys(FIGURES).join(', ')}`);
  if (options.caption === '') throw new Error(`the figure ${options.name} has no caption: it is its alternative text`);
  const html = figure(context, chapter, options);
  return `<figure class="figure ${options.name}">${html}<figcaption>${escapeHtml(options.caption)}</figcaption></figure>\n`;
}
