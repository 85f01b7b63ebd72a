// What leases cost, for final and the real etcd in one run: grants a second, keep-alives a second and the CPU of each, memory, and
// whether every lease ends when it has to while all that goes on. `npm run bench:lease -- --quick`.

import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { codecs, KV, Lease } from '../../proto/load.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import { grpcFrame } from '../harness/http2_client.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import type { Server } from '../harness/server.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';
import { freshBundle } from './bundle.ts';
import { cpuSeconds } from './cpu.ts';
import { runH2load } from './h2load.ts';
import { KeepAliveClient } from './lease_client.ts';
import { leaderOf, startMembers } from './servers.ts';

const LONG_TTL = 3_600;
const GRANTING_CLIENTS = 64;
const STREAMS = 8;
const PACE_MS = 10;
const WINDOW = 64;
const POLL_MS = 40;
/** A lease that is over by more counts as late: a look every 500 ms, the log, and the poll that sees it. */
const LATE_MS = 1_500;
const SHORT_TTLS = [2, 3];
const IN_FLIGHT = 32;

interface Plan {
  readonly leases: number;
  readonly shortLeases: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly members: number;
}

interface Cost {
  readonly target: string;
  readonly grantsPerSecond: number;
  readonly bytesPerLease: number;
  readonly pacedPerSecond: number;
  readonly pacedCpuUs: number;
  readonly mostPerSecond: number;
  readonly mostCpuUs: number;
  readonly ended: number;
  readonly early: number;
  readonly late: number;
  readonly latestMs: number;
}

async function measure(target: Target, plan: Plan): Promise<Cost> {
  const members = await startMembers(target, plan.members, { flags: { 'quota-backend-bytes': String(8 * 1024 ** 3) } });
  const leader = await leaderOf(members);
  // With several members the worse way: every renewal is passed on to the leader.
  const server = members.find((member) => member !== leader) ?? leader;
  const client = server.grpc();
  try {
    const before = rss(leader);
    const grantsPerSecond = await grantMany(leader, plan.leases);
    const bytesPerLease = (rss(leader) - before) / plan.leases;
    const { response } = await client.unary(Lease.methods.LeaseLeases, {});
    const ids = (response?.leases ?? []).map(({ ID }) => ID);
    if (ids.length < plan.leases) throw new Error(`${target.label} has ${ids.length} of ${plan.leases} leases`);
    const short = new ShortLeases(client);
    await short.grant(plan.shortLeases);
    const watching = short.watch();
    const paced = await renew(server, members, (one) => pace(one, ids, plan));
    const most = await renew(server, members, (one) => flood(one, ids, plan.seconds));
    const { ended, early, late, latestMs } = await watching;
    return {
      target: `${target.label}${plan.members > 1 ? ' via a follower' : ''}`,
      grantsPerSecond,
      bytesPerLease,
      pacedPerSecond: paced.perSecond,
      pacedCpuUs: paced.cpuUs,
      mostPerSecond: most.perSecond,
      mostCpuUs: most.cpuUs,
      ended,
      early,
      late,
      latestMs,
    };
  } finally {
    client.close();
    await Promise.all(members.map((member) => member.stop()));
  }
}

/** Grants leases whose IDs the server chooses; returns how many a second. */
async function grantMany(server: Server, count: number): Promise<number> {
  const folder = makeScratch();
  try {
    const body = grpcFrame(codecs['etcdserverpb.LeaseGrantRequest'].encode({ ID: 0n, TTL: LONG_TTL }));
    const url = server.clientUrl + Lease.methods.LeaseGrant.path;
    const begin = performance.now();
    const load = { url, body, clients: GRANTING_CLIENTS, requests: count, folder };
    const { summary } = await runH2load(load);
    if (summary.failed > 0) throw new Error(`${summary.failed} grants failed`);
    return (count / (performance.now() - begin)) * 1000;
  } finally {
    removeScratch(folder);
  }
}

interface Rate {
  readonly perSecond: number;
  /** CPU of all members for one keep-alive. */
  readonly cpuUs: number;
}

