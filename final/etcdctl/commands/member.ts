// etcdctl member list, add, remove, update and promote.

import { parseUrl } from '../../etcdmain/urls.ts';
import type { Client } from '../../client/client.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { parseUint64 } from '../flag_value.ts';
import { quote } from '../go_quote.ts';

/** Prints the members of the cluster. */
export async function runMemberList(context: CommandContext): Promise<void> {
  const client = await context.client();
  context.printer.memberList(await client.memberList(context.callOptions));
}

/** Adds a member, and prints what has to be said to it when it is started. */
export async function runMemberAdd(context: CommandContext): Promise<void> {
  const name = memberName(context.args);
  const urls = context.flags.text('peer-urls');
  const peerURLs = peerUrls(urls);
  const isLearner = context.flags.bool('learner');
  const client = await context.client();
  checkUrls(peerURLs);
  const response = await client.memberAdd({ peerURLs, isLearner }, context.callOptions);
  const { printer, io } = context;
  printer.memberAdd(response);
  if (printer.format !== 'simple') return;
  const { members } = await listOf(client, response.header?.member_id, context);
  const newId = response.member?.ID;
  const shown = members.flatMap(({ ID, name: known, peerURLs: own }) =>
    own.map((url) => `${ID === newId ? name : known}=${url}`),
  );
  const settings = [
    `ETCD_NAME=${quote(name)}`,
    `ETCD_INITIAL_CLUSTER=${quote(shown.join(','))}`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS=${quote(urls)}`,
    'ETCD_INITIAL_CLUSTER_STATE="existing"',
  ];
  io.stdout.write(`\n${settings.join('\n')}\n`);
}

/** Removes a member. */
export async function runMemberRemove(context: CommandContext): Promise<void> {
  const id = memberId(context.args);
  const client = await context.client();
  context.printer.memberRemove(await client.memberRemove(id, context.callOptions), id);
}

/** Tells the cluster that a member can be reached elsewhere. */
export async function runMemberUpdate(context: CommandContext): Promise<void> {
  const id = memberId(context.args);
  const peerURLs = peerUrls(context.flags.text('peer-urls'));
  const client = await context.client();
  checkUrls(peerURLs);
  context.printer.memberUpdate(await client.memberUpdate({ ID: id, peerURLs }, context.callOptions), id);
}

/** Makes a voter of a learner. */
export async function runMemberPromote(context: CommandContext): Promise<void> {
  const id = memberId(context.args);
  const client = await context.client();
  context.printer.memberPromote(await client.memberPromote(id, context.callOptions), id);
}

type MemberList = Awaited<ReturnType<Client['memberList']>>;

// The list of the member that has made the change: others may not have heard of it. A read through the quorum lets whoever
// answers it catch up.
async function listOf(client: Client, memberId: bigint | undefined, context: CommandContext): Promise<MemberList> {
  let wanted = memberId;
  for (;;) {
    const list = await client.memberList(context.callOptions);
    if (list.header?.member_id === wanted) return list;
    const { header } = await client.range({ key: Buffer.from('_') }, context.callOptions);
    wanted = header?.member_id;
  }
}

function memberName([name, ...others]: readonly string[]): string {
  if (name === undefined) throw new ExitError(Exit.BadArgs, 'member name not provided');
  if (others.length === 0) return name;
  const urls = [name, ...others].filter((arg) => arg.toLowerCase().startsWith('http'));
  const hints = urls.map((url) => `, did you mean --peer-urls=${url}`);
  throw new ExitError(Exit.BadArgs, `too many arguments${hints.join('')}`);
}

function memberId([text, ...others]: readonly string[]): bigint {
  if (text === undefined || others.length > 0) throw new ExitError(Exit.BadArgs, 'member ID is not provided');
  const parsed = parseUint64(text, 16);
  if ('value' in parsed) return parsed.value;
  throw new ExitError(Exit.BadArgs, `bad member ID arg (${parsed.error}), expecting ID in Hex`);
}

function peerUrls(text: string): string[] {
  if (text === '') throw new ExitError(Exit.BadArgs, 'member peer urls not provided');
  return text.split(',');
}

// A URL that no member can have is not sent; the server would not look at that of an update.
function checkUrls(urls: readonly string[]): void {
  for (const url of urls) {
    try {
      parseUrl(url.trim());
    } catch (error) {
      throw new ExitError(Exit.Error, (error as Error).message);
    }
  }
}
