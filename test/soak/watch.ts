// Watchers and leases of real members that are killed, stopped and cut off: each watcher must get an exact piece of one history,
// whatever breaks and whatever is compacted, and no lease may end early or stay.
//
//   node --import tsx test/soak/watch.ts [--target final] [--members final,real,real35] [--seconds 600] [--seed 1]

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { KV, Lease } from '../../proto/load.ts';
import type { Client } from '../../final/client/client.ts';
import { Cluster } from '../harness/cluster.ts';
import type { Target } from '../harness/target.ts';
import { LeaseChecks } from '../sim/lease_checks.ts';
import { Random } from '../sim/random.ts';
import { WatchChecks } from '../sim/watch_checks.ts';
import { FAULTS, parseMembers, Soak } from './cluster.ts';
import { connect, holdLeases, LEASE_PREFIX, SoakWatcher, write } from './watch_clients.ts';

const WRITERS = 3;
const HOLDERS = 8;
// Watchers that share a client, and so a stream.
const WATCHERS_PER_CLIENT = 10;
const CALM_MS = 500;
const COMPACT_MS = 3000;
const RECOVERY_LIMIT_MS = 40_000;
// From the end of all writes: until what was sent has arrived everywhere.
const ARRIVAL_MS = 2000;

/** What a run came across. */
export interface WatchSoakSummary {
  readonly watchers: number;
  readonly reconnects: number;
  readonly events: number;
  readonly revision: number;
  readonly compactions: number;
  readonly renewals: number;
  readonly endedLeases: number;
  readonly faults: Readonly<Record<string, number>>;
}

export interface WatchSoakOptions {
  readonly targets: readonly Target[];
  readonly watchers: number;
  readonly seconds: number;
  readonly seed: number;
  readonly print?: (line: string) => void;
}

/** Runs a cluster of `targets` for so long. Throws an Error that says what was wrong. */
export async function soakWatchers(options: WatchSoakOptions): Promise<WatchSoakSummary> {
  const cluster = await Cluster.start(options.targets, { 'snapshot-count': '500' });
  const run = new Run(cluster, options);
  try {
    return await run.run();
  } catch (error) {
    throw new Error(`seed ${options.seed}: ${String(error)}\n${cluster.logs()}`, { cause: error });
  } finally {
    run.close();
    await cluster.close();
  }
}

