// The house rules that a compiler cannot know: who may import whom (docs/architecture: final/ARCHITECTURE.md), sizes,
// words, links. Prints one line for each breach and exits with status 1 when there is one.

import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { checkImports } from './imports.ts';
import { checkMarkdown } from './markdown.ts';
import { checkText } from './text.ts';

/** One file of the project, as every rule sees it. */
export interface SourceFile {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A rule: what is wrong, a line each. */
export type Rule = (files: readonly SourceFile[]) => string[];

const RULES: readonly Rule[] = [checkImports, checkText, checkMarkdown];

function projectFiles(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    encoding: 'utf8',
  });
  return listed
    .split('\0')
    .filter((file) => /\.(ts|md|proto|json)$/.test(file) && fs.existsSync(file))
    .map((file) => ({ path: file.split(path.sep).join('/'), text: fs.readFileSync(file, 'utf8') }));
}

if (import.meta.url === new URL(process.argv[1] ?? '', 'file:').href) {
  const files = projectFiles();
  const breaches = RULES.flatMap((rule) => rule(files));
  for (const breach of breaches) console.error(breach);
  console.log(`tidy: ${files.length} files, ${breaches.length} breaches`);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
