// `check`: holds the chain against its rules as far as a program can tell. Each rule is a function that gives problems;
// the list below is the whole of what is checked.

import fs from 'node:fs';
import path from 'node:path';
import { type Chain, FINAL, type Link, numberOf } from './chain.ts';
import { type Command, UsageError } from './command.ts';
import { exportProblems, importProblems, noiseProblems } from './check_sources.ts';
import { countDifference, diffFolders } from './git.ts';
import { countLines, type Entry, readTree } from './tree.ts';

/** One broken rule. */
export interface Problem {
  /** `R1` … `R12`, or `steps.json`. */
  readonly rule: string;
  readonly text: string;
}

/** A step deletes at most this part of the lines of the files that it touches; over the whole chain the second. */
export const MAX_DELETED = { step: 0.2, chain: 0.07 } as const;

/** A link of the chain with its files. */
export interface LinkTree extends Link {
  readonly entries: readonly Entry[];
}

type Rule = (trees: readonly LinkTree[], chain: Chain) => Problem[];

const RULES: readonly Rule[] = [registered, samePaths, budgets, noNoise, nothingAhead, closedImports, portable];

/** Prints the problems; exit code 1 when there is one. */
export const check: Command = (args, { chain, print }) => {
  if (args.length > 0) throw new UsageError('usage: check');
  const problems = checkChain(chain);
  for (const { rule, text } of problems) print(`${rule} ${text}`);
  print(problems.length === 0 ? 'all rules hold' : `${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
};

/** All problems of a chain, in the order of the rules. */
export function checkChain(chain: Chain): Problem[] {
  const trees = chain.links.map(
    (link): LinkTree => ({ ...link, entries: readTree(path.join(chain.root, link.folder)) }),
  );
  return RULES.flatMap((rule) => rule(trees, chain));
}

/** steps.json names what is there, in order, and every flag that it claims is in the step's sources. */
function registered(trees: readonly LinkTree[], chain: Chain): Problem[] {
  const problems: Problem[] = [];
  const add = (text: string): void => void problems.push({ rule: 'steps.json', text });
  for (const [index, { slug, step, entries }] of trees.entries()) {
    if (entries.length === 0) add(`${slug}: there are no files`);
    if (step === undefined) continue;
    if (numberOf(slug) !== index + 1) add(`${slug}: the number should be ${index + 1}`);
    if (entries.length === 0) continue;
    const sources = entries.map(({ content }) => content.toString('utf8'));
    for (const flag of step.flags) {
      if (!sources.some((source) => source.includes(flag))) add(`${slug}: the flag ${flag} is nowhere in its files`);
    }
    if (step.can.length === 0) add(`${slug}: "can" is empty`);
  }
  const listed = new Set(trees.map(({ slug }) => slug));
  for (const entry of fs.readdirSync(path.join(chain.root, 'steps'), { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== 'tool' && !listed.has(entry.name)) add(`${entry.name}: is not listed`);
  }
  return problems;
}

/** R1: what a step has, final has at the same place, unless steps.json says why not. */
function samePaths(trees: readonly LinkTree[]): Problem[] {
  const final = new Set(trees.at(-1)?.entries.map((entry) => entry.path));
  const problems: Problem[] = [];
  for (const { slug, step, entries } of trees) {
    const gone = step?.gone ?? {};
    for (const { path: name } of entries) {
      if (!final.has(name) && !Object.hasOwn(gone, name)) {
        problems.push({ rule: 'R1', text: `${slug}: ${name} is not in ${FINAL} and not listed as gone` });
      }
    }
    for (const name of Object.keys(gone)) {
      const stale = final.has(name) || !entries.some((entry) => entry.path === name);
      if (stale) problems.push({ rule: 'R1', text: `${slug}: ${name} is listed as gone for no reason` });
    }
  }
  return problems;
}

/** R3: the lines that a step adds and deletes. Final has no budget. */
function budgets(trees: readonly LinkTree[], chain: Chain): Problem[] {
  const problems: Problem[] = [];
  const add = (text: string): void => void problems.push({ rule: 'R3', text });
  const all = { deleted: 0, touched: 0 };
  for (const { previous, tree } of neighbours(trees)) {
    if (tree.step === undefined) continue;
    const { added, deleted } = countDifference(chain.root, { from: previous?.folder, to: tree.folder });
    const [least, most] = tree.step.budget.added;
    if (added < least || added > most) add(`${tree.slug}: adds ${added} lines, its budget is ${least} to ${most}`);
    const touched = previous === undefined ? 0 : linesTouched(previous, tree);
    if (deleted > touched * MAX_DELETED.step) {
      add(
        `${tree.slug}: deletes ${deleted} of the ${touched} lines that it touches, more than ${percent(MAX_DELETED.step)}`,
      );
    }
    all.deleted += deleted;
    all.touched += touched;
  }
  if (all.deleted > all.touched * MAX_DELETED.chain) {
    add(`the chain deletes ${all.deleted} of ${all.touched} touched lines, more than ${percent(MAX_DELETED.chain)}`);
  }
  return problems;
}

/** R4: no hunk between steps changes only comments or blanks. */
function noNoise(trees: readonly LinkTree[], chain: Chain): Problem[] {
  return neighbours(trees).flatMap(({ previous, tree }) => {
    if (previous === undefined || tree.step === undefined) return [];
    const folders = { from: previous.folder, to: tree.folder };
    const text = diffFolders(chain.root, folders, ['--unified=0', '--inter-hunk-context=2']);
    return noiseProblems(text).map((where): Problem => ({ rule: 'R4', text: `${tree.slug}: ${where}` }));
  });
}

/** R8: a step exports only what another of its files uses. */
function nothingAhead(trees: readonly LinkTree[]): Problem[] {
  return trees.flatMap((tree) =>
    tree.step === undefined
      ? []
      : exportProblems(tree.entries).map((text): Problem => ({ rule: 'R8', text: `${tree.slug}: ${text}` })),
  );
}

/** R10: imports stay inside the step, `node:`, declared packages and proto/. */
function closedImports(trees: readonly LinkTree[], chain: Chain): Problem[] {
  const packages = declaredPackages(chain.root);
  return trees.flatMap((tree) =>
    importProblems({ root: chain.root, folder: tree.folder, entries: tree.entries, packages }).map(
      (text): Problem => ({ rule: 'R10', text: `${tree.slug}: ${text}` }),
    ),
  );
}

/** R12: no links, no CRLF, no shell scripts, in the steps, final and this tool. */
function portable(trees: readonly LinkTree[], chain: Chain): Problem[] {
  const tool = { slug: 'tool', entries: readTree(path.join(chain.root, 'steps', 'tool')) };
  return [...trees, tool].flatMap(({ slug, entries }) =>
    entries.flatMap(({ path: name, isLink, content }) => {
      const what: string[] = [];
      if (isLink) what.push('is a symbolic link');
      if (content.includes('\r\n')) what.push('has CRLF line ends');
      if (/\.(sh|bash|bat|cmd|ps1)$/.test(name) || /^#!.*\b(ba|z)?sh\b/.test(content.toString('latin1', 0, 80))) {
        what.push('is a shell script');
      }
      return what.map((text): Problem => ({ rule: 'R12', text: `${slug}: ${name} ${text}` }));
    }),
  );
}

/** Each link that has files with the one before it that has. */
function neighbours(trees: readonly LinkTree[]): { previous: LinkTree | undefined; tree: LinkTree }[] {
  const written = trees.filter(({ entries }) => entries.length > 0);
  return written.map((tree, index) => ({ previous: written[index - 1], tree }));
}

/** Lines of those files of `previous` that `tree` changes or has no more. */
function linesTouched(previous: LinkTree, tree: LinkTree): number {
  const now = new Map(tree.entries.map((entry) => [entry.path, entry.content]));
  return previous.entries
    .filter((entry) => now.get(entry.path)?.equals(entry.content) !== true)
    .reduce((sum, entry) => sum + countLines(entry.content), 0);
}

function declaredPackages(root: string): ReadonlySet<string> {
  const file = path.join(root, 'package.json');
  const content = JSON.parse(fs.readFileSync(file, 'utf8')) as { dependencies?: Record<string, string> };
  return new Set(Object.keys(content.dependencies ?? {}));
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
