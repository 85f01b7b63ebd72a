// Clients of the soak of watchers and leases: writers, watchers that go and come back, holders of leases. They use final/client.

import { setTimeout as delay } from 'node:timers/promises';
import { codecs } from '../../proto/load.ts';
import type { Event } from '../../proto/schema.ts';
import { Event_EventType as EventType } from '../../proto/schema.ts';
import { Client } from '../../final/client/client.ts';
import { ClientError } from '../../final/client/errors.ts';
import type { LeaseChecks } from '../sim/lease_checks.ts';
import type { Random } from '../sim/random.ts';
import type { Piece, SeenEvent, WatchChecks } from '../sim/watch_checks.ts';

/** Keys of leases; everything else is written by writers. */
export const LEASE_PREFIX = 'lease/';
const KEYS = 40;
const CALL_LIMIT_MS = 5000;
const MAX_STAY_MS = 15_000;
const ZERO = Buffer.from([0]);
const kvCodec = codecs['mvccpb.KeyValue'];

/** A client of all `endpoints`, each time another one first. */
export function connect(endpoints: readonly string[], random: Random): Promise<Client> {
  const first = random.below(endpoints.length);
  const inOrder = [...endpoints.slice(first), ...endpoints.slice(0, first)];
  return Client.connect({ endpoints: inOrder, dialTimeoutMs: 2000, keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 2000 });
}

/** The answer, or undefined when it is not known what became of the call. */
async function attempt<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    await delay(20);
    return undefined;
  }
}

/** Writes until `isOver`: puts, deletes of several keys, transactions. */
export async function write(client: Client, random: Random, isOver: () => boolean): Promise<void> {
  const key = (): Buffer => Buffer.from(`w/${random.below(KEYS)}`);
  const options = { timeoutMs: CALL_LIMIT_MS };
  for (let n = 0; !isOver(); n++) {
    const value = Buffer.from(`${n}`);
    const kind = random.below(10);
    if (kind < 7) await attempt(client.put({ key: key(), value }, options));
    else if (kind < 8)
      await attempt(client.deleteRange({ key: Buffer.from('w/1'), range_end: Buffer.from('w/2') }, options));
    else {
      const keys = new Set([key(), key(), key()].map(String));
      const success = [...keys].map((one) => ({ request_put: { key: Buffer.from(one), value } }));
      await attempt(client.txn({ success }, options));
    }
    await delay(random.below(20));
  }
}

export interface WatcherOptions {
  readonly name: string;
  /** undefined = everything. */
  readonly key: string | undefined;
  readonly random: Random;
  readonly checks: WatchChecks;
  /** Told of everything that a watcher of all keys gets. */
  readonly onSeen: (event: SeenEvent) => void;
}

/** Watches, and now and then ends the watch and begins again behind what it has. */
export class SoakWatcher {
  readonly #options: WatcherOptions;
  readonly #wantsPrevKv: boolean;
  #piece: Piece;
  reconnects = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#wantsPrevKv = options.random.chance(0.3);
    this.#piece = options.checks.begin(options.name, options.key, 2);
  }

  /** The first revision that it has not seen. */
  get next(): number {
    return this.#piece.next;
  }

  get isOfAll(): boolean {
    return this.#options.key === undefined;
  }

  /** `stays`: it does not end its watch any more. */
  async run(client: Client, isOver: () => boolean, stays: () => boolean): Promise<void> {
    while (!isOver()) {
      const end = performance.now() + this.#options.random.below(MAX_STAY_MS);
      await this.#watch(client, () => isOver() || (!stays() && performance.now() > end));
      this.reconnects += 1;
    }
  }

  async #watch(client: Client, isOver: () => boolean): Promise<void> {
    const { key, onSeen, checks, name } = this.#options;
    const leaving = new AbortController();
    const looks = setInterval(() => isOver() && leaving.abort(), 100);
    const range = key === undefined ? { key: ZERO, range_end: ZERO } : { key: Buffer.from(key) };
    const request = { ...range, start_revision: this.#piece.next, prev_kv: this.#wantsPrevKv };
    try {
      for await (const answer of client.watch(request, { signal: leaving.signal })) {
        if (answer.compact_revision > 0) {
          checks.onCompacted(this.#piece, answer.compact_revision);
          this.#piece = checks.begin(name, key, answer.compact_revision);
          return;
        }
        const events = answer.events.map(seenOf);
        checks.onEvents(this.#piece, events, this.#wantsPrevKv);
        if (key === undefined) for (const event of events) onSeen(event);
      }
    } catch (error) {
      if (!leaving.signal.aborted && !(error instanceof ClientError)) throw error;
    } finally {
      clearInterval(looks);
    }
  }
}

function seenOf({ type, kv, prev_kv: before }: Event): SeenEvent {
  if (kv === undefined) throw new Error('an event without a key-value');
  return {
    isDelete: type === EventType.DELETE,
    key: Buffer.from(kv.key).toString('latin1'),
    modRevision: kv.mod_revision,
    kv: kvCodec.encode(kv),
    prevKv: before === undefined ? undefined : kvCodec.encode(before),
  };
}

/** Takes one lease after the other, keeps each for a while, and lets it go. */
export async function holdLeases(
  client: Client,
  options: { readonly random: Random; readonly checks: LeaseChecks },
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await delay(options.random.below(1000));
    await holdLease(client, options, isOver);
  }
}

async function holdLease(
  client: Client,
  { random, checks }: { readonly random: Random; readonly checks: LeaseChecks },
  isOver: () => boolean,
): Promise<void> {
  const askedAt = performance.now();
  const lease = await attempt(client.leaseGrant(2 + random.below(4), { timeoutMs: CALL_LIMIT_MS }));
  if (lease === undefined) return;
  const key = `${LEASE_PREFIX}${lease.ID.toString(16)}`;
  const kept = checks.begin(key, lease.TTL, askedAt);
  const put = client.put(
    { key: Buffer.from(key), value: Buffer.from('here'), lease: lease.ID },
    { timeoutMs: CALL_LIMIT_MS },
  );
  if ((await attempt(put)) === undefined) return;
  for (let i = random.below(15); i > 0 && !isOver(); i--) {
    await delay(random.below((lease.TTL * 1000) / 2));
    const renewedAt = performance.now();
    const ttl = await renew(client, lease.ID);
    if (ttl === undefined) continue;
    checks.onRenewed(kept, ttl, renewedAt);
    if (ttl === 0) return;
  }
}

async function renew(client: Client, id: bigint): Promise<number | undefined> {
  try {
    return (await client.leaseKeepAliveOnce(id, { timeoutMs: CALL_LIMIT_MS })).TTL;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return error.details === 'etcdserver: requested lease not found' ? 0 : undefined;
  }
}
