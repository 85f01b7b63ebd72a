// etcdctl watch.

import { ClientError } from '../../client/errors.ts';
import { isProgressNotify, watchError } from '../../client/watch_response.ts';
import type { Event, WatchResponse } from '../../../proto/schema.ts';
import { eventName } from '../cells.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { quote } from '../go_quote.ts';
import { splitWords } from '../txn_grammar.ts';
import {
  type WatchEnvironment,
  watchEnvironment,
  watchLineWords,
  watchRequest,
  type WatchWords,
  watchWords,
} from './watch_words.ts';

/** What is printed of a watch that ended without an answer of the server. */
const lostWatch: WatchResponse = {
  header: undefined,
  watch_id: 0n,
  created: false,
  canceled: true,
  compact_revision: 0,
  cancel_reason: '',
  fragment: false,
  events: [],
};

/** Prints the events of a key or of a range until it is killed or the server ends the watch. */
export async function runWatch(context: CommandContext): Promise<void> {
  const environment = watchEnvironment(context.env);
  if (context.flags.bool('interactive')) return watchInteractively(context, environment);
  const words = watchWords(context, environment);
  await context.client();
  await printWatch(context, words);
  throw new ExitError(Exit.Interrupted, 'watch is canceled by the server');
}

/** Reads what to watch from standard input; all watches print. Ends at the end of input, which is an error. */
async function watchInteractively(context: CommandContext, environment: WatchEnvironment): Promise<void> {
  await context.client();
  const stop = new AbortController();
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  const reading = (async () => {
    for await (const line of context.io.stdinLines()) {
      const watch = await interpret(line, context, environment);
      if (watch !== undefined) printWatch(context, watch, stop.signal).catch(fail);
    }
    throw new ExitError(Exit.InvalidInput, 'Error reading watch request line: EOF');
  })();
  try {
    await Promise.race([failed, reading]);
  } finally {
    stop.abort();
  }
}

/** @returns what to watch, when it is that */
async function interpret(
  line: string,
  context: CommandContext,
  environment: WatchEnvironment,
): Promise<WatchWords | undefined> {
  const complain = (text: string): undefined => {
    context.io.stderr.write(`Invalid command${text}\n`);
  };
  const [command, ...words] = splitWords(line);
  switch (command) {
    case undefined:
      return complain(`: ${line} (watch and progress supported)`);
    case 'progress':
      (await context.client()).requestProgress({ requireLeader: true });
      return undefined;
    case 'watch': {
      if (words.length === 0 && environment.key === '') {
        return complain(` ${line} (command type or key is not provided)`);
      }
      const watch = watchLineWords(words, environment);
      try {
        watchRequest(watch);
      } catch (error) {
        if (error instanceof ExitError) return complain(` ${line} (${error.message})`);
        throw error;
      }
      return watch;
    }
    default:
      return complain(` ${line} (only support watch)`);
  }
}

/** Returns when the watch ends. Throws ExitError 1 when the command for an event fails, and the reason of the signal. */
async function printWatch(context: CommandContext, words: WatchWords, signal?: AbortSignal): Promise<void> {
  const client = await context.client();
  try {
    for await (const response of client.watch(watchRequest(words), { requireLeader: true, signal })) {
      const error = watchError(response);
      if (error !== undefined) return printEnd(context, response, error);
      if (isProgressNotify(response)) {
        context.io.stdout.write(`progress notify: ${response.header?.revision ?? 0}\n`);
      }
      context.printer.watch(response);
      if (words.command.length > 0) await runForEvents(context, response, words.command);
    }
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    printEnd(context, lostWatch, error);
  }
}

function printEnd({ io, printer }: CommandContext, response: WatchResponse, error: ClientError): void {
  io.stderr.write(`watch was canceled (${error.message})\n`);
  // Of one that was refused only that is shown.
  printer.watch(response.created ? lostWatch : response);
}

async function runForEvents(
  { io, env }: CommandContext,
  { header, events }: WatchResponse,
  command: readonly string[],
): Promise<void> {
  for (const event of events) {
    const failure = await io.run(command, { ...env, ...eventVariables(event, header?.revision ?? 0) });
    if (failure === undefined) continue;
    io.stderr.write(`command [${command.map(quote).join(' ')}] error (${failure})\n`);
    throw new ExitError(Exit.Error, '');
  }
}

function eventVariables(event: Event, revision: number): Record<string, string> {
  const none = new Uint8Array();
  return {
    ETCD_WATCH_REVISION: revision.toString(),
    ETCD_WATCH_EVENT_TYPE: quote(eventName(event)),
    ETCD_WATCH_KEY: quote(event.kv?.key ?? none),
    ETCD_WATCH_VALUE: quote(event.kv?.value ?? none),
  };
}
