// How a flag grows along the chain: where it begins, and in which step its entry, its field or its uses change.

import type { Sources } from '../site/source/program.ts';
import type { Workplace } from './command.ts';
import { type FlagStory, flagNames, followFlag } from './flag_ts.ts';
import { didYouMean } from './suggest.ts';
import { CallGraph } from '../site/source/call_graph.ts';
import { TsCode } from '../site/source/code.ts';

// Final differs in more than a line can hold.
const MOST_FACTS = 6;

/** Prints a table with a line for each element of the chain. Throws an Error when none has the flag. */
export function followEach(sources: Sources, name: string, { chain, print }: Workplace): number {
  const known = new Set<string>();
  let before: string[] | undefined;
  const lines: string[] = [];
  for (const { slug, folder } of chain.links) {
    const code = new TsCode(sources, folder);
    for (const one of flagNames(code)) known.add(one);
    const story = followFlag(code, new CallGraph(code), name);
    const now = story === undefined ? undefined : factsOf(story);
    lines.push(`${slug.padEnd(19)}${changeOf(before, now)}`);
    before = now;
  }
  if (!known.has(name)) throw new Error(`no step has a flag "${name}"${didYouMean(name, known)}`);
  print([`--${name}, step by step`, '', ...lines].join('\n'));
  return 0;
}

// What is told of a flag, without line numbers: they change with everything above them.
function factsOf({ type, byDefault, fields, named }: FlagStory): string[] {
  return [
    `type ${type}, default ${byDefault === '' ? 'empty' : byDefault}`,
    ...fields.map((field) => `sets Config.${field.name}`),
    ...fields.flatMap((field) => field.uses.map((use) => `${field.name} in ${use.symbol}`)),
    ...named.map((one) => `named in ${one.symbol}`),
  ].filter((fact, i, all) => all.indexOf(fact) === i);
}

function changeOf(before: readonly string[] | undefined, now: readonly string[] | undefined): string {
  if (now === undefined) return before === undefined ? '–' : 'gone';
  if (before === undefined) return `new: ${some(now)}`;
  const added = now.filter((fact) => !before.includes(fact)).map((fact) => `+ ${fact}`);
  const gone = before.filter((fact) => !now.includes(fact)).map((fact) => `− ${fact}`);
  return some([...added, ...gone]) || 'as before';
}

function some(facts: readonly string[]): string {
  const more = facts.length - MOST_FACTS;
  return facts.slice(0, MOST_FACTS).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
