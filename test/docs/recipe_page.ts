// A page of docs/recipes as a program: its blocks of commands in order, and what each is said to print.

import fs from 'node:fs';
import path from 'node:path';
import { startProgram, within } from '../harness/process.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';

/** One block of commands and the text block behind it. */
export interface Block {
  readonly commands: string;
  /** Empty when no text block follows. */
  readonly prints: string;
  /** Line of the page where the commands begin, from 1. */
  readonly line: number;
}

/** The blocks of a page. Throws an Error for a text block that stands behind no commands. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let isOpen = false;
  for (const match of page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const [, language, body = ''] = match;
    const line = page.slice(0, match.index).split('\n').length + 1;
    if (language === 'sh') blocks.push({ commands: body, prints: '', line });
    else if (language === 'text') {
      const last = blocks.at(-1);
      if (last === undefined || !isOpen) throw new Error(`line ${line}: a text block behind no commands`);
      blocks[blocks.length - 1] = { ...last, prints: body };
    }
    isOpen = language === 'sh';
  }
  return blocks;
}

/** The names of the pages, without those that are no recipe. */
export function recipeNames(): string[] {
  return fs
    .readdirSync(path.join(REPOSITORY, 'docs', 'recipes'))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => name.slice(0, -'.md'.length));
}

/** The text of a page. */
export function readPage(name: string): string {
  return fs.readFileSync(path.join(REPOSITORY, 'docs', 'recipes', `${name}.md`), 'utf8');
}

const END = '--- end of block';

/**
 * Runs the blocks in one POSIX shell in `folder` and returns what each printed to its standard output. `bin` goes in front
 * of the PATH. Throws an Error after `limitMs`, with all output. Nothing that the blocks have started is left.
 */
export async function runBlocks(options: {
  blocks: readonly Block[];
  folder: string;
  bin: string;
  env: Readonly<Record<string, string>>;
  limitMs: number;
}): Promise<string[]> {
  const script = path.join(options.folder, 'recipe.sh');
  fs.writeFileSync(script, options.blocks.map(({ commands }) => `${commands}echo '${END}'\n`).join(''));
  const output = path.join(options.folder, 'recipe.out');
  // Into a file: what goes on in the background would hold a pipe open.
  const shell = startProgram({
    command: ['sh', '-c', 'exec sh recipe.sh > recipe.out 2> recipe.err < /dev/null'],
    cwd: options.folder,
    env: { ...options.env, PATH: `${options.bin}${path.delimiter}${process.env['PATH'] ?? ''}` },
    ownGroup: true,
  });
  try {
    const exit = await within(options.limitMs, shell.exited);
    const printed = fs.readFileSync(output, 'utf8');
    const errors = fs.readFileSync(path.join(options.folder, 'recipe.err'), 'utf8');
    if (exit === undefined) throw new Error(`not done after ${options.limitMs} ms\n${printed}\n${errors}`);
    const parts = printed.split(`${END}\n`);
    if (parts.length !== options.blocks.length + 1) throw new Error(`the shell ended early\n${printed}\n${errors}`);
    return parts.slice(0, -1);
  } finally {
    shell.kill('SIGKILL');
  }
}