async function renew(
  server: Server,
  members: readonly Server[],
  run: (client: KeepAliveClient) => Promise<void>,
): Promise<Rate> {
  const client = new KeepAliveClient(server.clientUrl, STREAMS);
  try {
    const cpuBefore = members.map(cpuOf);
    const begin = performance.now();
    await run(client);
    const took = (performance.now() - begin) / 1000;
    const cpu = members.reduce((sum, member, i) => sum + cpuOf(member) - (cpuBefore[i] ?? 0), 0);
    if (client.over > 0) throw new Error(`${server.target.label}: ${client.over} renewed leases were over`);
    return { perSecond: client.answers / took, cpuUs: (cpu * 1e6) / client.answers };
  } finally {
    client.close();
  }
}

/** So many a second, whether the server keeps up or not; waits for all answers. */
async function pace(client: KeepAliveClient, ids: readonly bigint[], plan: Plan): Promise<void> {
  const begin = performance.now();
  const total = plan.ratePerSecond * plan.seconds;
  let sent = 0;
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) / 1000) * plan.ratePerSecond));
    for (let stream = 0; stream < client.streams; stream++) {
      const share = Math.floor((due - sent) / (client.streams - stream));
      if (share > 0) client.send(stream, take(ids, sent, share));
      sent += share;
    }
    await delay(PACE_MS);
  }
  while (client.answers < total) await delay(1);
}

/** As many as get answers, with a window of requests on each stream. */
async function flood(client: KeepAliveClient, ids: readonly bigint[], seconds: number): Promise<void> {
  let sent = 0;
  const answered = Array.from({ length: client.streams }, () => 0);
  const send = (stream: number, count: number): void => {
    client.send(stream, take(ids, sent, count));
    sent += count;
  };
  let isOver = false;
  client.onAnswer = (stream) => {
    answered[stream] = (answered[stream] ?? 0) + 1;
    if (isOver || answered[stream] < WINDOW / 2) return;
    send(stream, answered[stream]);
    answered[stream] = 0;
  };
  for (let stream = 0; stream < client.streams; stream++) send(stream, WINDOW);
  await delay(seconds * 1000);
  isOver = true;
}

function take(ids: readonly bigint[], from: number, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => ids[(from + i) % ids.length] as bigint);
}

interface ShortLease {
  readonly key: string;
  readonly ttl: number;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** Leases with a key each that nobody renews: each key has to be there for its whole time, and to vanish soon after it. */
class ShortLeases {
  readonly #client: GrpcClient;
  readonly #leases = new Map<string, ShortLease>();

  constructor(client: GrpcClient) {
    this.#client = client;
  }

