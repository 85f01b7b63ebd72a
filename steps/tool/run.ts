// `run N [flags]`: starts the server of a step, or final, in the current folder, with its flags as given. A step that keeps data gets
// a directory of its own, unless one is given: what another step or final has written there it may not understand.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { findLink } from './chain.ts';
import { type Command, firstArgument } from './command.ts';

/** Runs the server until it ends; the exit code is the server's, and a signal that ended it ends the tool as well. */
export const run: Command = async (args, { chain }) => {
  const link = findLink(chain, firstArgument(args, 'run N [flags of the server]'));
  const file = path.join(chain.root, link.folder, 'bin', 'etcd.ts');
  const flags = args.slice(1);
  if (link.step?.flags.includes('data-dir') === true && !flags.some((flag) => /^--?data-dir(=|$)/.test(flag))) {
    flags.push('--data-dir', `${link.slug}.etcd`);
  }
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file, ...flags], {
    stdio: 'inherit',
  });
  // Ctrl-C reaches the server by itself, a signal to the tool alone does not; the tool stays until the server is gone.
  const ignore = (): void => undefined;
  const forward = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...exit) => resolve(exit));
  });
  process.off('SIGINT', ignore);
  process.off('SIGTERM', forward);
  if (signal !== null) process.kill(process.pid, signal);
  return code ?? 1;
};
