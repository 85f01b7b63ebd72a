// The figures of the appendix `flags`: every flag of the full etcd with the step that brings it, and the flags of each step.

import { FLAG_SECTIONS, type FlagSpec } from '../../../final/etcdmain/config_table.ts';
import type { Chapter } from '../book.ts';
import type { Context } from '../context.ts';
import { escapeHtml } from '../source/highlight.ts';
import type { FigureOptions } from './registry.ts';
import { table } from './table.ts';

/** Renders all flags of final, by section. */
export function flags(context: Context, _chapter: Chapter, { base }: FigureOptions): string {
  const rows = FLAG_SECTIONS.flatMap(({ title, flags: specs }) => [
    `<tr><th colspan=4 scope=colgroup>${escapeHtml(title)}</th></tr>`,
    ...specs.map((spec) => flagRow(context, spec, base)),
  ]);
  return table('flags', ['flag', 'type and default', 'what it does', 'since'], rows);
}

function flagRow(context: Context, { name, type, default: byDefault, help, isReady }: FlagSpec, base: string): string {
  const chapter = context.chapters.find(({ link }) => link?.step?.flags.includes(name) === true);
  const since = chapter === undefined ? 'final' : `<a href="${base}${chapter.target}">${chapter.link?.slug}</a>`;
  const value = byDefault === '' ? '' : ` <code>${escapeHtml(byDefault)}</code>`;
  return (
    `<tr id="flag-${name}"><td><code>--${name}</code></td><td>${type}${value}</td><td>${escapeHtml(help)}</td>` +
    `<td>${isReady ? since : '<span class="badge refused">refused</span>'}</td></tr>`
  );
}

/** Renders the flags of the steps, one row a flag. */
export function stepFlags(context: Context): string {
  const steps = context.chain.links.flatMap(({ step }) => (step === undefined ? [] : [step]));
  const names = [...new Set(steps.flatMap((step) => step.flags))];
  const rows = names.map((name) => {
    const cells = steps.map((step) => `<td>${step.flags.includes(name) ? 'yes' : '–'}</td>`);
    return `<tr><th scope=row><code>--${name}</code></th>${cells.join('')}</tr>`;
  });
  return table('flags of the steps', ['flag', ...steps.map(({ slug }) => slug.slice(0, 2))], rows);
}
