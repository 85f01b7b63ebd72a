// What a watch is about, from the words of its command line: `watch [options] key [range_end] [-- command …]`, typed as a
// command or as a line of an interactive watch (spec/cli.md C.6).

import type { WatchRequest } from '../../client/watcher.ts';
import { prefixRange } from '../../client/prefix.ts';
import { type CommandContext, Exit, ExitError, type FlagSpec, type FlagValues } from '../command.ts';
import { FlagSet, parseArgs, UsageError } from '../flags.ts';
import { quote } from '../go_quote.ts';
import { encodeText } from '../text.ts';

/** Flags of `watch`. */
export const watchFlags: readonly FlagSpec[] = [
  { name: 'interactive', shorthand: 'i', type: 'bool', default: 'false', help: 'Interactive mode' },
  { name: 'prefix', type: 'bool', default: 'false', help: 'Watch on a prefix if prefix is set' },
  {
    name: 'prev-kv',
    type: 'bool',
    default: 'false',
    help: 'get the previous key-value pair before the event happens',
  },
  { name: 'rev', type: 'int64', default: '0', help: 'Revision to start watching' },
];

/** Keys in the environment, in place of those on the command line. */
export const keyVariable = 'ETCDCTL_WATCH_KEY';
export const rangeEndVariable = 'ETCDCTL_WATCH_RANGE_END';

/** Keys that the environment names. */
export interface WatchEnvironment {
  /** Empty: none. */
  readonly key: string;
  readonly rangeEnd: string;
}

export interface WatchWords {
  /** Key and end of the range; there may be fewer, or more. */
  readonly keys: readonly string[];
  /** To run for each event; empty: none. */
  readonly command: readonly string[];
  readonly flags: FlagValues;
}

/** @throws ExitError 128 for an end without a key */
export function watchEnvironment(env: CommandContext['env']): WatchEnvironment {
  const key = env[keyVariable] ?? '';
  const rangeEnd = env[rangeEndVariable] ?? '';
  if (key === '' && rangeEnd !== '') {
    throw badArgs(`${keyVariable} is empty but got ${rangeEndVariable}=${quote(rangeEnd)}`);
  }
  return { key, rangeEnd };
}

/** @throws ExitError 128 */
export function watchWords(
  { args, argsBeforeDash, flags }: Pick<CommandContext, 'args' | 'argsBeforeDash' | 'flags'>,
  environment: WatchEnvironment,
): WatchWords {
  if (argsBeforeDash === args.length) throw badArgs('bad number of arguments (found separator --, but no commands)');
  const typed = args.slice(0, argsBeforeDash);
  const command = argsBeforeDash === undefined ? [] : args.slice(argsBeforeDash);
  if (environment.key === '') {
    if (typed.length === 0) throw badArgs('bad number of arguments');
    return { keys: typed, command, flags };
  }
  if (typed.length > 0) throw badArgs('bad number of arguments (found conflicting environment key)');
  const { key, rangeEnd } = environment;
  return { keys: rangeEnd === '' ? [key] : [key, rangeEnd], command, flags };
}

/**
 * @param words behind `watch` on a line of an interactive watch
 * @throws ExitError 128
 */
export function watchLineWords(words: readonly string[], environment: WatchEnvironment): WatchWords {
  const flags = new FlagSet(watchFlags);
  try {
    const args = parseArgs(words, flags);
    const { argsBeforeDash } = flags;
    // A command without a key is refused only when the watch is made, which is no reason to end.
    const isCommandAlone = argsBeforeDash === 0 && args.length > 0 && environment.key === '';
    if (isCommandAlone) return { keys: [], command: args, flags };
    return watchWords({ args, argsBeforeDash, flags }, environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const asksForHelp = /^unknown (shorthand flag: 'h' in|flag: --help$)/.test(error.message);
    throw badArgs(asksForHelp ? 'pflag: help requested' : error.message);
  }
}

/** What is behind the second key is ignored. Throws ExitError 128 for no key, and for an end together with --prefix. */
export function watchRequest({ keys, flags }: WatchWords): WatchRequest {
  if (keys.length === 0) throw badArgs('bad number of arguments');
  const [key = '', rangeEnd = ''] = keys;
  const isPrefix = flags.bool('prefix');
  if (keys.length === 2 && isPrefix) throw badArgs('`range_end` and `--prefix` are mutually exclusive');
  const first = encodeText(key);
  const range = isPrefix
    ? prefixRange(first)
    : { key: first, range_end: encodeText(keys.length === 2 ? rangeEnd : '') };
  return { ...range, start_revision: flags.int64('rev'), prev_kv: flags.bool('prev-kv') };
}

function badArgs(message: string): ExitError {
  return new ExitError(Exit.BadArgs, message);
}
