// The files of one folder, as the tool looks at them.

import fs from 'node:fs';
import path from 'node:path';

/** A file or link below a folder. */
export interface Entry {
  /** Path below the folder, with forward slashes. */
  readonly path: string;
  readonly isLink: boolean;
  /** Content; empty for a link. */
  readonly content: Buffer;
}

/** Every file and link below `folder`, sorted by path; `node_modules` is left out. A missing folder has none. */
export function readTree(folder: string): Entry[] {
  if (!fs.existsSync(folder)) return [];
  const entries: Entry[] = [];
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const full = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, full).split(path.sep).join('/');
    if (/(^|\/)node_modules\//.test(name) || entry.isDirectory()) continue;
    const isLink = entry.isSymbolicLink();
    entries.push({ path: name, isLink, content: isLink ? Buffer.alloc(0) : fs.readFileSync(full) });
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes `content` to `file`, making the folders above it. */
export function writeFile(file: string, content: Uint8Array): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}

/** How many lines a text has; a last line without an end counts. */
export function countLines(content: Buffer): number {
  if (content.length === 0) return 0;
  let lines = content.at(-1) === 0x0a ? 0 : 1;
  for (const byte of content) if (byte === 0x0a) lines += 1;
  return lines;
}
