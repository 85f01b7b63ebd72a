// Which page of the book speaks of a symbol: found in the sources of the pages, in their links and in the blocks that name
// code. A page that shows the symbol of the same step is nearer than one of an earlier step.

import fs from 'node:fs';
import path from 'node:path';

interface Mention {
  /** Relative to the root. */
  readonly page: string;
  /** The step of the mention, as `05-raft`, or undefined for one that belongs to no step. */
  readonly step: string | undefined;
  /** Relative to the folder of the step. */
  readonly file: string;
  /** Undefined: the whole file. */
  readonly symbol: string | undefined;
}

const LINK = /\]\((?:\.\.\/)+(?:steps\/([^/)]+)|(final))\/([^)#]+\.ts)(?:#([^)]+))?\)/g;
const BLOCK = /```(?:hunks|code)\n([^]*?)```/g;
const BLOCK_LINE = /^(?:steps\/([^/]+)\/|(final)\/)?([\w/.-]+\.ts)(?:#(\S+))?$/;

export class PageIndex {
  readonly #mentions: Mention[];

  /** Reads the pages of the book below `root`/docs. */
  constructor(root: string) {
    this.#mentions = pagesOf(root).flatMap((page) => mentionsIn(page, fs.readFileSync(path.join(root, page), 'utf8')));
  }

  /**
   * The page that explains a symbol of a step best, or undefined. `file` is relative to the folder of the step.
   */
  pageOf(step: string, file: string, symbol: string): string | undefined {
    const scored = this.#mentions
      .filter((one) => one.file === file)
      .map((one) => ({ page: one.page, score: scoreOf(one, step, symbol) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || (a.page < b.page ? 1 : -1));
    return scored[0]?.page;
  }
}

// The symbol itself before its class or its whole file; the same step before an earlier one; a later one never.
function scoreOf({ step, symbol: named, page }: Mention, wantedStep: string, wanted: string): number {
  if (step !== undefined && step > wantedStep) return 0;
  const name = wanted.replaceAll('#', '');
  const fits = named === undefined ? 1 : named.replaceAll('#', '') === name ? 4 : name.startsWith(`${named}.`) ? 3 : 0;
  if (fits === 0) return 0;
  // The page of a step explains; other pages only speak of it.
  const isStepPage = /^docs\/\d\d-/.test(page);
  return (isStepPage ? 100 : 0) + fits * 4 + (step === wantedStep ? 2 : 0);
}

function pagesOf(root: string): string[] {
  return ['docs', 'docs/method', 'docs/live', 'docs/appendix'].flatMap((folder) => {
    const full = path.join(root, folder);
    if (!fs.existsSync(full)) return [];
    return fs
      .readdirSync(full)
      .filter((name) => name.endsWith('.en.md'))
      .sort()
      .map((name) => `${folder}/${name}`);
  });
}

function mentionsIn(page: string, text: string): Mention[] {
  const ownStep = /^docs\/(\d\d-[a-z-]+)\.en\.md$/.exec(page)?.[1];
  const links = [...text.matchAll(LINK)].map(([, step, final, file = '', symbol]) => ({
    page,
    step: step ?? final,
    file,
    symbol,
  }));
  const blocks = [...text.matchAll(BLOCK)].flatMap(([, body = '']) =>
    body.split('\n').flatMap((line): Mention[] => {
      const [, step, final, file, symbols] = BLOCK_LINE.exec(line.trim()) ?? [];
      if (file === undefined) return [];
      const names = symbols === undefined ? [undefined] : symbols.split(',');
      return names.map((symbol) => ({ page, step: step ?? final ?? ownStep, file, symbol }));
    }),
  );
  return [...links, ...blocks];
}
