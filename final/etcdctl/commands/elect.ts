// etcdctl elect.

import { Election } from '../../client/concurrency/election.ts';
import { Session } from '../../client/concurrency/session.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { encodeText } from '../text.ts';
import { orExit, whenAborted } from './session_errors.ts';

/** Stands for an office and holds it until it is told to stop; or prints who holds it. */
export async function runElect(context: CommandContext): Promise<void> {
  const { args, flags } = context;
  const [name, proposal, ...others] = args;
  if (name === undefined || others.length > 0) {
    throw badArgs('elect takes one election name argument and an optional proposal argument');
  }
  const listens = flags.bool('listen');
  await context.client();
  if (proposal === undefined && !listens) throw badArgs('no proposal argument but -l not set');
  if (proposal !== undefined && listens) throw badArgs('proposal given but -l is set');
  await orExit(() => (proposal === undefined ? observe(context, name) : campaign(context, name, proposal)));
}

async function observe(context: CommandContext, name: string): Promise<void> {
  const election = new Election(await context.client(), encodeText(name));
  const stop = context.io.interrupted();
  try {
    for await (const { header, kv } of election.observe({ signal: stop })) {
      context.printer.get({ header, kvs: [kv], more: false, count: 0 });
    }
  } catch (error) {
    if (error instanceof ExitError) throw error;
    if (!stop.aborted) throw new ExitError(Exit.Error, 'elect: observer lost');
  }
}

async function campaign(context: CommandContext, name: string, proposal: string): Promise<void> {
  const store = await context.client();
  const session = await Session.open({ store });
  const election = new Election(store, encodeText(name));
  const stop = context.io.interrupted();
  const { lease } = session;
  const { candidacy } = await election.campaign({ lease, value: encodeText(proposal) }, { signal: stop });
  context.printer.get(await store.range({ key: candidacy.key }, { signal: stop }));
  await whenAborted(AbortSignal.any([stop, session.done]));
  if (!stop.aborted) throw new ExitError(Exit.Error, 'elect: session expired');
  await election.resign(candidacy);
}

function badArgs(message: string): ExitError {
  return new ExitError(Exit.BadArgs, message);
}
