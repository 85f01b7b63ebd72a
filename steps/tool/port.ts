// `port N [--base REV]`: carries what changed in step N (the working tree against REV, HEAD by default) forward through
// the chain. Each step hands its own change to the next one, because neighbours differ least. The walk stops behind the
// first step with a conflict; once that is resolved, `port` of that step goes on from there.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Chain, findLink, type Link } from './chain.ts';
import { type Command, UsageError } from './command.ts';
import { filesAt, mergeFile } from './git.ts';
import { readTree, writeFile } from './tree.ts';

/** What happened to one changed file in one step. */
export type Ported =
  | { readonly kind: 'merged' | 'added' | 'deleted' }
  /** Nothing was left to do. */
  | { readonly kind: 'nothing'; readonly reason: string }
  | { readonly kind: 'conflict'; readonly reason: string };

/** One file before and after a change; undefined = not there. */
interface Change {
  readonly path: string;
  readonly base: Buffer | undefined;
  readonly next: Buffer | undefined;
}

/** Exit code 1 when it stopped at a conflict. */
export const port: Command = (args, { chain, print }) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { base: { type: 'string', default: 'HEAD' } },
    allowPositionals: true,
  });
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new UsageError('usage: port N [--base REV]');
  let from = findLink(chain, name);
  const marked = readTree(path.join(chain.root, from.folder)).filter(({ content }) => hasConflictMarks(content));
  if (marked.length > 0) {
    for (const entry of marked) print(`${from.slug}: ${entry.path} still has conflict marks`);
    return 1;
  }
  if (changesOf(chain, from, values.base).length === 0) {
    print(`${from.slug}: nothing changed since ${values.base}`);
    return 0;
  }
  for (const to of chain.links.slice(chain.links.indexOf(from) + 1)) {
    const changes = changesOf(chain, from, values.base);
    if (changes.length === 0) return 0;
    const results = changes.map((change) => ({ change, result: applyChange({ chain, change, from, to }) }));
    const carried = new Set(changesOf(chain, to, values.base).map((change) => change.path));
    for (const { change, result } of results)
      print(`${change.path}: ${describe(result, to, carried.has(change.path))}`);
    const conflicts = results.filter(({ result }) => result.kind === 'conflict');
    if (conflicts.length > 0) {
      print(`stopped at ${to.slug}: resolve ${conflicts.map(({ change }) => change.path).join(', ')},`);
      print(`then go on with: port ${to.slug}${values.base === 'HEAD' ? '' : ` --base ${values.base}`}`);
      return 1;
    }
    from = to;
  }
  for (const change of changesOf(chain, from, values.base)) print(`${change.path}: carried to ${from.slug}, the end`);
  return 0;
};

/** Whether a text has the marks that `port` leaves for a conflict. */
export function hasConflictMarks(content: Buffer): boolean {
  return /^<{7} .*\n[^]*^={7}$[^]*^>{7} /m.test(content.toString('latin1'));
}

/** Says what happened. A file that `to` has as before hands nothing on: there the fix ends. */
function describe(result: Ported, to: Link, carried: boolean): string {
  if (result.kind === 'conflict') return `conflict in ${to.slug}: ${result.reason}`;
  if (result.kind !== 'nothing') return `${result.kind} in ${to.slug}`;
  return carried ? `was in ${to.slug} already` : `ended in ${to.slug}: ${result.reason}`;
}

function applyChange(options: { chain: Chain; change: Change; from: Link; to: Link }): Ported {
  const { chain, change, from, to } = options;
  const file = path.join(chain.root, to.folder, change.path);
  const current = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
  const { base, next } = change;
  if (same(current, next))
    return { kind: 'nothing', reason: next === undefined ? 'it is not there' : 'it is so already' };
  if (next === undefined) {
    if (!same(current, base)) return { kind: 'conflict', reason: `deleted in ${from.slug}, but it differs here` };
    fs.rmSync(file);
    return { kind: 'deleted' };
  }
  if (current === undefined) {
    if (base !== undefined) return { kind: 'nothing', reason: 'it is not there' };
    writeFile(file, next);
    return { kind: 'added' };
  }
  if (same(current, base)) {
    writeFile(file, next);
    return { kind: 'merged' };
  }
  const merge = mergeFile(
    { current, base: base ?? Buffer.alloc(0), next },
    { current: to.slug, base: `${from.slug} before`, next: `${from.slug} now` },
  );
  if (merge.kind === 'binary') return { kind: 'conflict', reason: 'it is no text and differs here' };
  if (same(merge.content, current)) return { kind: 'nothing', reason: 'it is so already' };
  writeFile(file, merge.content);
  if (merge.kind === 'clean') return { kind: 'merged' };
  return { kind: 'conflict', reason: `${merge.conflicts} marked` };
}

/** What differs between a step in the working tree and in `revision`. */
function changesOf(chain: Chain, link: Link, revision: string): Change[] {
  let before = filesAt(chain.root, revision, link.folder);
  // A step that is younger than the revision was not changed by being made: what counts is what was carried into it.
  if (before.size === 0) before = filesAt(chain.root, 'HEAD', link.folder);
  const now = new Map(readTree(path.join(chain.root, link.folder)).map((entry) => [entry.path, entry.content]));
  const paths = [...new Set([...before.keys(), ...now.keys()])].sort();
  return paths
    .map((name): Change => ({ path: name, base: before.get(name), next: now.get(name) }))
    .filter(({ base, next }) => !same(base, next));
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
