// A table that scrolls by itself where it is wider than the page.

import { escapeHtml } from '../source/highlight.ts';

/** A table with a row of headings and rows that are HTML already. */
export function table(label: string, headings: readonly string[], rows: readonly string[]): string {
  const head = headings.map((text) => `<th scope=col>${escapeHtml(text)}</th>`).join('');
  return (
    `<div class=table tabindex=0 role=region aria-label="${escapeHtml(label)}"><table><thead><tr>${head}</tr></thead>` +
    `<tbody>${rows.join('\n')}</tbody></table></div>`
  );
}
