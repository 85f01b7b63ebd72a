// What a command of etcdutl is: as one of etcdctl (../etcdctl/command.ts), but it works on files, without a connection.

import type { CommandContext, CommandNode } from '../etcdctl/command.ts';

/** What a running command gets. */
export type ToolContext = Pick<CommandContext, 'args' | 'flags' | 'io' | 'printer'>;

export interface Tool extends CommandNode<Tool> {
  /** One line in the list of commands. */
  readonly short: string;
  /** `status <filename>` */
  readonly use: string;
  /** Usage does not end in `[flags]`. */
  readonly bareUsage?: boolean;
  /** Flags that must be given. */
  readonly required?: readonly string[];
  /** Takes this many arguments; absent: the command looks itself. */
  readonly exactArgs?: number;
  /** Not listed; whoever uses it all the same is told this. */
  readonly deprecated?: string;
  /** Absent for a command that only has subcommands. Throws ExitError. */
  readonly run?: (context: ToolContext) => Promise<void>;
}
