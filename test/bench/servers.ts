// The servers that are compared: started together, filled with the same keys, and loaded in turn while the others idle.

import fs from 'node:fs';
import path from 'node:path';
import { KV, Maintenance, type MethodDefinition } from '../../proto/load.ts';
import type { Init } from '../../proto/codec.ts';
import { freePort } from '../harness/ports.ts';
import { Server, type StartOptions } from '../harness/server.ts';
import { parseTarget, type Target } from '../harness/target.ts';
import { freshBundle } from './bundle.ts';
import { preload } from './workloads.ts';

/** Names of servers on the command line. */
export const SERVER_NAMES = ['final', 'sources', 'real', 'real-no-fsync', 'real35', 'real35-no-fsync'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** A real etcd compacts in the background, and with `physical` answers when that is over. */
const COMPACT_LIMIT_MS = 120_000;
/** Puts of one Txn; etcd's default limit is 128. */
const PRELOAD_TXN_OPS = 100;
const NO_FSYNC = '-no-fsync';

/** A running server with a name. */
export interface Contestant {
  readonly name: ServerName;
  /** For the table: `final`, `etcd 3.4.23`, `etcd 3.4.23 no fsync`. */
  readonly label: string;
  /** The one that gets the load: the leader. */
  readonly server: Server;
  /** All members, the leader among them. */
  readonly members: readonly Server[];
}

/** Starts the servers one after the other and fills their stores. Throws an Error when one is not there. */
export async function startContestants(names: readonly ServerName[], members: number): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  try {
    // Before anything runs: a program that is missing is told at once.
    const targets = names.map((name) => ({ name, target: targetOf(name) }));
    for (const { name, target } of targets) contestants.push(await startContestant({ name, target, members }));
  } catch (error) {
    await stopContestants(contestants);
    throw error;
  }
  return contestants;
}

/** Stops all of them and removes their folders. */
export async function stopContestants(contestants: readonly Contestant[]): Promise<void> {
  await Promise.all(contestants.flatMap(({ members }) => members.map((member) => member.stop())));
}

/** The order of `items` in round `round`: each comes first as often as the others. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const by = round % items.length;
  return [...items.slice(by), ...items.slice(0, by)];
}

/** Forgets all old revisions, so that each load meets a store of the same size. */
export async function compact({ server }: Contestant): Promise<void> {
  const range = { key: Buffer.from('bench/'), serializable: true };
  const { header } = await call(server, KV.methods.Range, range);
  const request = { revision: header?.revision ?? 0, physical: true };
  await call(server, KV.methods.Compact, request, COMPACT_LIMIT_MS);
}

/** What a server does with what it is told, as one may see it from outside. */
export function durability({ name, server }: Contestant): string {
  if (!fs.existsSync(path.join(server.folder, 'data', 'member', 'wal'))) return 'keeps everything in memory, no disk';
  return name.endsWith(NO_FSYNC) ? 'writes to disk, no fsync' : 'writes to disk, fsync before the answer';
}

async function startContestant(wanted: {
  readonly name: ServerName;
  readonly target: Target;
  readonly members: number;
}): Promise<Contestant> {
  const { name, target } = wanted;
  const isNoFsync = name.endsWith(NO_FSYNC);
  const members = await startMembers(target, wanted.members, { arguments: isNoFsync ? ['--unsafe-no-fsync'] : [] });
  const server = await leaderOf(members);
  const program = target.kind === 'dist' ? 'final' : target.kind === 'final' ? 'final from sources' : target.label;
  const label = program + (isNoFsync ? ' no fsync' : '') + (members.length > 1 ? ` × ${members.length}` : '');
  for (const puts of preload(PRELOAD_TXN_OPS)) {
    await call(server, KV.methods.Txn, { success: puts.map((put) => ({ request_put: put })) });
  }
  return { name, label, server, members };
}

/** Starts a cluster of `count` members. */
export async function startMembers(target: Target, count: number, options: StartOptions): Promise<Server[]> {
  if (count === 1) return [await Server.start(target, options)];
  const urls = await Promise.all(Array.from({ length: count }, async () => `http://127.0.0.1:${await freePort()}`));
  const initialCluster = urls.map((url, i) => `n${i + 1}=${url}`).join(',');
  const members = await Promise.all(
    urls.map((url, i) =>
      Server.launch(target, {
        ...options,
        flags: {
          name: `n${i + 1}`,
          'listen-peer-urls': url,
          'initial-advertise-peer-urls': url,
          'initial-cluster': initialCluster,
        },
      }),
    ),
  );
  await Promise.all(members.map((member) => member.ready()));
  return members;
}

/** The member that leads. Throws an Error when none does. */
export async function leaderOf(members: readonly Server[]): Promise<Server> {
  for (const member of members) {
    const { header, leader } = await call(member, Maintenance.methods.Status, {});
    if (header?.member_id === leader) return member;
  }
  throw new Error('no member leads');
}

function targetOf(name: ServerName): Target {
  if (name === 'sources') return parseTarget('final');
  if (name !== 'final') return parseTarget(name.replace(NO_FSYNC, ''));
  if (freshBundle()) return parseTarget('dist');
  console.log('final runs from its sources instead');
  return parseTarget('final');
}

async function call<Req, Res>(
  server: Server,
  method: MethodDefinition<Req, Res>,
  request: Init<Req>,
  deadlineMs?: number,
): Promise<Res> {
  const client = server.grpc();
  try {
    const answer = await client.unary(method, request, deadlineMs === undefined ? {} : { deadlineMs });
    if (answer.response !== undefined) return answer.response;
    throw new Error(`${server.target.label}: ${method.path}: status ${answer.code} ${answer.message}`);
  } finally {
    client.close();
  }
}
