// What is new in a step: a symbol that the step before has not, or has otherwise.

import type { Chapter } from '../book.ts';
import type { Context, ShownFile } from '../context.ts';
import { linesOf } from '../source/changes.ts';
import { splitName } from '../source/symbols.ts';

export type Novelty = 'new' | 'changed' | 'same';

/** How `name`, `path#Symbol` relative to the step, differs from the step before. In the first step nothing is marked. */
export function noveltyOf(context: Context, { link, before }: Chapter, name: string): Novelty {
  if (link === undefined || before === undefined) return 'same';
  const { path, symbol } = splitName(name);
  const now = textOf(context.file(`${link.folder}/${path}`), symbol);
  const then = textOf(context.file(`${before.folder}/${path}`), symbol);
  if (then === undefined) return 'new';
  return now === then ? 'same' : 'changed';
}

function textOf(file: ShownFile | undefined, symbol: string): string | undefined {
  const found = file?.symbols.find(({ name }) => name === symbol);
  if (file === undefined || found === undefined) return undefined;
  return linesOf(file.text)
    .slice(found.first - 1, found.last)
    .join('\n');
}
