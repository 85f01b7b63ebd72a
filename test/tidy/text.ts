// Sizes and words: files that one can read at a sitting, no notes to self, nothing that names a machine.

import type { SourceFile } from './check.ts';

const MAX_LINES = 500;
const GENERATED = ['proto/schema.ts'];

// Spelt in parts, so that this file does not breach its own rule.
const BANNED: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: new RegExp(`\\b(${['FIX', 'ME'].join('')}|${['TO', 'DO'].join('')}|${['XX', 'X'].join('')})\\b`),
    why: 'a note to self',
  },
  {
    pattern: new RegExp(`${['/ro', 'ot/'].join('')}|${['/wo', 'rk/'].join('')}|${['/ho', 'me/'].join('')}\\w`),
    why: 'a path of some machine',
  },
  { pattern: /\r/, why: 'a carriage return' },
];

/** Checks every source and page. */
export function checkText(files: readonly SourceFile[]): string[] {
  return files.filter(({ path }) => !GENERATED.includes(path) && !path.startsWith('test/data/')).flatMap(checkFile);
}

function checkFile({ path, text }: SourceFile): string[] {
  const breaches: string[] = [];
  const lines = text.split('\n');
  if (path.endsWith('.ts') && lines.length > MAX_LINES)
    breaches.push(`${path}: ${lines.length} lines, more than ${MAX_LINES}`);
  if (path.endsWith('.json')) return breaches;
  lines.forEach((line, i) => {
    for (const { pattern, why } of BANNED) {
      if (pattern.test(line)) breaches.push(`${path}:${i + 1}: ${why}`);
    }
  });
  return breaches;
}
