// A small repository in a scratch folder with steps and final, for the tests of the tool.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { main } from '../../../steps/tool/main.ts';
import { makeScratch } from '../../harness/scratch.ts';

/** Files below the root: path → text. */
export type Files = Readonly<Record<string, string>>;

/** A repository that tests write to and run the tool on. */
export class Fixture {
  readonly root: string = makeScratch();

  constructor(files: Files) {
    this.write({
      'package.json': '{ "dependencies": { "yaml": "1" } }',
      'steps/tool/main.ts': '',
      'steps/steps.json': stepsJson(['01-one', '02-two', '03-three']),
      ...files,
    });
    this.git('init', '-q');
    this.commit();
  }

  write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.root, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
    }
  }

  /** The text of a file; undefined when it is not there. */
  read(name: string): string | undefined {
    const file = path.join(this.root, name);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
  }

  remove(name: string): void {
    fs.rmSync(path.join(this.root, name));
  }

  commit(): void {
    this.git('add', '-A');
    this.git('-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'commit.gpgsign=false', 'commit', '-q', '-m', 'state');
  }

  /** Runs the tool; gives its exit code and what it printed, in lines. */
  async tool(...args: string[]): Promise<{ code: number; lines: string[] }> {
    const printed: string[] = [];
    const code = await main(args, { root: this.root, print: (text) => printed.push(text) });
    return { code, lines: printed.join('\n').split('\n') };
  }

  git(...args: string[]): void {
    execFileSync('git', args, { cwd: this.root, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** A steps.json with these slugs, a wide budget, and more fields for some. */
export function stepsJson(slugs: readonly string[], more: Readonly<Record<string, object>> = {}): string {
  const steps = slugs.map((slug) => ({
    slug,
    title: slug,
    budget: { added: [0, 1000] },
    flags: [],
    can: ['something'],
    ...more[slug],
  }));
  return JSON.stringify({ steps });
}

/** Numbered lines, with some replaced: `numbered(5, { 2: 'two' })`. */
export function numbered(count: number, replaced: Readonly<Record<number, string>> = {}): string {
  return Array.from({ length: count }, (_, index) => `${replaced[index + 1] ?? `line ${index + 1}`}\n`).join('');
}
