// Which keys a get or a del is about: one key, from one to another, or with --prefix or --from-key. The same rules hold for
// the requests of a txn.

import { prefixEnd } from '../../client/prefix.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { encodeText } from '../text.ts';

/** What was typed behind the name of a command. */
export type Typed = Pick<CommandContext, 'args' | 'flags'>;

export interface KeyRange {
  readonly key: Uint8Array;
  readonly range_end: Uint8Array;
}

/** As a key: the first one that there can be. As an end: there is none. */
const zero = Uint8Array.of(0);

/**
 * @param command `get` or `del`
 * @param maxArgs beyond which arguments are refused rather than ignored
 * @throws ExitError 128
 */
export function keyRange({ args, flags }: Typed, command: string, maxArgs: number): KeyRange {
  const [key, end] = args;
  if (key === undefined || args.length > maxArgs) {
    const needs = 'one argument as key and an optional argument as range_end';
    throw new ExitError(Exit.BadArgs, `${command} command needs ${needs}`);
  }
  const [prefix, fromKey] = [flags.bool('prefix'), flags.bool('from-key')];
  if (prefix && fromKey) {
    throw new ExitError(Exit.BadArgs, '`--prefix` and `--from-key` cannot be set at the same time, choose one');
  }
  if (!prefix && !fromKey) return { key: encodeText(key), range_end: encodeText(end ?? '') };
  if (end !== undefined) {
    const when = 'when `--prefix` or `--from-key` is set';
    throw new ExitError(Exit.BadArgs, `too many arguments, only accept one argument ${when}`);
  }
  if (key === '') return { key: zero, range_end: zero };
  const first = encodeText(key);
  return { key: first, range_end: prefix ? prefixEnd(first) : zero };
}
