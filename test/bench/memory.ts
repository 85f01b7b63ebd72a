// What a large store costs: puts many keys into a server, stops it, starts it again, and prints how long the start took and how
// much memory the process has, per key, for final and the real etcd. `npm run bench:memory -- --keys 1000000`.

import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { KV, Maintenance } from '../../proto/load.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { Server } from '../harness/server.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';

const VALUE_BYTES = 256;
const PUTS_PER_TXN = 100;
const IN_FLIGHT = 8;

interface Cost {
  readonly target: string;
  readonly loadSeconds: number;
  readonly bootMs: number;
  readonly rssAfterLoad: number;
  readonly rssAfterBoot: number;
  readonly anonymousAfterBoot: number;
  readonly dbBytes: number;
}

async function measure(target: Target, keys: number): Promise<Cost> {
  const folder = makeScratch();
  try {
    const flags = { 'quota-backend-bytes': String(8 * 1024 ** 3) };
    const first = await Server.start(target, { folder, flags });
    const begin = performance.now();
    await load(first, keys);
    const loadSeconds = (performance.now() - begin) / 1000;
    const rssAfterLoad = memoryOf(first.pid).rss;
    await first.stop();
    const started = performance.now();
    const second = await Server.start(target, { folder, flags });
    const bootMs = performance.now() - started;
    const client = second.grpc();
    const { response } = await client.unary(KV.methods.Range, {
      key: Buffer.from('k'),
      range_end: Buffer.from('l'),
      count_only: true,
    });
    if (response?.count !== keys) throw new Error(`${target.label} has ${response?.count} of ${keys} keys`);
    const status = await client.unary(Maintenance.methods.Status, {});
    const { rss, anonymous } = memoryOf(second.pid);
    await second.stop();
    return {
      target: target.label,
      loadSeconds,
      bootMs,
      rssAfterLoad,
      rssAfterBoot: rss,
      anonymousAfterBoot: anonymous,
      dbBytes: status.response?.dbSize ?? 0,
    };
  } finally {
    removeScratch(folder);
  }
}

async function load(server: Server, keys: number): Promise<void> {
  const client = server.grpc();
  const value = Buffer.alloc(VALUE_BYTES, 'v');
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys) {
      const from = next;
      next += PUTS_PER_TXN;
      const success = Array.from({ length: Math.min(PUTS_PER_TXN, keys - from) }, (_, i) => ({
        request_put: { key: Buffer.from(`k/${String(from + i).padStart(10, '0')}`), value },
      }));
      const { code, message } = await client.unary(KV.methods.Txn, { success }, { deadlineMs: 60_000 });
      if (code !== 0) throw new Error(message);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** Bytes of resident memory, and those of it that belong to no file. */
function memoryOf(pid: number | undefined): { readonly rss: number; readonly anonymous: number } {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return { rss: kib('VmRSS') * 1024, anonymous: kib('RssAnon') * 1024 };
}

function row(cost: Cost, keys: number): string {
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  return [
    cost.target.padEnd(14),
    `load ${cost.loadSeconds.toFixed(0)} s`,
    `db ${mb(cost.dbBytes)}`,
    `boot ${(cost.bootMs / 1000).toFixed(1)} s`,
    `RSS ${mb(cost.rssAfterLoad)} loaded, ${mb(cost.rssAfterBoot)} booted`,
    `of that not file ${mb(cost.anonymousAfterBoot)} = ${(cost.anonymousAfterBoot / keys).toFixed(0)} B/key`,
  ].join('  ');
}

const { values } = parseArgs({ options: { keys: { type: 'string', default: '1000000' } } });
const keys = Number(values.keys);
const targets = [parseTarget('dist'), findReal('ETCD_BIN'), findReal('ETCD35_BIN')].filter((one) => one !== undefined);
for (const target of targets) console.log(row(await measure(target, keys), keys));
