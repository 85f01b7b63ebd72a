// etcdctl move-leader.

import type { Client } from '../../client/client.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { givenEndpoints } from '../connect_options.ts';
import { parseUint64 } from '../flag_value.ts';

/** Asks the leader, which must be one of the endpoints, to let another member lead. */
export async function runMoveLeader(context: CommandContext): Promise<void> {
  const [text, ...others] = context.args;
  if (text === undefined || others.length > 0) {
    throw new ExitError(Exit.BadArgs, 'move-leader command needs 1 argument');
  }
  const target = parseUint64(text, 16);
  if ('error' in target) throw new ExitError(Exit.BadArgs, target.error);
  // Checks the endpoints, and authenticates.
  await context.client();
  const { client, leader } = await findLeader(context);
  await client.moveLeader(target.value, context.callOptions);
  context.printer.moveLeader(leader, target.value);
}

async function findLeader(context: CommandContext): Promise<{ readonly client: Client; readonly leader: bigint }> {
  const endpoints = givenEndpoints(context.globals);
  for (const endpoint of endpoints) {
    const client = await context.clientOf(endpoint);
    const { header, leader } = await client.status(endpoint, context.callOptions);
    if (header?.member_id === leader) return { client, leader };
  }
  throw new ExitError(Exit.BadArgs, `no leader endpoint given at [${endpoints.join(' ')}]`);
}
