// Stands in for a command that the tree has, so that its help and its flags are right, but that cannot be run so far.

import type { Command } from '../command.ts';
import { Exit, ExitError } from '../command.ts';

/**
 * @param path of the command without the program, for example `lease grant`
 * @returns what refuses to run it, with exit status 1
 */
export function notYet(path: string): Pick<Required<Command>, 'offline' | 'run'> {
  return {
    offline: true,
    run: () => Promise.reject(new ExitError(Exit.Error, `etcdctl ${path} is not yet implemented`)),
  };
}
