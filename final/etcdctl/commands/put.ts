// etcdctl put.

import type { Init } from '../../../proto/load.ts';
import type { PutRequest } from '../../../proto/schema.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { parseInt64 } from '../flag_value.ts';
import { encodeText } from '../text.ts';
import type { Typed } from './key_range.ts';

/** Puts a key, and prints what was there before if asked to. */
export async function runPut(context: CommandContext): Promise<void> {
  const request = await putRequest(context, () => context.io.readStdin());
  const client = await context.client();
  context.printer.put(await client.put(request, context.callOptions));
}

/**
 * @param readStdin gives the value when it is not among the arguments
 * @throws ExitError 128
 */
export async function putRequest({ args, flags }: Typed, readStdin: () => Promise<Buffer>): Promise<Init<PutRequest>> {
  const [key, value] = args;
  const keepValue = flags.bool('ignore-value');
  if (key === undefined) throw missingValue();
  if (keepValue && value !== undefined) {
    throw new ExitError(Exit.BadArgs, "put command needs only 1 argument when 'ignore-value' is set");
  }
  return {
    key: encodeText(key),
    value: keepValue ? new Uint8Array() : await valueOrStdin(value, readStdin),
    lease: leaseId(flags.text('lease')),
    prev_kv: flags.bool('prev-kv'),
    ignore_value: keepValue,
    ignore_lease: flags.bool('ignore-lease'),
  };
}

/** All of standard input is the value, with the line end that it may have. */
async function valueOrStdin(value: string | undefined, readStdin: () => Promise<Buffer>): Promise<Buffer> {
  if (value !== undefined) return encodeText(value);
  const input = await readStdin();
  if (input.length === 0) throw missingValue();
  return input;
}

function missingValue(): ExitError {
  return new ExitError(Exit.BadArgs, 'put command needs 1 argument and input from stdin or 2 arguments');
}

function leaseId(text: string): bigint {
  const parsed = parseInt64(text, 16);
  if ('value' in parsed) return parsed.value;
  throw new ExitError(Exit.BadArgs, `bad lease ID (${parsed.error}), expecting ID in Hex`);
}
