// The load that the checks put on a cluster: keys that are new, written by many clients at once, and what is left of it.

import { randomBytes } from 'node:crypto';
import type { Client } from '../../client/client.ts';
import { ClientError } from '../../client/errors.ts';
import { prefixRange } from '../../client/prefix.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { quote } from '../go_quote.ts';
import { encodeText } from '../text.ts';

/** How long tidying up may take, each of its requests, in ms. */
const cleanupTimeoutMs = 30_000;

/** How much. */
export type Load = 's' | 'm' | 'l' | 'xl';

/** Names of --load, by what they mean. */
const loads: Readonly<Record<string, Load>> = {
  s: 's',
  small: 's',
  m: 'm',
  medium: 'm',
  l: 'l',
  large: 'l',
  xl: 'xl',
  xLarge: 'xl',
};

/** @throws ExitError 4 for a load that there is not */
export function loadOf<T>({ flags }: CommandContext, models: Readonly<Record<Load, T>>): T {
  const given = flags.text('load');
  const load = loads[given];
  if (load === undefined) throw new ExitError(Exit.BadFeature, `unknown load option ${given}`);
  return models[load];
}

/** @returns clients with a connection each */
export function connectClients(context: CommandContext, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => context.anotherClient()));
}

/** @throws ExitError 3 for a prefix that has keys: they would be deleted */
export async function refuseUsedPrefix(client: Client, prefix: string, timeoutMs?: number): Promise<void> {
  const { kvs } = await client.range({ ...prefixRange(encodeText(prefix)), limit: 1 }, { timeoutMs });
  if (kvs.length === 0) return;
  const hint = `Delete with etcdctl del --prefix ${prefix} first`;
  throw new ExitError(Exit.InvalidInput, `prefix ${quote(prefix)} has keys. ${hint}`);
}

export interface Sizes {
  /** Bytes, without the prefix. */
  readonly key: number;
  readonly value: number;
}

/** @returns a function whose every call gives a pair with another key */
export function pairMaker(prefix: string, sizes: Sizes): () => { key: Uint8Array; value: Uint8Array } {
  const start = encodeText(prefix);
  const value = new Uint8Array(sizes.value);
  return () => {
    const rest = Buffer.alloc(sizes.key);
    randomBytes(8).copy(rest);
    return { key: Buffer.concat([start, rest]), value };
  };
}

/** What became of the writes. */
export class Results {
  /** Seconds that the writes took that went well. */
  readonly latencies: number[] = [];
  /** How often each error came. */
  readonly errors = new Map<string, number>();

  /** Does one write. A failure is counted, not thrown. */
  async measure(write: () => Promise<unknown>): Promise<void> {
    const start = performance.now();
    try {
      await write();
      this.latencies.push((performance.now() - start) / 1000);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.errors.set(error.message, (this.errors.get(error.message) ?? 0) + 1);
    }
  }

  /** Seconds; 0 when nothing went well. */
  get slowest(): number {
    return this.latencies.reduce((most, latency) => Math.max(most, latency), 0);
  }

  get stddev(): number {
    const count = Math.max(this.latencies.length, 1);
    const mean = this.latencies.reduce((sum, latency) => sum + latency, 0) / count;
    return Math.sqrt(this.latencies.reduce((sum, latency) => sum + (latency - mean) ** 2, 0) / count);
  }

  /** For a result with errors. */
  get errorLines(): string[] {
    if (this.errors.size === 0) return [];
    return ['FAIL: too many errors', ...Array.from(this.errors, ([text, count]) => `FAIL: ERROR(${text}) -> ${count}`)];
  }
}

/** Deletes the keys, and does what --auto-compact and --auto-defrag ask for. */
export async function cleanUp(context: CommandContext, client: Client, endpoints: readonly string[]): Promise<void> {
  const { flags, io } = context;
  const timeout = { timeoutMs: cleanupTimeoutMs };
  const { header } = await client.deleteRange(prefixRange(encodeText(flags.text('prefix'))), timeout);
  if (flags.bool('auto-compact')) {
    const revision = header?.revision ?? 0;
    io.stdout.write(`Compacting with revision ${revision}\n`);
    await client.compact({ revision, physical: true }, timeout);
    io.stdout.write(`Compacted with revision ${revision}\n`);
  }
  if (!flags.bool('auto-defrag')) return;
  for (const endpoint of endpoints) {
    io.stdout.write(`Defragmenting ${quote(endpoint)}\n`);
    await client.defragment(endpoint, timeout);
    io.stdout.write(`Defragmented ${quote(endpoint)}\n`);
  }
}
