// etcdctl del.

import type { Init } from '../../../proto/load.ts';
import type { DeleteRangeRequest } from '../../../proto/schema.ts';
import type { CommandContext } from '../command.ts';
import { keyRange, type Typed } from './key_range.ts';

/** Deletes keys, and prints how many there were. */
export async function runDel(context: CommandContext): Promise<void> {
  const request = deleteRequest(context);
  const client = await context.client();
  context.printer.del(await client.deleteRange(request, context.callOptions));
}

/** Throws ExitError 128. */
export function deleteRequest(typed: Typed): Init<DeleteRangeRequest> {
  return { ...keyRange(typed, 'del', 2), prev_kv: typed.flags.bool('prev-kv') };
}
