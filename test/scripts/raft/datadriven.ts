// Reads and runs test scripts: commands with the output they must have. The format is that of the data files of etcd's
// raft (cockroachdb/datadriven).
//
//   # comment
//   command arg key=value key=(value, value)
//   input lines
//   ----
//   expected output, up to the first blank line
//
// When the line after `----` is `----` again, the output may have blank lines and ends with two such lines.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

/** One command of a script. */
export interface Directive {
  readonly command: string;
  readonly args: readonly { readonly key: string; readonly values: readonly string[] }[];
  readonly input: string;
  readonly expected: string;
  /** Line number of the command, from 1. */
  readonly line: number;
}

// Where the output of a directive is in its file, to rewrite it.
interface ParsedDirective extends Directive {
  readonly outputFrom: number;
  readonly outputTo: number;
}

/** The values of an argument, or undefined when it is not there. */
export function argument(directive: Directive, key: string): readonly string[] | undefined {
  return directive.args.find((arg) => arg.key === key)?.values;
}

/** Runs the commands of a script one after another and returns the output of each. */
export type Runner = (directive: Directive) => string;

/**
 * Makes a test of each `*.txt` in `folder`; `newRunner` begins a script. With UPDATE=1 in the environment and `mayUpdate`,
 * the files get the actual output.
 */
export function testScripts(folder: string, newRunner: () => Runner, mayUpdate = false): void {
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    const name = path.join(folder, file);
    void test(name, () => {
      if (mayUpdate && process.env.UPDATE === '1') rewriteScript(name, newRunner());
      else runScript(name, newRunner());
    });
  }
}

/** Like {@link testScripts} for a folder of etcd's, which may be absent and has that many commands in all its files. */
export function testForeignScripts(folder: string, commands: number, newRunner: () => Runner): void {
  if (!fs.existsSync(folder)) {
    void test(`scripts of ${folder}`, { skip: 'the folder is absent' }, () => {});
    return;
  }
  testScripts(folder, newRunner);
  void test(`${folder} has ${commands} commands`, () => {
    let count = 0;
    for (const file of fs.readdirSync(folder)) count += runScript(path.join(folder, file), newRunner());
    assert.equal(count, commands);
  });
}

/** Runs a script; throws at the first command whose output differs. Returns the number of commands. */
export function runScript(file: string, run: Runner): number {
  const directives = parseScript(fs.readFileSync(file, 'utf8'));
  assert.ok(directives.length > 0, `${file} has no commands`);
  for (const directive of directives) {
    const message = `${file}:${directive.line}: ${directive.command}`;
    assert.equal(withNewline(run(directive)), withNewline(directive.expected), message);
  }
  return directives.length;
}

function rewriteScript(file: string, run: Runner): void {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const out: string[] = [];
  let at = 0;
  for (const directive of parseScript(lines.join('\n'))) {
    out.push(...lines.slice(at, directive.outputFrom), ...withNewline(run(directive)).trimEnd().split('\n'));
    at = directive.outputTo;
  }
  out.push(...lines.slice(at));
  fs.writeFileSync(file, out.join('\n'));
}

/** Splits a script into its commands. */
export function parseScript(text: string): ParsedDirective[] {
  const lines = text.split('\n');
  const directives: ParsedDirective[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = at + 1;
    let head = (lines[at++] as string).trim();
    if (head === '' || head.startsWith('#')) continue;
    while (head.endsWith('\\')) head = head.slice(0, -1) + (lines[at++] ?? '').trim();
    const input: string[] = [];
    while (at < lines.length && lines[at] !== '----') input.push(lines[at++] as string);
    assert.ok(at < lines.length, `line ${line}: a command without ----`);
    at++;
    const isLong = lines[at] === '----';
    if (isLong) at++;
    const outputFrom = at;
    while (at < lines.length && !(isLong ? lines[at] === '----' && lines[at + 1] === '----' : lines[at] === '')) at++;
    const expected = lines.slice(outputFrom, at).join('\n');
    const outputTo = at;
    if (isLong) at += 2;
    const [command, ...words] = splitWords(head);
    directives.push({
      command: command as string,
      args: words.map(parseArgument),
      input: input.join('\n').trim(),
      expected,
      line,
      outputFrom,
      outputTo,
    });
  }
  return directives;
}

// Words are separated by spaces outside of parentheses.
function splitWords(head: string): string[] {
  const words: string[] = [];
  let depth = 0;
  let word = '';
  for (const letter of head) {
    if (letter === '(') depth++;
    if (letter === ')') depth--;
    if (/\s/.test(letter) && depth === 0) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      word += letter;
    }
  }
  if (word !== '') words.push(word);
  return words;
}

function parseArgument(word: string): { key: string; values: string[] } {
  const equals = word.indexOf('=');
  if (equals < 0) return { key: word, values: [] };
  const key = word.slice(0, equals);
  const value = word.slice(equals + 1);
  if (!value.startsWith('(')) return { key, values: [value] };
  const inner = value.slice(1, -1).trim();
  return { key, values: inner === '' ? [] : inner.split(',').map((each) => each.trim()) };
}

function withNewline(text: string): string {
  return `${text.replace(/\n+$/, '')}\n`;
}
