// etcdctl compaction.

import { type CommandContext, Exit, ExitError } from '../command.ts';
import { int64Number, parseInt64 } from '../flag_value.ts';

/** Forgets what keys were before a revision. */
export async function runCompaction(context: CommandContext): Promise<void> {
  const [text, ...others] = context.args;
  if (text === undefined || others.length > 0) throw new ExitError(Exit.BadArgs, 'compaction command needs 1 argument');
  const parsed = parseInt64(text, 10);
  if ('error' in parsed) throw new ExitError(Exit.Error, parsed.error);
  const client = await context.client();
  const request = { revision: int64Number(parsed.value), physical: context.flags.bool('physical') };
  await client.compact(request, context.callOptions);
  context.io.stdout.write(`compacted revision ${parsed.value}\n`);
}
