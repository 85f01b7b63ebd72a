// What the reading tools share: where they work, how they print, and how they fail.

import fs from 'node:fs';
import path from 'node:path';
import { type Chain, findLink, type Link, loadChain } from '../../steps/tool/chain.ts';

/** What a command works with. */
export interface Workplace {
  readonly chain: Chain;
  /** The folder that relative paths of the command line are relative to. */
  readonly cwd: string;
  /** Prints one line, or several with line ends between them. */
  readonly print: (text: string) => void;
}

/** A command gets its arguments and gives the exit code of the program. */
export type Command = (args: readonly string[], place: Workplace) => Promise<number> | number;

/** A command line that makes no sense; the program prints the text and exits with 2. */
export class UsageError extends Error {}

/** The code that a command looks at: an element of the chain, or a tree of Go sources. */
export type Code = { readonly kind: 'chain'; readonly link: Link } | { readonly kind: 'go'; readonly folder: string };

/**
 * The code that `--in NAME` means: a step by number or slug, `final`, or a folder with a go.mod.
 * Throws an Error that says what there is.
 */
export function findCode(name: string, { chain, cwd }: Workplace): Code {
  if (name === '') throw new Error('--in is empty: is ETCD_SOURCE set to the folder of the Go sources?');
  const folder = path.resolve(cwd, name);
  if (fs.existsSync(path.join(folder, 'go.mod'))) return { kind: 'go', folder };
  try {
    return { kind: 'chain', link: findLink(chain, name.replace(/^steps\//, '').replace(/\/$/, '')) };
  } catch (error) {
    if (!/[/\\.]/.test(name)) throw error;
    throw new Error(`${name}: neither a step nor a folder with a go.mod`);
  }
}

/** The same, where only an element of the chain makes sense. Throws an Error for a folder of Go sources. */
export function findStep(name: string, place: Workplace): Link {
  const code = findCode(name, place);
  if (code.kind === 'go')
    throw new Error('this command runs a server of the chain; a tree of Go sources cannot be run here');
  return code.link;
}

/** A workplace in the repository of this file, printing with `print`. */
export function workplace(print: (text: string) => void): Workplace {
  return { chain: loadChain(), cwd: process.cwd(), print };
}
