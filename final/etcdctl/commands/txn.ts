// etcdctl txn: reads compares and two lists of requests from standard input, and sends them as one transaction.

import type { Init } from '../../../proto/load.ts';
import type { Compare, RequestOp } from '../../../proto/schema.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { parseCompare, trimSpace } from '../txn_grammar.ts';
import { parseRequest } from './txn_request.ts';

/** Each block of lines ends with an empty line; with -i a prompt comes before each. */
export async function runTxn(context: CommandContext): Promise<void> {
  if (context.args.length > 0) throw new ExitError(Exit.BadArgs, 'txn command does not accept argument');
  const client = await context.client();
  const lines = context.io.stdinLines()[Symbol.asyncIterator]();
  const prompt = (text: string): void => {
    if (context.flags.bool('interactive')) context.io.stdout.write(`${text}\n`);
  };
  prompt('compares:');
  const compare: Init<Compare>[] = [];
  for (let line = await nextLine(lines); line !== ''; line = await nextLine(lines)) compare.push(parseCompare(line));
  prompt('success requests (get, put, del):');
  const success = await readRequests(lines, context);
  prompt('failure requests (get, put, del):');
  const failure = await readRequests(lines, context);
  // No time limit, as on etcdctl: whoever types a transaction by hand may wait for it.
  context.printer.txn(await client.txn({ compare, success, failure }));
}

async function readRequests(lines: AsyncIterator<string>, { io }: CommandContext): Promise<Init<RequestOp>[]> {
  const requests: Init<RequestOp>[] = [];
  for (let line = await nextLine(lines); line !== ''; line = await nextLine(lines)) {
    requests.push(await parseRequest(line, io));
  }
  return requests;
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const next = await lines.next();
  if (next.done === true) throw new ExitError(Exit.InvalidInput, 'EOF');
  return trimSpace(next.value);
}
