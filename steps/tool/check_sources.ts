// The rules that look into source texts: hunks without code, exports without users, imports that lead outside. They read
// lines and words, not syntax: quick, without a dependency, and right for formatted code.

import fs from 'node:fs';
import path from 'node:path';
import type { Entry } from './tree.ts';

/** `file:line` of every hunk of a unified diff that changes existing files only in comments or blanks. */
export function noiseProblems(diff: string): string[] {
  const problems: string[] = [];
  for (const file of diff.split(/^(?=diff --git )/m)) {
    const name = /^\+\+\+ b\/(.*)$/m.exec(file)?.[1];
    // A file that is new or gone has /dev/null on one side.
    if (name === undefined || /^--- \/dev\/null$/m.test(file)) continue;
    for (const hunk of file.split(/^(?=@@ )/m).slice(1)) {
      const line = /^@@ -\S+ \+(\d+)/.exec(hunk)?.[1] ?? '?';
      const lines = hunk.split('\n').slice(1);
      if (codeOf(lines, '-') === codeOf(lines, '+')) problems.push(`${name}:${line} changes only comments or blanks`);
    }
  }
  return problems;
}

/** The code of all lines that start with `sign`, without comment lines and blanks. */
function codeOf(lines: readonly string[], sign: '-' | '+'): string {
  return lines
    .filter((line) => line.startsWith(sign))
    .map((line) => line.slice(1).trim())
    .filter((line) => !/^(\/\/|\/\*|\*\/|\*( |$))/.test(line))
    .join('')
    .replace(/\s/g, '');
}

/**
 * Exported names of `entries` that no other file of `entries` mentions. A type that its own file mentions again is part of
 * another export's signature and may stay.
 */
export function exportProblems(entries: readonly Entry[]): string[] {
  const sources = sourcesOf(entries);
  const problems: string[] = [];
  for (const [name, text] of sources) {
    const others = [...sources].filter(([other]) => other !== name).map(([, source]) => source);
    for (const exported of exportedNames(text)) {
      const word = new RegExp(`(?<![\\w$])${exported.name.replaceAll('$', '\\$')}(?![\\w$])`, 'g');
      if (others.some((source) => source.match(word) !== null)) continue;
      if (exported.isType && (text.match(word) ?? []).length > 1) continue;
      problems.push(`${name} exports ${exported.name}, which no file uses`);
    }
  }
  return problems;
}

/** Imports of `entries` that lead out of the folder to anything but `node:`, declared packages and proto/. */
export function importProblems(options: {
  root: string;
  folder: string;
  entries: readonly Entry[];
  packages: ReadonlySet<string>;
}): string[] {
  const problems: string[] = [];
  const inside = path.join(options.root, options.folder) + path.sep;
  const proto = path.join(options.root, 'proto') + path.sep;
  for (const [name, text] of sourcesOf(options.entries)) {
    for (const specifier of importedNames(text)) {
      if (specifier.startsWith('node:')) continue;
      if (!specifier.startsWith('.')) {
        const parts = specifier.split('/');
        const declared = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
        if (!options.packages.has(declared)) problems.push(`${name} imports ${specifier}, which is not declared`);
        continue;
      }
      const target = path.join(inside, path.dirname(name), specifier);
      if (!target.startsWith(inside) && !target.startsWith(proto))
        problems.push(`${name} imports ${specifier}, outside`);
      else if (!fs.existsSync(target)) problems.push(`${name} imports ${specifier}, which is not there`);
    }
  }
  return problems;
}

function sourcesOf(entries: readonly Entry[]): Map<string, string> {
  const sources = entries.filter((entry) => /\.[cm]?[jt]s$/.test(entry.path) && !entry.isLink);
  return new Map(sources.map((entry) => [entry.path, entry.content.toString('utf8')]));
}

function exportedNames(text: string): { name: string; isType: boolean }[] {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(const|let|function\*?|class|interface|type) ([\w$]+)/gm;
  const listed = /^export (?:type )?\{([^}]*)\}/gm;
  const inLists = [...text.matchAll(listed)].flatMap(([, list = '']) => list.split(','));
  const names = inLists.map((item) =>
    item
      .replace(/^.* as /s, '')
      .replace(/^\s*type /, '')
      .trim(),
  );
  return [
    ...[...text.matchAll(declared)].map(([, kind = '', name = '']) => ({ name, isType: /interface|type/.test(kind) })),
    ...names.filter((name) => name !== '').map((name) => ({ name, isType: false })),
  ];
}

function importedNames(text: string): string[] {
  const statement = /^(?:import|export)\s+(?:[\w$*\s{},]+?\s+from\s+)?'([^']+)'/gm;
  const dynamic = /\bimport\('([^']+)'\)/g;
  return [statement, dynamic].flatMap((form) => [...text.matchAll(form)].map(([, name = '']) => name));
}