  async grant(count: number): Promise<void> {
    const left = Array.from({ length: count }, (_, i) => i);
    const worker = async (): Promise<void> => {
      for (let i = left.shift(); i !== undefined; i = left.shift()) await this.#grantOne(i);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  }

  async watch(): Promise<Pick<Cost, 'ended' | 'early' | 'late' | 'latestMs'>> {
    let [early, late, latestMs, polledAt] = [0, 0, 0, performance.now()];
    const count = this.#leases.size;
    while (this.#leases.size > 0) {
      const [before, there] = [polledAt, await this.#keys()];
      polledAt = performance.now();
      for (const lease of [...this.#leases.values()].filter(({ key }) => !there.has(key))) {
        this.#leases.delete(lease.key);
        if (polledAt < lease.sentAt + lease.ttl * 1000) early += 1;
        // It was there at the poll before.
        const lateMs = before - lease.answeredAt - lease.ttl * 1000;
        latestMs = Math.max(latestMs, lateMs);
        if (lateMs > LATE_MS) late += 1;
      }
      await delay(POLL_MS);
    }
    return { ended: count, early, late, latestMs };
  }

  async #grantOne(i: number): Promise<void> {
    const [ID, key] = [BigInt(i + 1), `short/${i}`];
    const ttl = SHORT_TTLS[i % SHORT_TTLS.length] as number;
    const sentAt = performance.now();
    const { code } = await this.#client.unary(Lease.methods.LeaseGrant, { ID, TTL: ttl });
    const answeredAt = performance.now();
    const put = await this.#client.unary(KV.methods.Put, { key: Buffer.from(key), lease: ID });
    if (code !== 0 || put.code !== 0) throw new Error(`a short lease was refused: ${put.message}`);
    this.#leases.set(key, { key, ttl, sentAt, answeredAt });
  }

  async #keys(): Promise<Set<string>> {
    const request = { key: Buffer.from('short/'), range_end: Buffer.from('short0'), keys_only: true };
    const { response, message } = await this.#client.unary(KV.methods.Range, request);
    if (response === undefined) throw new Error(`the keys cannot be read: ${message}`);
    return new Set(response.kvs.map(({ key }) => String(Buffer.from(key))));
  }
}

function cpuOf(server: Server): number {
  return cpuSeconds(server.pid ?? 0).own;
}

function rss(server: Server): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

const COLUMNS: readonly (readonly [title: string, text: (cost: Cost) => string])[] = [
  ['server', (cost) => cost.target],
  ['grants/s', (cost) => cost.grantsPerSecond.toFixed(0)],
  ['bytes/lease', (cost) => cost.bytesPerLease.toFixed(0)],
  ['paced/s', (cost) => cost.pacedPerSecond.toFixed(0)],
  ['µs CPU each', (cost) => cost.pacedCpuUs.toFixed(1)],
  ['most/s', (cost) => cost.mostPerSecond.toFixed(0)],
  ['µs CPU each', (cost) => cost.mostCpuUs.toFixed(1)],
  ['ended', (cost) => String(cost.ended)],
  ['early', (cost) => String(cost.early)],
  ['late', (cost) => String(cost.late)],
  ['latest by ms', (cost) => cost.latestMs.toFixed(0)],
];

function print(costs: readonly Cost[]): void {
  const rows = [COLUMNS.map(([title]) => title), ...costs.map((cost) => COLUMNS.map(([, text]) => text(cost)))];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of rows) console.log(row.map((text, i) => text.padStart(widths[i] ?? 0)).join('  '));
  const [ours, real] = costs;
  if (ours === undefined || real === undefined) return;
  const ratio = (of: (cost: Cost) => number): string => (of(ours) / of(real)).toFixed(2);
  console.log(
    `final / real: grants ${ratio((cost) => cost.grantsPerSecond)}, keep-alives ${ratio((cost) => cost.mostPerSecond)}, ` +
      `CPU of a keep-alive ${ratio((cost) => cost.mostCpuUs)}, memory ${ratio((cost) => cost.bytesPerLease)}`,
  );
}

const HELP = `usage: npm run bench:lease -- [options]

Grants leases and keeps them alive, at a pace and as fast as it goes, while leases of a few seconds end beside them. Needs h2load,
Linux, and a real etcd: ETCD35_BIN, ETCD_BIN, or etcd on the PATH.

  --leases N    leases that are granted (default 100000)
  --rate N      keep-alives a second of the paced part (default 10000)
  --seconds N   length of each part (default 5)
  --members N   1 or 3; with 3 every renewal goes through a follower (default 1)
  --only WHO    final or real (default both)
  --quick       10,000 leases, one second
  --help        this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      leases: { type: 'string', default: '100000' },
      rate: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '5' },
      members: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const plan: Plan = {
    leases: values.quick ? 10_000 : Number(values.leases),
    shortLeases: values.quick ? 100 : 500,
    ratePerSecond: Number(values.rate),
    seconds: values.quick ? 1 : Number(values.seconds),
    members: Number(values.members),
  };
  const ours = parseTarget(freshBundle() ? 'dist' : 'final');
  const targets = [ours, findReal('ETCD35_BIN') ?? findReal('ETCD_BIN')].filter((target) => target !== undefined);
  const wanted = targets.filter(
    (target) => values.only === undefined || (target.kind === 'real') === (values.only === 'real'),
  );
  const costs: Cost[] = [];
  for (const target of wanted) costs.push(await measure(target, plan));
  print(costs);
}

await main();
