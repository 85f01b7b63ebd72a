// etcdctl get.

import type { Init } from '../../../proto/load.ts';
import { type RangeRequest, RangeRequest_SortOrder, RangeRequest_SortTarget } from '../../../proto/schema.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { quote } from '../go_quote.ts';
import { keyRange, type Typed } from './key_range.ts';

/** Prints one key or a range of keys. */
export async function runGet(context: CommandContext): Promise<void> {
  const request = rangeRequest(context);
  const client = await context.client();
  const response = await client.range(request, context.callOptions);
  const valuesOnly = context.flags.bool('print-value-only');
  if (valuesOnly && context.printer.format !== 'simple') {
    throw new ExitError(Exit.BadArgs, 'print-value-only is only for `--write-out=simple`');
  }
  context.printer.get(response, valuesOnly);
}

/** Throws ExitError 128 or 4. Arguments behind the second are ignored. */
export function rangeRequest(typed: Typed): Init<RangeRequest> {
  const { flags } = typed;
  const range = keyRange(typed, 'get', Infinity);
  return {
    ...range,
    serializable: isSerializable(flags.text('consistency')),
    limit: flags.int64('limit'),
    revision: Math.max(flags.int64('rev'), 0),
    ...sorting(flags.text('order'), flags.text('sort-by')),
    keys_only: flags.bool('keys-only'),
  };
}

function isSerializable(consistency: string): boolean {
  if (consistency === 's') return true;
  if (consistency === 'l') return false;
  throw new ExitError(Exit.BadFeature, `unknown consistency flag ${quote(consistency)}`);
}

const orders: Readonly<Record<string, number>> = {
  '': RangeRequest_SortOrder.NONE,
  ASCEND: RangeRequest_SortOrder.ASCEND,
  DESCEND: RangeRequest_SortOrder.DESCEND,
};

const targets: Readonly<Record<string, number>> = {
  '': RangeRequest_SortTarget.KEY,
  CREATE: RangeRequest_SortTarget.CREATE,
  KEY: RangeRequest_SortTarget.KEY,
  MODIFY: RangeRequest_SortTarget.MOD,
  VALUE: RangeRequest_SortTarget.VALUE,
  VERSION: RangeRequest_SortTarget.VERSION,
};

function sorting(order: string, target: string): Pick<Init<RangeRequest>, 'sort_order' | 'sort_target'> {
  const sortOrder = orders[order.toUpperCase()];
  if (sortOrder === undefined) throw new ExitError(Exit.BadFeature, `bad sort order ${order}`);
  const sortTarget = targets[target.toUpperCase()];
  if (sortTarget === undefined) throw new ExitError(Exit.BadFeature, `bad sort target ${target}`);
  const ascending = sortOrder !== RangeRequest_SortOrder.DESCEND;
  // Keys come in ascending order anyway; asked for it, a server would read all of them before it applies a limit.
  if (sortTarget === RangeRequest_SortTarget.KEY && ascending) return {};
  return { sort_order: ascending ? RangeRequest_SortOrder.ASCEND : sortOrder, sort_target: sortTarget };
}
