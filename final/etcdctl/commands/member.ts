// etcdctl member list.

import type { CommandContext } from '../command.ts';

/** Prints the members of the cluster. */
export async function runMemberList(context: CommandContext): Promise<void> {
  const client = await context.client();
  context.printer.memberList(await client.memberList(context.callOptions));
}
