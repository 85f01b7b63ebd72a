// The form that every page of a step has: its sections, in order, and their measures. Readers who know one page know their way
// through all.

import type { Context } from './context.ts';
import type { Page } from './page.ts';

const SECTIONS_BEFORE = ['What it can do now', 'The question', 'The map'];
const SECTIONS_AFTER = ['See it', 'Five questions', 'Take away', 'Recap'];
const STOPS = { least: 4, most: 8 };
const WORDS = { least: 1200, most: 2000 };
const ANSWERS = 5;
const PAGE_BYTES_MAX = 300_000;

/** Reports what the page of a step has otherwise than all others. */
export function checkStepPage(context: Context, page: Page): void {
  const { chapter, headings, words, answers } = page;
  if (chapter.link === undefined) return;
  const report = (text: string): void => context.report(chapter.source, 0, text);
  const sections = headings.filter(({ level }) => level === 2).map(({ text }) => text);
  const stops = sections.filter((text) => /^Stop \d+: ./.test(text));
  const expected = [...SECTIONS_BEFORE, ...stops, ...SECTIONS_AFTER];
  if (sections.join('\n') !== expected.join('\n'))
    report(`sections are ${sections.join(' | ')}; expected ${expected.join(' | ')}`);
  if (stops.length < STOPS.least || stops.length > STOPS.most)
    report(`${stops.length} stops; ${STOPS.least} to ${STOPS.most}`);
  for (const [i, stop] of stops.entries()) if (!stop.startsWith(`Stop ${i + 1}:`)) report(`${stop} is stop ${i + 1}`);
  if (words < WORDS.least || words > WORDS.most) report(`${words} words of prose; ${WORDS.least} to ${WORDS.most}`);
  if (answers !== ANSWERS) report(`${answers} folded answers; ${ANSWERS}`);
}

/** Reports a page that is too big to be read on a phone line. */
export function checkSize(context: Context, source: string, html: string): void {
  const bytes = Buffer.byteLength(html);
  if (bytes > PAGE_BYTES_MAX) context.report(source, 0, `${bytes} bytes of HTML; at most ${PAGE_BYTES_MAX}`);
}
