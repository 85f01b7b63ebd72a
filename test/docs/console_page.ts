// The console blocks of a page as a program: they are run in the order of the page, in one folder, and what they print is
// compared with what the page says. `…` in a line stands for any text, a line that is only `…` for any lines.

import fs from 'node:fs';
import path from 'node:path';
import MarkdownIt from 'markdown-it';
import { parseSession, type Session } from '../../docs/site/blocks/console.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { findEtcdctl } from '../harness/target.ts';
import { Shell, Terminal } from './terminal.ts';

const COMMAND_LIMIT_MS = 120_000;
const SERVER_LIMIT_MS = 30_000;
// With --update: a server that says nothing for so long has said all.
const QUIET_MS = 2_000;

/** A console block of a page. */
export interface ConsoleBlock extends Session {
  /** Line of the fence in the page, from 1. */
  readonly line: number;
}

/** A place where a page says something else than is printed. */
export interface Difference {
  /** Lines of the page, from 1, that hold what should be printed: from `first` up to, and without, `end`. */
  readonly first: number;
  readonly end: number;
  readonly command: string;
  readonly said: readonly string[];
  readonly printed: readonly string[];
}

/** The console blocks of a Markdown text. */
export function consoleBlocks(text: string): ConsoleBlock[] {
  return new MarkdownIt().parse(text, {}).flatMap((token) => {
    const [word, ...rest] = token.info.trim().split(/\s+/);
    if (token.type !== 'fence' || word !== 'console') return [];
    return [{ ...parseSession(token.content, rest), line: (token.map?.[0] ?? 0) + 1 }];
  });
}

/** Whether `printed` is what `said` describes. */
export function matches(said: readonly string[], printed: readonly string[]): boolean {
  return matchLength(said, printed) === printed.length;
}

/**
 * How many lines of `printed` the lines of `said` describe, counted from the first; undefined when they do not. A line `…` takes as few
 * lines as possible, the last one all.
 */
export function matchLength(said: readonly string[], printed: readonly string[]): number | undefined {
  const [first, ...rest] = said;
  if (first === undefined) return 0;
  if (first === '…') {
    if (rest.length === 0) return printed.length;
    for (let skipped = 0; skipped <= printed.length; skipped++) {
      const length = matchLength(rest, printed.slice(skipped));
      if (length !== undefined) return skipped + length;
    }
    return undefined;
  }
  const [line] = printed;
  if (line === undefined || !lineMatches(first, line)) return undefined;
  const length = matchLength(rest, printed.slice(1));
  return length === undefined ? undefined : length + 1;
}

function lineMatches(said: string, printed: string): boolean {
  const parts = said
    .trimEnd()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(printed.trimEnd());
}

/** Runs all blocks of a page and returns where it differs. Blocks that need the Go source are left out without `goSource`. */
export async function runPage(options: {
  /** The Markdown of the page. */
  text: string;
  /** Absolute path of a checkout of etcd. */
  goSource?: string | undefined;
  /** Servers are waited for only until they are quiet. */
  isUpdate?: boolean;
}): Promise<Difference[]> {
  const { text } = options;
  const folder = makeScratch();
  const env = environment(folder, options.goSource);
  const session = new PageSession(folder, env, options.isUpdate === true);
  try {
    for (const block of consoleBlocks(text)) {
      if (block.isGo && options.goSource === undefined) continue;
      await session.run(block);
    }
    return session.differences;
  } finally {
    await session.end();
    removeScratch(folder);
  }
}

// The folder is a clone after `npm ci` to what is typed in it.
function environment(folder: string, goSource: string | undefined): Record<string, string> {
  for (const name of ['docs', 'final', 'package.json', 'proto', 'steps', 'test', 'tsconfig.json']) {
    fs.cpSync(path.join(REPOSITORY, name), path.join(folder, name), {
      recursive: true,
      filter: (from) => path.basename(from) !== 'dist',
    });
  }
  fs.symlinkSync(path.join(REPOSITORY, 'node_modules'), path.join(folder, 'node_modules'));
  // On a terminal curl shows no progress; here it would, since its output is read by a program.
  fs.writeFileSync(path.join(folder, '.curlrc'), 'no-progress-meter\n');
  const bin = path.join(folder, '.bin');
  fs.mkdirSync(bin);
  const etcdctl = findEtcdctl();
  if (etcdctl !== undefined) fs.symlinkSync(etcdctl, path.join(bin, 'etcdctl'));
  return {
    ETCDCTL_API: '3',
    PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`,
    CURL_HOME: folder,
    npm_config_update_notifier: 'false',
    ...(goSource === undefined ? {} : { ETCD_SOURCE: goSource }),
  };
}

class PageSession {
  readonly differences: Difference[] = [];
  readonly #folder: string;
  readonly #env: Record<string, string>;
  readonly #isUpdate: boolean;
  readonly #shell: Shell;
  readonly #terminals = new Map<number, Terminal>();

  constructor(folder: string, env: Record<string, string>, isUpdate: boolean) {
    this.#folder = folder;
    this.#env = env;
    this.#isUpdate = isUpdate;
    this.#shell = new Shell(folder, env);
  }

  async run(block: ConsoleBlock): Promise<void> {
    if (block.server !== undefined) return this.#runServer(block, block.server);
    for (const { text, prints, line } of block.commands) {
      const printed = await this.#shell.run(text, COMMAND_LIMIT_MS);
      if (!matches(prints, printed)) this.#differ(block, { text, prints, line }, printed);
    }
  }

  async #runServer(block: ConsoleBlock, number: number): Promise<void> {
    const running = this.#terminals.get(number);
    if (block.lead.length > 0) {
      if (running === undefined) throw new Error(`line ${block.line}: nothing runs in terminal ${number}`);
      await this.#expect(block, { text: '', prints: block.lead, line: -1 }, running);
    }
    for (const command of block.commands) {
      let terminal = this.#terminals.get(number);
      if (command.text === '^C') {
        if (terminal === undefined) throw new Error(`line ${block.line}: nothing runs in terminal ${number}`);
        terminal.interrupt();
      } else {
        if (terminal?.isRunning === true) throw new Error(`line ${block.line}: terminal ${number} is busy`);
        terminal = new Terminal(command.text, this.#folder, this.#env);
        this.#terminals.set(number, terminal);
      }
      await this.#expect(block, command, terminal);
      if (command.text === '^C') await terminal.ended(SERVER_LIMIT_MS);
    }
  }

  // Waits for what the page says; a terminal may say more later.
  async #expect(block: ConsoleBlock, command: Said, terminal: Terminal): Promise<void> {
    const isThere = (): boolean => matchLength(command.prints, terminal.unread()) !== undefined;
    const limitMs = this.#isUpdate ? QUIET_MS : SERVER_LIMIT_MS;
    if (await terminal.until(isThere, limitMs)) {
      terminal.take(matchLength(command.prints, terminal.unread()) ?? 0);
      return;
    }
    const printed = terminal.unread();
    this.#differ(block, command, printed);
    terminal.take(printed.length);
  }

  #differ(block: ConsoleBlock, { text, prints, line }: Said, printed: readonly string[]): void {
    const first = block.line + 1 + line + (text === '' ? 1 : text.split('\n').length);
    this.differences.push({ first, end: first + prints.length, command: text, said: prints, printed });
  }

  async end(): Promise<void> {
    this.#shell.end();
    for (const terminal of this.#terminals.values()) terminal.kill();
    for (const terminal of this.#terminals.values()) await terminal.ended(SERVER_LIMIT_MS);
  }
}

interface Said {
  readonly text: string;
  readonly prints: readonly string[];
  readonly line: number;
}
