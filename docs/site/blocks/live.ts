// The block `live`: a place for the live cluster, which a script fills in the page.

import { escapeHtml } from '../source/highlight.ts';

const KEYS = ['raft', 'members', 'seed', 'scenario', 'broken', 'speed', 'at'];

/** Renders a block of lines `key: value`. Throws an Error for a key that there is not. */
export function renderLive(lines: readonly string[]): string {
  const values = new Map<string, string>();
  for (const line of lines) {
    const match = /^(\w+): *(.+)$/.exec(line);
    const [, key = '', value = ''] = match ?? [];
    if (!KEYS.includes(key))
      throw new Error(`a live block has lines "key: value" with ${KEYS.join(', ')}, not: ${line}`);
    values.set(key, value);
  }
  const members = values.get('members') ?? '3';
  const broken = values.get('broken');
  const raft =
    broken === undefined
      ? `the raft of step ${values.get('raft') ?? '05-raft'}`
      : `the broken raft ${broken.toUpperCase()}`;
  const attributes = [...values].map(([key, value]) => ` data-${key}="${escapeHtml(value)}"`).join('');
  return (
    `<div class=live${attributes}><p>Here a cluster of ${escapeHtml(members)} members runs in the page, with ` +
    `${escapeHtml(raft)}. It needs JavaScript.</p></div>\n`
  );
}
