// The block `console`: commands and what they print. A test runs all of a page and compares (test/docs).

import { escapeHtml } from '../source/highlight.ts';

/** One command of a console block and what it prints. */
export interface Command {
  /** As it is typed, continued lines joined by line ends. */
  readonly text: string;
  readonly prints: readonly string[];
  /** Line within the block, from 0. */
  readonly line: number;
}

/** A console block. */
export interface Session {
  /** Number of the terminal of a program that stays in the foreground, undefined for commands that end. */
  readonly server: number | undefined;
  /** Whether it needs the Go source of etcd. */
  readonly isGo: boolean;
  /** Lines printed before the first command: further output of a program that runs already. */
  readonly lead: readonly string[];
  readonly commands: readonly Command[];
}

/** Reads the words behind `console` and the lines of a block. Throws an Error for another form. */
export function parseSession(content: string, words: readonly string[]): Session {
  const [kind, number, ...rest] = words;
  if ((kind !== undefined && kind !== 'server' && kind !== 'go') || rest.length > 0) {
    throw new Error(`a console block is \`console\`, \`console server 1\` or \`console go\``);
  }
  const isServer = kind === 'server';
  const server = isServer ? Number(number ?? '1') : undefined;
  if (isServer && !(server !== undefined && server >= 1 && server <= 9)) throw new Error(`no terminal ${number}`);
  const lead: string[] = [];
  const commands: { text: string; prints: string[]; line: number }[] = [];
  let isContinued = false;
  for (const [line, text] of content.replace(/\n$/, '').split('\n').entries()) {
    const last = commands.at(-1);
    if (text.startsWith('$ ')) commands.push({ text: text.slice(2), prints: [], line });
    else if (isContinued && last !== undefined && text.startsWith('> ')) last.text += `\n${text.slice(2)}`;
    else (last?.prints ?? lead).push(text);
    isContinued = (text.startsWith('$ ') || (isContinued && text.startsWith('> '))) && text.endsWith('\\');
  }
  if (!isServer && lead.length > 0) throw new Error('a console block begins with a command: $ …');
  if (lead.length + commands.length === 0) throw new Error('an empty console block');
  return { server, isGo: kind === 'go', lead, commands };
}

/** Renders a console block; the prompts are no part of what is copied. */
export function renderConsole(content: string, words: readonly string[]): string {
  const { server, isGo, lead, commands } = parseSession(content, words);
  const note = server !== undefined ? `terminal ${server}` : isGo ? 'needs the Go source of etcd in ETCD_SOURCE' : '';
  const title = note === '' ? '' : `<figcaption>${note}</figcaption>`;
  const parts = [...lead.map(outputHtml), ...commands.map(commandHtml)];
  return `<figure class="console${server === undefined ? '' : ' server'}">${title}<pre tabindex=0><code>${parts.join('\n')}</code></pre></figure>\n`;
}

function commandHtml({ text, prints }: Command): string {
  const html = text === '^C' ? '<kbd>^C</kbd>' : `<span class=cmd>${escapeHtml(text)}</span>`;
  return [html, ...prints.map(outputHtml)].join('\n');
}

function outputHtml(line: string): string {
  return `<samp>${escapeHtml(line)}</samp>`;
}
