// The help text of a command, byte for byte as etcdctl prints it (spec/cli.md C.1; golden cases help-*). Users read it, and
// scripts and shell completions are made from it.

import type { Command, FlagSpec } from './command.ts';
import { helpFlag, inheritedFlags } from './lookup.ts';

/** The release whose command line this is. */
export const etcdctlVersion = '3.4.23';

/** The API that it speaks, as help and `version` name it. */
export const apiVersion = '3.4';

const tabWidth = 8;

/**
 * @param path the command and those above it, the root first
 * @returns the text, with its last line end
 */
export function helpText(path: readonly Command[]): string {
  const command = path.at(-1);
  if (command === undefined) throw new RangeError('the path of a command is not empty');
  const isRoot = path.length === 1;
  const sections = [`NAME:\n\t${displayName(path)} - ${command.short}\n`, `USAGE:\n\t${usageLine(path, command)}\n`];
  if (isRoot) sections.push(`VERSION:\n\t${etcdctlVersion}\n`);
  if (command.subcommands !== undefined) {
    sections.push(`API VERSION:\n\t${apiVersion}\n\n`, `COMMANDS:\n${commandLines(command, isRoot)}`);
  }
  if (command.long !== undefined) sections.push(`DESCRIPTION:\n${indent(command.long)}\n`);
  const own = [...command.flags, ...(command.persistentFlags ?? []), helpFlag(command.name)];
  sections.push(`OPTIONS:\n${flagLines(own)}`);
  const inherited = inheritedFlags(path);
  if (inherited.length > 0) sections.push(`GLOBAL OPTIONS:\n${flagLines(inherited)}`);
  return `${sections.join('\n')}\n`;
}

/** `lease grant`, without the program; the program for the root. */
function displayName(path: readonly Command[]): string {
  const names = path.map((command) => command.name);
  return names.slice(names.length > 1 ? 1 : 0).join(' ');
}

function usageLine(path: readonly Command[], command: Command): string {
  const above = path.slice(0, -1).map((parent) => parent.name);
  return [...above, command.use, ...(command.bareUsage === true ? [] : ['[flags]'])].join(' ');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `\t${line}`)
    .join('\n');
}

/** The root lists the commands that can be run, wherever they stand in the tree; others list their own. */
function commandLines(command: Command, isRoot: boolean): string {
  const below = isRoot ? leaves(command) : (command.subcommands ?? []).map((sub) => ({ name: sub.name, sub }));
  const rows = below.map(({ name, sub }) => [name, sub.short] as const);
  return alignColumns(
    rows.sort(([a], [b]) => (a < b ? -1 : 1)),
    '\t',
  );
}

function leaves(command: Command, above = ''): { name: string; sub: Command }[] {
  return (command.subcommands ?? []).flatMap((sub) => {
    const name = `${above}${sub.name}`;
    return sub.subcommands === undefined ? [{ name, sub }] : leaves(sub, `${name} `);
  });
}

function flagLines(flags: readonly FlagSpec[]): string {
  const sorted = [...flags].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = sorted.map((flag) => {
    const shorthand = flag.shorthand === undefined ? '    ' : `-${flag.shorthand}, `;
    return [`${shorthand}--${flag.name}${shownDefault(flag)}`, flag.help] as const;
  });
  return alignColumns(rows, '  ');
}

function shownDefault(flag: FlagSpec): string {
  switch (flag.type) {
    case 'bool':
      return `[=${flag.default}]`;
    case 'string':
      return `="${flag.default}"`;
    case 'strings':
      return `=[${flag.default}]`;
    case 'int64':
    case 'uint':
    case 'duration':
      return `=${flag.default}`;
  }
}

/** Two columns set apart by tabs, with at least one column of screen between them. */
function alignColumns(rows: readonly (readonly [string, string])[], margin: string): string {
  const offset = margin === '\t' ? 0 : margin.length;
  const widest = Math.max(...rows.map(([left]) => left.length + offset));
  const stop = Math.ceil((widest + 1) / tabWidth) * tabWidth;
  const line = ([left, right]: readonly [string, string]): string => {
    const tabs = Math.ceil((stop - left.length - offset) / tabWidth);
    return `${margin}${left}${'\t'.repeat(tabs)}${right}\n`;
  };
  return rows.map(line).join('');
}
