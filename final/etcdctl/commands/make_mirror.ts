// etcdctl make-mirror: copies keys to another cluster, and goes on copying what changes.

import { setInterval } from 'node:timers';
import type { Client } from '../../client/client.ts';
import { prefixRange } from '../../client/prefix.ts';
import { watchError } from '../../client/watch_response.ts';
import type { Init } from '../../../proto/load.ts';
import { type Event, Event_EventType, type KeyValue, type RequestOp } from '../../../proto/schema.ts';
import { type CommandContext, Exit, ExitError, type FlagValues } from '../command.ts';
import { encodeText } from '../text.ts';

/** How often the number of copied keys is printed, in ms. */
const reportIntervalMs = 30_000;

/** Keys of one answer while those that are there are copied. */
const pageKeys = 1000;

interface Mirror {
  readonly source: Client;
  readonly destination: Client;
  readonly prefix: Uint8Array;
  /** What keys begin with at the destination, in place of the prefix. */
  readonly destinationPrefix: Uint8Array;
  /** Keys that were put or deleted there so far. */
  copied: number;
}

/** Runs until it is killed or fails. */
export async function runMakeMirror(context: CommandContext): Promise<void> {
  const { args, flags, io } = context;
  const [endpoint, ...others] = args;
  if (endpoint === undefined || others.length > 0) {
    throw new ExitError(Exit.BadArgs, 'make-mirror takes one destination argument');
  }
  const destination = await context.clientOfCluster(endpoint, destinationTls(flags));
  const source = await context.client();
  const mirror: Mirror = { source, destination, ...prefixes(flags), copied: 0 };
  const timer = setInterval(() => io.stdout.write(`${mirror.copied}\n`), reportIntervalMs);
  try {
    const revision = await copyPresent(mirror);
    await copyChanges(mirror, revision + 1);
  } finally {
    clearInterval(timer);
  }
}

function destinationTls(flags: FlagValues): Parameters<CommandContext['clientOfCluster']>[1] {
  const file = (name: string): string | undefined => flags.text(name) || undefined;
  return {
    insecureTransport: flags.bool('dest-insecure-transport'),
    insecureSkipVerify: false,
    cert: file('dest-cert'),
    key: file('dest-key'),
    cacert: file('dest-cacert'),
  };
}

function prefixes(flags: FlagValues): Pick<Mirror, 'prefix' | 'destinationPrefix'> {
  const [prefix, destination, without] = [
    flags.text('prefix'),
    flags.text('dest-prefix'),
    flags.bool('no-dest-prefix'),
  ];
  if (without && destination !== '') {
    const which = '`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one';
    throw new ExitError(Exit.BadArgs, which);
  }
  return {
    prefix: encodeText(prefix),
    destinationPrefix: encodeText(without || destination !== '' ? destination : prefix),
  };
}

/** @returns the revision at which the keys were read */
async function copyPresent(mirror: Mirror): Promise<number> {
  const { range_end, ...first } = prefixRange(mirror.prefix);
  let key: Uint8Array = first.key;
  let revision = 0;
  for (;;) {
    const { header, kvs, more } = await mirror.source.range({ key, range_end, limit: pageKeys, revision });
    if (revision === 0) revision = header?.revision ?? 0;
    for (const kv of kvs) {
      await mirror.destination.put({ key: destinationKey(mirror, kv), value: kv.value });
      mirror.copied += 1;
    }
    const last = kvs.at(-1);
    if (!more || last === undefined) return revision;
    key = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

async function copyChanges(mirror: Mirror, revision: number): Promise<void> {
  const request = { ...prefixRange(mirror.prefix), start_revision: revision };
  for await (const response of mirror.source.watch(request)) {
    const error = watchError(response);
    if (error !== undefined) throw error;
    // What one transaction has changed is changed by one again.
    for (const events of byRevision(response.events)) {
      await mirror.destination.txn({ success: events.map((event) => change(mirror, event)) });
      mirror.copied += events.length;
    }
  }
}

function byRevision(events: readonly Event[]): Event[][] {
  const groups: Event[][] = [];
  for (const event of events) {
    const group = groups.at(-1);
    if (group?.[0]?.kv?.mod_revision === event.kv?.mod_revision) group?.push(event);
    else groups.push([event]);
  }
  return groups;
}

function change(mirror: Mirror, { type, kv }: Event): Init<RequestOp> {
  if (kv === undefined) throw new TypeError('an event without a key');
  const key = destinationKey(mirror, kv);
  return type === Event_EventType.DELETE
    ? { request_delete_range: { key } }
    : { request_put: { key, value: kv.value } };
}

function destinationKey({ prefix, destinationPrefix }: Mirror, { key }: KeyValue): Uint8Array {
  return Buffer.concat([destinationPrefix, key.subarray(prefix.length)]);
}
