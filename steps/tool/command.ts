// What the commands of the tool share: where they work, how they print, and how they fail.

import type { Chain } from './chain.ts';

/** What a command works with. */
export interface Workplace {
  readonly chain: Chain;
  /** Prints one line, or several with line ends between them. */
  readonly print: (text: string) => void;
}

/** A command gets its arguments and gives the exit code of the program. */
export type Command = (args: readonly string[], place: Workplace) => Promise<number> | number;

/** A command line that makes no sense; the program prints the text and exits with 2. */
export class UsageError extends Error {}

/** The only or first argument. Throws a UsageError with `usage` when it is missing. */
export function firstArgument(args: readonly string[], usage: string): string {
  const [first] = args;
  if (first === undefined) throw new UsageError(`usage: ${usage}`);
  return first;
}
