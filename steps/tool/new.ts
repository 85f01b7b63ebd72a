// `new N slug`: begins a step as a copy of the last one and registers it.

import fs from 'node:fs';
import path from 'node:path';
import { loadChain, type Step } from './chain.ts';
import { type Command, UsageError } from './command.ts';
import { readTree, writeFile } from './tree.ts';

/** Lines that a step may add when nothing else is said (docs of the chain, R3). */
export const DEFAULT_BUDGET = [250, 480] as const;

/** Copies and registers; the step must be the next one at the end of the chain. */
export const newStep: Command = (args, { chain, print }) => {
  const [number, slug] = args;
  if (number === undefined || slug === undefined || !/^[a-z][a-z0-9-]*$/.test(slug)) {
    throw new UsageError('usage: new N slug (small letters, digits, dashes)');
  }
  const steps = chain.links.flatMap(({ step }) => (step === undefined ? [] : [step]));
  if (Number(number) !== steps.length + 1) throw new UsageError(`the next step is ${steps.length + 1}`);
  const last = steps.at(-1);
  const folder = `${String(steps.length + 1).padStart(2, '0')}-${slug}`;
  const target = path.join(chain.root, 'steps', folder);
  if (fs.existsSync(target)) throw new Error(`steps/${folder} is there already`);
  if (last !== undefined) {
    for (const entry of readTree(path.join(chain.root, 'steps', last.slug))) {
      writeFile(path.join(target, entry.path), entry.content);
    }
  }
  const title = slug.replaceAll('-', ' ');
  const step: Step = { slug: folder, title, budget: { added: DEFAULT_BUDGET }, flags: last?.flags ?? [], can: [] };
  fs.writeFileSync(path.join(chain.root, 'steps', 'steps.json'), stepsFile([...steps, step]));
  loadChain(chain.root);
  print(
    `steps/${folder} is a copy of ${last?.slug ?? 'nothing'}; give it a title and what it can do in steps/steps.json`,
  );
  return 0;
};

/** The text of steps.json, in the form that the formatter of the repository leaves alone. */
export function stepsFile(steps: readonly Step[]): string {
  const text = JSON.stringify({ steps }, undefined, 2);
  const short = text.replace(
    /^( *)(.*)\[\n([^[\]{}]*?)\n *\](,?)$/gm,
    (whole, indent: string, head: string, list: string, end: string) => {
      const line = `${indent}${head}[${list
        .split('\n')
        .map((item) => item.trim())
        .join(' ')}]${end}`;
      return line.length <= 120 ? line : whole;
    },
  );
  return `${short}\n`;
}
