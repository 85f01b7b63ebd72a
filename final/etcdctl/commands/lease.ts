// etcdctl lease grant, revoke, timetolive, list and keep-alive.

import { ClientError } from '../../client/errors.ts';
import { leaseText } from '../cells.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { int64Number, parseInt64 } from '../flag_value.ts';

/** Makes a lease. */
export async function runLeaseGrant(context: CommandContext): Promise<void> {
  const text = oneArgument(context, 'lease grant command needs TTL argument');
  const ttl = parseInt64(text, 10);
  if ('error' in ttl) throw new ExitError(Exit.BadArgs, `bad TTL (${ttl.error})`);
  const client = await context.client();
  const granted = client.leaseGrant(int64Number(ttl.value), context.callOptions);
  context.printer.leaseGrant(await orFailed(granted, 'failed to grant lease'));
}

/** Ends a lease; its keys are deleted. */
export async function runLeaseRevoke(context: CommandContext): Promise<void> {
  const id = leaseId(oneArgument(context, 'lease revoke command needs 1 argument'));
  const client = await context.client();
  const revoked = client.leaseRevoke(id, context.callOptions);
  context.printer.leaseRevoke(await orFailed(revoked, 'failed to revoke lease'), id);
}

/** Prints how long a lease has to live; for one that is gone too. */
export async function runLeaseTimeToLive(context: CommandContext): Promise<void> {
  const ID = leaseId(oneArgument(context, 'lease timetolive command needs lease ID as argument'));
  const keys = context.flags.bool('keys');
  const client = await context.client();
  context.printer.leaseTimeToLive(await client.leaseTimeToLive({ ID, keys }, context.callOptions), keys);
}

/** Prints the IDs of all leases. */
export async function runLeaseList(context: CommandContext): Promise<void> {
  const client = await context.client();
  context.printer.leaseList(await client.leaseList(context.callOptions));
}

/** Renews a lease until it is lost, or once; prints every answer. */
export async function runLeaseKeepAlive(context: CommandContext): Promise<void> {
  const id = leaseId(oneArgument(context, 'lease keep-alive command needs lease ID as argument'));
  const { flags, io } = context;
  const client = await context.client();
  if (flags.bool('once')) {
    try {
      return context.printer.leaseKeepAlive(await client.leaseKeepAliveOnce(id));
    } catch (error) {
      if (error instanceof ClientError) throw new ExitError(Exit.BadConnection, error.message);
      throw error;
    }
  }
  for await (const answer of client.leaseKeepAlive(id)) context.printer.leaseKeepAlive(answer);
  if (context.printer.format === 'simple') io.stdout.write(`lease ${leaseText(id)} expired or revoked.\n`);
}

function oneArgument({ args }: CommandContext, otherwise: string): string {
  const [text, ...others] = args;
  if (text === undefined || others.length > 0) throw new ExitError(Exit.BadArgs, otherwise);
  return text;
}

function leaseId(text: string): bigint {
  const parsed = parseInt64(text, 16);
  if ('value' in parsed) return parsed.value;
  throw new ExitError(Exit.BadArgs, `bad lease ID arg (${parsed.error}), expecting ID in Hex`);
}

async function orFailed<T>(answer: Promise<T>, what: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError) throw new ExitError(Exit.Error, `${what} (${error.message})`);
    throw error;
  }
}
