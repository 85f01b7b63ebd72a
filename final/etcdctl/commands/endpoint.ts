// etcdctl endpoint health, status and hashkv: what each endpoint says about itself.

import { ClientError } from '../../client/errors.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { givenEndpoints } from '../connect_options.ts';
import { formatDuration } from '../go_duration.ts';
import type { EndpointHash, EndpointHealth, EndpointStatus } from '../printer.ts';
import { encodeText } from '../text.ts';

/** Any key does: an answer shows that a quorum is there. */
const probedKey = 'health';

/** Asks all endpoints at once; the fastest is printed first. */
export async function runHealth(context: CommandContext): Promise<void> {
  const endpoints = await wantedEndpoints(context);
  const { printer } = context;
  const results: EndpointHealth[] = [];
  await Promise.all(endpoints.map(async (endpoint) => results.push(await health(context, endpoint))));
  printer.endpointHealth(results);
  if (results.some(({ healthy }) => !healthy)) throw new ExitError(Exit.Error, 'unhealthy cluster');
}

async function health(context: CommandContext, endpoint: string): Promise<EndpointHealth> {
  const start = process.hrtime.bigint();
  const error = await probe(context, endpoint);
  return { endpoint, healthy: error === '', took: formatDuration(process.hrtime.bigint() - start), error };
}

/** @returns what is wrong, or nothing; who may not read the key was answered all the same */
async function probe(context: CommandContext, endpoint: string): Promise<string> {
  try {
    const client = await context.clientOf(endpoint);
    await client.range({ key: encodeText(probedKey) }, context.callOptions);
    return '';
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return error.details === 'etcdserver: permission denied' ? '' : error.message;
  }
}

/** One endpoint that fails does not keep the others from being printed; it makes for the exit status. */
export async function runStatus(context: CommandContext): Promise<void> {
  const client = await context.client();
  const results: EndpointStatus[] = [];
  let failed = false;
  for (const endpoint of await wantedEndpoints(context)) {
    try {
      results.push({ endpoint, status: await client.status(endpoint, context.callOptions) });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      failed = true;
      context.io.stderr.write(`Failed to get the status of endpoint ${endpoint} (${error.message})\n`);
    }
  }
  context.printer.endpointStatus(results);
  if (failed) throw new ExitError(Exit.Error, '');
}

/** As {@link runStatus}, but the last error is told once more. */
export async function runHashKV(context: CommandContext): Promise<void> {
  const revision = context.flags.int64('rev');
  const client = await context.client();
  const results: EndpointHash[] = [];
  let failure: ClientError | undefined;
  for (const endpoint of await wantedEndpoints(context)) {
    try {
      results.push({ endpoint, hash: await client.hashKV(endpoint, revision, context.callOptions) });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      failure = error;
      context.io.stderr.write(`Failed to get the hash of endpoint ${endpoint} (${error.message})\n`);
    }
  }
  context.printer.endpointHashKV(results);
  if (failure !== undefined) throw new ExitError(Exit.Error, failure.message);
}

/** @returns those of the command line, or with --cluster the client URLs of all members. */
export async function wantedEndpoints(context: CommandContext): Promise<string[]> {
  if (!context.globals.bool('cluster')) return givenEndpoints(context.globals);
  const client = await context.client();
  try {
    const { members } = await client.memberList(context.callOptions);
    return members.flatMap((member) => member.clientURLs);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new ExitError(Exit.Error, `failed to fetch endpoints from etcd cluster member list: ${error.message}`);
  }
}