class Run {
  readonly #cluster: Cluster;
  readonly #options: WatchSoakOptions;
  readonly #random: Random;
  readonly #watchChecks = new WatchChecks((text) => this.#fail(text));
  readonly #leaseChecks = new LeaseChecks({
    now: () => performance.now(),
    earlyMs: 0,
    fail: (text) => this.#fail(text),
  });
  readonly #clients: Client[] = [];
  readonly #watchers: SoakWatcher[];
  readonly #faults: Record<string, number> = {};
  #failure: Error | undefined;
  #compactions = 0;
  #isCalm = false;
  #isOver = false;

  constructor(cluster: Cluster, options: WatchSoakOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#watchers = Array.from({ length: options.watchers }, (_, i) => {
      const key = i % 10 === 0 ? undefined : `w/${this.#random.below(40)}`;
      return new SoakWatcher({
        name: `watcher ${i} of ${key ?? 'everything'}`,
        key,
        random: this.#random.fork(),
        checks: this.#watchChecks,
        onSeen: ({ isDelete, key: seen }) => {
          if (isDelete && seen.startsWith(LEASE_PREFIX)) this.#leaseChecks.onDeleted(seen);
        },
      });
    });
  }

  async run(): Promise<WatchSoakSummary> {
    const writers = this.#start(WRITERS, (client) => write(client, this.#random.fork(), () => this.#isCalm));
    const holders = this.#start(HOLDERS, (client) => {
      return holdLeases(client, { random: this.#random.fork(), checks: this.#leaseChecks }, () => this.#isCalm);
    });
    const watchers = this.#startWatchers();
    const all = Promise.all([...writers, ...holders, ...watchers]);
    await Promise.race([this.#causeFaults(), all]);
    this.#isCalm = true;
    await Promise.all([...writers, ...holders]);
    await this.#until('leases are not over', () => this.#hasNoLeases());
    const { revision } = await this.#cluster.waitEqualHash();
    const ofAll = this.#watchers.filter(({ isOfAll }) => isOfAll);
    await this.#until('watchers lag behind', () => ofAll.every(({ next }) => next > revision));
    await delay(ARRIVAL_MS);
    this.#watchChecks.judge(revision);
    this.#isOver = true;
    await all;
    if (this.#failure !== undefined) throw this.#failure;
    return this.#summary(revision);
  }

  close(): void {
    this.#isCalm = true;
    this.#isOver = true;
    for (const client of this.#clients) client.close();
  }

  #fail(text: string): void {
    this.#failure ??= new Error(text);
  }

  #start(count: number, work: (client: Client) => Promise<void>): Promise<void>[] {
    return Array.from({ length: count }, async () => work(await this.#connect()));
  }

  #startWatchers(): Promise<void>[] {
    const groups = Math.ceil(this.#watchers.length / WATCHERS_PER_CLIENT);
    return Array.from({ length: groups }, async (_, group) => {
      const client = await this.#connect();
      const own = this.#watchers.filter((_watcher, i) => i % groups === group);
      await Promise.all(
        own.map((watcher) =>
          watcher.run(
            client,
            () => this.#isOver,
            () => this.#isCalm,
          ),
        ),
      );
    });
  }

  async #connect(): Promise<Client> {
    const endpoints = this.#cluster.members.map(({ client }) => client.endpoint);
    const client = await connect(endpoints, this.#random);
    this.#clients.push(client);
    return client;
  }

  async #causeFaults(): Promise<void> {
    const soak = new Soak(this.#cluster, this.#random);
    const end = performance.now() + this.#options.seconds * 1000;
    let nextCompaction = performance.now() + COMPACT_MS;
    while (performance.now() < end && this.#failure === undefined) {
      await delay(CALM_MS);
      const name = this.#random.pick(Object.keys(FAULTS));
      const victim = this.#random.pick(this.#cluster.members);
      this.#options.print?.(`${name} ${victim.name}`);
      this.#faults[name] = (this.#faults[name] ?? 0) + 1;
      await FAULTS[name]?.(soak, victim);
      await this.#cluster.waitLeader();
      if (performance.now() < nextCompaction) continue;
      nextCompaction = performance.now() + COMPACT_MS;
      await this.#compact();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  // Now and then behind what slow watchers have seen.
  async #compact(): Promise<void> {
    const { client } = await this.#cluster.waitLeader();
    const { response } = await client.unary(KV.methods.Range, { key: Buffer.from('none') });
    const revision = (response?.header?.revision ?? 0) - this.#random.below(300);
    if (revision <= 1) return;
    this.#watchChecks.onCompact(revision);
    const { code } = await client.unary(KV.methods.Compact, { revision });
    if (code === 0) this.#compactions += 1;
  }

  async #hasNoLeases(): Promise<boolean> {
    const { client } = await this.#cluster.waitLeader();
    const { response } = await client.unary(Lease.methods.LeaseLeases, {});
    const keys = { key: Buffer.from(LEASE_PREFIX), range_end: Buffer.from('lease0'), count_only: true };
    const left = await client.unary(KV.methods.Range, keys);
    return response?.leases.length === 0 && left.response?.count === 0;
  }

  async #until(failure: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + RECOVERY_LIMIT_MS;
    while (!(await isSo())) {
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > end) throw new Error(`${failure} within ${RECOVERY_LIMIT_MS} ms`);
      await delay(100);
    }
  }

  #summary(revision: number): WatchSoakSummary {
    return {
      watchers: this.#watchers.length,
      reconnects: this.#watchers.reduce((sum, { reconnects }) => sum + reconnects, 0),
      events: this.#watchChecks.events,
      revision,
      compactions: this.#compactions,
      renewals: this.#leaseChecks.renewals,
      endedLeases: this.#leaseChecks.ended,
      faults: this.#faults,
    };
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'final' },
      members: { type: 'string' },
      watchers: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '600' },
      seed: { type: 'string', default: '1' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const summary = await soakWatchers({
    targets: parseMembers(values.target, values.members),
    watchers: Number(values.watchers),
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    ...(values.verbose ? { print: console.log } : {}),
  });
  console.log(JSON.stringify(summary));
}
