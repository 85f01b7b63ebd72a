// The figure of the appendix `commands`: every command of etcdctl, from its table.

import type { Command } from '../../../final/etcdctl/command.ts';
import { rootCommand } from '../../../final/etcdctl/command_table.ts';
import { escapeHtml } from '../source/highlight.ts';
import { table } from './table.ts';

/** Renders the commands with their usage, in alphabetic order. */
export function commands(): string {
  const rows = leaves(rootCommand, [])
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, command }) => {
      const usage = command.use === command.name ? '' : escapeHtml(command.use.slice(command.name.length).trim());
      return `<tr><th scope=row><code>${escapeHtml(path)}</code></th><td><code>${usage}</code></td><td>${escapeHtml(command.short)}</td></tr>`;
    });
  return table('commands of etcdctl', ['command', 'arguments', 'what it does'], rows);
}

function leaves(command: Command, above: readonly string[]): { path: string; command: Command }[] {
  return (command.subcommands ?? []).flatMap((sub) => {
    const path = [...above, sub.name];
    return sub.subcommands === undefined ? [{ path: path.join(' '), command: sub }] : leaves(sub, path);
  });
}
