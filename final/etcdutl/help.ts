// The help text of a command, byte for byte as etcdutl 3.5 prints it: cobra's own form.

import type { FlagSpec } from '../etcdctl/command.ts';
import { helpFlag, inheritedFlags } from '../etcdctl/lookup.ts';
import type { Tool } from './tool.ts';

/** Columns that names of commands take at least. */
const nameColumns = 11;

const zeroValues: ReadonlySet<string> = new Set(['', '0', 'false']);

/**
 * @param path the command and those above it, the root first
 * @returns the text, with its last line end
 */
export function helpText(path: readonly Tool[]): string {
  const tool = path.at(-1);
  if (tool === undefined) throw new RangeError('the path of a command is not empty');
  const names = path.map((part) => part.name).join(' ');
  const sections = [`Usage:\n  ${usageLine(path, tool)}\n`];
  const below = (tool.subcommands ?? []).filter((sub) => sub.deprecated === undefined);
  if (below.length > 0) sections.push(`Available Commands:\n${commandLines(below)}`);
  const own = [...tool.flags, ...(tool.persistentFlags ?? []), helpFlag(tool.name)];
  sections.push(`Flags:\n${flagLines(own)}`);
  const inherited = inheritedFlags(path);
  if (inherited.length > 0) sections.push(`Global Flags:\n${flagLines(inherited)}`);
  if (below.length > 0) sections.push(`Use "${names} [command] --help" for more information about a command.\n`);
  return sections.join('\n');
}

function usageLine(path: readonly Tool[], tool: Tool): string {
  const above = path.slice(0, -1).map((parent) => parent.name);
  if (tool.subcommands !== undefined) return [...above, tool.name, '[command]'].join(' ');
  return [...above, tool.use, ...(tool.bareUsage === true ? [] : ['[flags]'])].join(' ');
}

function commandLines(tools: readonly Tool[]): string {
  const sorted = [...tools].sort((a, b) => (a.name < b.name ? -1 : 1));
  const columns = Math.max(nameColumns, ...sorted.map(({ name }) => name.length));
  return sorted.map(({ name, short }) => `  ${name.padEnd(columns)} ${short}\n`).join('');
}

function flagLines(flags: readonly FlagSpec[]): string {
  const sorted = [...flags].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = sorted.map((flag) => {
    const shorthand = flag.shorthand === undefined ? '    ' : `-${flag.shorthand}, `;
    const type = flag.type === 'bool' ? '' : ` ${flag.type === 'int64' ? 'int' : flag.type}`;
    return [`  ${shorthand}--${flag.name}${type}`, `${flag.help}${shownDefault(flag)}`] as const;
  });
  const widest = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(widest)}   ${right}\n`).join('');
}

function shownDefault(flag: FlagSpec): string {
  if (zeroValues.has(flag.default)) return '';
  return ` (default ${flag.type === 'string' ? `"${flag.default}"` : flag.default})`;
}
