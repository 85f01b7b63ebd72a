// The command line of the benchmark.

import { parseArgs } from 'node:util';
import { SERVER_NAMES, type ServerName } from './servers.ts';
import { WORKLOADS } from './workloads.ts';

/** More connections need more open files than systems usually allow. */
export const MAX_CLIENTS = 1000;
/** More members than anybody runs. */
export const MAX_MEMBERS = 7;
/** Where the numbers go unless told otherwise; not part of the repository. */
export const DEFAULT_JSON = '.bench/bench.json';

export const HELP = `usage: npm run bench -- [options]

Loads real etcd and final in turn with the same requests and compares them. Needs Linux, h2load (package
nghttp2-client) and a real etcd: ETCD_BIN, or etcd on the PATH; ETCD35_BIN for real35.

  --servers LIST    what is compared (default final,real), of
                      final             the bundle dist/etcd.mjs, built when it is missing or old
                      sources           final run from its sources
                      real, real35      the real etcd
                      real-no-fsync, real35-no-fsync
                                        the same with --unsafe-no-fsync: closer to a server without a disk
  --no-fsync        adds real-no-fsync to the servers
  --only-final      the same as --servers final
  --members N       each server is a cluster of N members, of which the leader gets the load (default 1)
  --workloads LIST  of ${[...WORKLOADS.keys()].join(', ')} (default all)
  --clients LIST    numbers of clients: connections with one request at a time (default 1,16,64,256)
  --seconds N       length of one load, about (default 3)
  --rounds N        loads of each kind, of which the median counts (default 3)
  --quick           --seconds 1 --rounds 1 --clients 1,64, unless these are given
  --json FILE       where the numbers go (default ${DEFAULT_JSON})
  --help            this text
`;

/** What to measure. */
export interface Options {
  readonly servers: readonly ServerName[];
  /** Of each cluster. */
  readonly members: number;
  readonly workloads: readonly string[];
  readonly clients: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly json: string;
}

/** A command line that makes no sense. */
export class UsageError extends Error {}

/** Reads a command line; 'help' when it asks for the help. Throws a UsageError. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  if (values['only-final'] && (values.servers !== undefined || values['no-fsync'])) {
    throw new UsageError('--only-final does not go with --servers or --no-fsync');
  }
  const servers = list(values['only-final'] ? 'final' : (values.servers ?? 'final,real'));
  if (values['no-fsync'] && !servers.includes('real-no-fsync')) servers.push('real-no-fsync');
  const workloads = values.workloads === undefined ? [...WORKLOADS.keys()] : list(values.workloads);
  const usual = values.quick ? { clients: '1,64', seconds: '1', rounds: '1' } : USUAL;
  return {
    servers: servers.map((name) => oneOf('server', name, SERVER_NAMES)),
    members: whole('--members', values.members ?? '1', MAX_MEMBERS),
    workloads: workloads.map((name) => oneOf('workload', name, [...WORKLOADS.keys()])),
    clients: list(values.clients ?? usual.clients).map((text) => whole('--clients', text, MAX_CLIENTS)),
    seconds: positive('--seconds', values.seconds ?? usual.seconds),
    rounds: whole('--rounds', values.rounds ?? usual.rounds, 1000),
    json: values.json ?? DEFAULT_JSON,
  };
}

const USUAL = { clients: '1,16,64,256', seconds: '3', rounds: '3' };

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const values = {
    servers: text,
    members: text,
    workloads: text,
    clients: text,
    seconds: text,
    rounds: text,
    json: text,
  };
  const flags = { 'no-fsync': flag, 'only-final': flag, quick: flag, help: flag };
  try {
    return parseArgs({ args: [...args], options: { ...values, ...flags } });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (new Set(parts).size !== parts.length) throw new UsageError(`"${text}" names something twice`);
  return parts;
}

function oneOf<T extends string>(what: string, name: string, names: readonly T[]): T {
  const found = names.find((known) => known === name);
  if (found === undefined) throw new UsageError(`${what} "${name}" is none of ${names.join(', ')}`);
  return found;
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0) || !Number.isFinite(number)) throw new UsageError(`${option} "${text}" is not a number above 0`);
  return number;
}

function whole(option: string, text: string, max: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > max) {
    throw new UsageError(`${option} "${text}" is not a whole number from 1 to ${max}`);
  }
  return number;
}
