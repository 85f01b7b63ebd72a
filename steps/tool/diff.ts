// `diff A B`: the lesson between two steps as a unified diff, made by `git diff --no-index`.

import { findLink } from './chain.ts';
import { type Command, UsageError } from './command.ts';
import { diffFolders } from './git.ts';

/** Prints the diff; exit code 0 also when there is one. */
export const diff: Command = (args, { chain, print }) => {
  const [from, to] = args;
  if (from === undefined || to === undefined || args.length > 2) throw new UsageError('usage: diff A B');
  const folders = { from: findLink(chain, from).folder, to: findLink(chain, to).folder };
  const text = diffFolders(chain.root, folders);
  if (text !== '') print(text.replace(/\n$/, ''));
  return 0;
};
