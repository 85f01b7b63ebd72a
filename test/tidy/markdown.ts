// Pages: one title each, and links that lead somewhere.

import fs from 'node:fs';
import path from 'node:path';
import type { SourceFile } from './check.ts';

/** Checks every Markdown file. */
export function checkMarkdown(files: readonly SourceFile[]): string[] {
  return files.filter((file) => file.path.endsWith('.md')).flatMap((file) => [...titles(file), ...deadLinks(file)]);
}

function titles({ path: file, text }: SourceFile): string[] {
  const count = withoutCode(text)
    .split('\n')
    .filter((line) => line.startsWith('# ')).length;
  return count === 1 ? [] : [`${file}: ${count} titles instead of one`];
}

function deadLinks({ path: file, text }: SourceFile): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] as string).split('#')[0] as string)
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link))
    .filter((link) => !fs.existsSync(path.join(path.dirname(file), link)))
    .map((link) => `${file}: dead link ${link}`);
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
}
