// Real members under load while they are killed, stopped and cut off from each other. What the clients were told must be a
// linearizable history, every member must end with the same data, and the time without a leader is measured.
//
//   node --import tsx test/soak/cluster.ts [--target final] [--members final,real,real35] [--seconds 60] [--seed 1]

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { KV } from '../../proto/load.ts';
import { Cluster, type ClusterMember } from '../harness/cluster.ts';
import { History } from '../harness/history.ts';
import { MemberClient } from '../harness/member_client.ts';
import { parseTarget, type Target } from '../harness/target.ts';
import { Random } from '../sim/random.ts';

const CLIENTS = 6;
const CALM_MS = 500;
const MAX_FAULT_MS = 2500;
// A probe of one member; short, because a member may wait long for a leader that is gone.
const PROBE_LIMIT_MS = 300;
const PROBE_EVERY_MS = 10;
const RECOVERY_LIMIT_MS = 30_000;

/** What a run came across. */
export interface SoakSummary {
  readonly members: readonly string[];
  readonly operations: number;
  readonly unanswered: number;
  readonly faults: Readonly<Record<string, number>>;
  /** From the kill of the leader to the first write that was acknowledged, ms, ascending. */
  readonly recoveriesMs: readonly number[];
  readonly revision: number;
}

/** One kind of trouble; it is over, and everything runs, when the promise resolves. */
type Fault = (soak: Soak, victim: ClusterMember) => Promise<void>;

export const FAULTS: Readonly<Record<string, Fault>> = {
  kill: async (soak, victim) => {
    await soak.cluster.kill(victim);
    await soak.wait();
    await soak.cluster.restart(victim);
  },
  killLeader: async (soak) => {
    const leader = await soak.cluster.waitLeader();
    const begin = performance.now();
    await soak.cluster.kill(leader);
    soak.recoveries.push(await soak.timeOfWrite(begin));
    await soak.wait();
    await soak.cluster.restart(leader);
  },
  restart: async (soak, victim) => {
    await soak.cluster.stop(victim);
    await soak.cluster.restart(victim);
  },
  pause: async (soak, victim) => {
    soak.cluster.pause(victim);
    await soak.wait();
    soak.cluster.resume(victim);
  },
  pauseLeader: async (soak) => {
    const leader = await soak.cluster.waitLeader();
    soak.cluster.pause(leader);
    await soak.wait();
    soak.cluster.resume(leader);
  },
  isolate: async (soak, victim) => {
    soak.cluster.isolate(victim, soak.random.chance(0.5) ? 'silent' : 'reset');
    await soak.wait();
    soak.cluster.heal();
  },
  isolateLeader: async (soak) => {
    soak.cluster.isolate(await soak.cluster.waitLeader());
    await soak.wait();
    soak.cluster.heal();
  },
  cutOneWay: async (soak, victim) => {
    const other = soak.random.pick(soak.cluster.members.filter((member) => member !== victim));
    soak.cluster.cut(victim, other, { oneWay: true });
    await soak.wait();
    soak.cluster.heal();
  },
};

/** What faults work on. */
export class Soak {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly recoveries: number[] = [];
  #probes = 0;

  constructor(cluster: Cluster, random: Random) {
    this.cluster = cluster;
    this.random = random;
  }

  async wait(): Promise<void> {
    await delay(200 + this.random.below(MAX_FAULT_MS));
  }

  /** Writes a key of no client through any member that runs until one acknowledges; the time since `begin`. */
  async timeOfWrite(begin: number): Promise<number> {
    const probes = this.cluster.running.map(({ client }) => new MemberClient(client.endpoint));
    let took: number | undefined;
    const probe = async (client: MemberClient): Promise<void> => {
      while (took === undefined && performance.now() - begin < RECOVERY_LIMIT_MS) {
        const request = { key: Buffer.from('probe'), value: Buffer.from(String(this.#probes++)) };
        const { code } = await client.unary(KV.methods.Put, request, { deadlineMs: PROBE_LIMIT_MS });
        if (code === 0) took ??= performance.now() - begin;
        else await delay(PROBE_EVERY_MS);
      }
    };
    await Promise.all(probes.map(probe));
    for (const client of probes) client.close();
    if (took === undefined) throw new Error(`no write within ${RECOVERY_LIMIT_MS} ms\n${this.cluster.logs()}`);
    return took;
  }
}

/** Runs a cluster of `targets` for so long. Throws an Error that says what was wrong. */
export async function soakCluster(options: {
  readonly targets: readonly Target[];
  readonly seconds: number;
  readonly seed: number;
  readonly print?: (line: string) => void;
}): Promise<SoakSummary> {
  const random = new Random(options.seed);
  const cluster = await Cluster.start(options.targets, { 'snapshot-count': '500' });
  const soak = new Soak(cluster, random);
  const history = new History(new Random(options.seed + 1));
  const faults: Record<string, number> = {};
  try {
    let isOver = false;
    const clients = startClients(cluster, history, () => isOver);
    try {
      const end = performance.now() + options.seconds * 1000;
      while (performance.now() < end) {
        await delay(CALM_MS);
        const name = random.pick(Object.keys(FAULTS));
        const victim = random.pick(cluster.members);
        options.print?.(`${name} ${victim.name}`);
        faults[name] = (faults[name] ?? 0) + 1;
        // A client that found something wrong ends the run at once.
        await Promise.race([FAULTS[name]?.(soak, victim), clients]);
        await Promise.race([cluster.waitLeader(), clients]);
      }
    } finally {
      isOver = true;
    }
    await clients;
    const { revision } = await cluster.waitEqualHash();
    const [first] = cluster.members;
    if (first !== undefined) await history.judge(first.client);
    return {
      members: options.targets.map(({ label }) => label),
      operations: history.operations.length,
      unanswered: history.operations.length - history.answered,
      faults,
      recoveriesMs: soak.recoveries.map(Math.round).sort((a, b) => a - b),
      revision,
    };
  } catch (error) {
    throw new Error(`seed ${options.seed}: ${String(error)}\n${cluster.logs()}`, { cause: error });
  } finally {
    await cluster.close();
  }
}

async function startClients(cluster: Cluster, history: History, isOver: () => boolean): Promise<void> {
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, id) => {
      // Connections of its own for each client.
      const members = cluster.members.map(({ client }) => new MemberClient(client.endpoint));
      try {
        await history.run(id, () => members, isOver);
      } finally {
        for (const client of members) client.close();
      }
    }),
  );
}

/** The targets of a cluster from a list, or three times the same. */
export function parseMembers(target: string, members: string | undefined): Target[] {
  const names = members === undefined ? [target, target, target] : members.split(',');
  return names.map((name) => parseTarget(name.trim()));
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'final' },
      members: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const summary = await soakCluster({
    targets: parseMembers(values.target, values.members),
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    ...(values.verbose ? { print: console.log } : {}),
  });
  console.log(JSON.stringify(summary));
}
