// Remaining times of leases in a cluster of whole members whose time a test moves: written down by the leader, known to every
// member, kept over a restart where that is asked for, and never to the harm of a lease that was renewed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EtcdServer } from '../../../final/server/server.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { copyOf, Life, Links } from './small_cluster.ts';

const NAMES = ['n1', 'n2', 'n3'];
const TTL = 1_000;
const ELECTION_S = 1;
const CHECKPOINT_S = 300;
const TURNS_A_TICK = 8;
// An election, and the ticks until a look.
const SLACK_S = 10;

interface Running {
  readonly name: string;
  readonly life: Life;
  readonly server: EtcdServer;
}

/** Three members, one time for all. */
class SmallCluster {
  readonly #links = new Links();
  readonly #flags: Readonly<Record<string, string>>;
  running: Running[] = [];

  constructor(flags: Readonly<Record<string, string>>) {
    this.#flags = flags;
  }

  async start(): Promise<void> {
    await Promise.all(NAMES.map((name) => this.boot(name, new MemFileSystem())));
    await this.pass(3);
  }

  async boot(name: string, disk: MemFileSystem): Promise<void> {
    const life = new Life(this.#links, disk);
    const flags = {
      name,
      'initial-advertise-peer-urls': urlOf(name),
      'initial-cluster': NAMES.map((one) => `${one}=${urlOf(one)}`).join(','),
      ...this.#flags,
    };
    const server = await life.open(flags);
    this.running.push({ name, life, server });
    void server.start().catch((error: unknown) => life.end(error));
  }

  /** The power of a member fails; returns its disk. */
  kill(member: Running): MemFileSystem {
    member.life.end(undefined);
    this.running = this.running.filter((one) => one !== member);
    return copyOf(member.life.disk, 'data');
  }

  async restart(member: Running): Promise<void> {
    await this.boot(member.name, this.kill(member));
  }

  async pass(seconds: number): Promise<void> {
    for (let tick = 0; tick < seconds * 10; tick++) {
      // One after the other: all have the same election timeout.
      for (const { life } of this.running) {
        life.tick();
        for (let turn = 0; turn < TURNS_A_TICK; turn++) await new Promise((resolve) => void setImmediate(resolve));
        assert.equal(life.failure, undefined);
      }
    }
  }

  async leader(): Promise<Running> {
    const isLeader = ({ server }: Running): boolean => server.leader === server.cluster.localMemberId;
    await this.pass(SLACK_S);
    const leaders = this.running.filter(isLeader);
    assert.equal(leaders.length, 1);
    return leaders[0] as Running;
  }
}

function urlOf(name: string): string {
  return `http://10.0.0.${name.slice(1)}:2380`;
}

async function ttlAt({ server }: Running, id: bigint): Promise<number> {
  return (await server.leases.timeToLive(id, false)).ttl;
}

function between(value: number, least: number, most: number): void {
  assert.ok(value >= least && value <= most, `${value} is not between ${least} and ${most}`);
}

/** Grants a lease and lets it be checkpointed. What it has left then is at most TTL − CHECKPOINT_S. */
async function checkpointed(flags: Readonly<Record<string, string>>): Promise<SmallCluster> {
  const cluster = new SmallCluster(flags);
  await cluster.start();
  const leader = await cluster.leader();
  await leader.server.leases.grant({ ID: 7n, TTL });
  await cluster.pass(CHECKPOINT_S + SLACK_S);
  return cluster;
}

const ON = { 'experimental-enable-lease-checkpoint': 'true' };
const KEPT = { ...ON, 'experimental-enable-lease-checkpoint-persist': 'true' };

test('a new leader goes on from the last checkpoint', async () => {
  const cluster = await checkpointed(ON);
  cluster.kill(await cluster.leader());
  const most = TTL - CHECKPOINT_S + ELECTION_S;
  between(await ttlAt(await cluster.leader(), 7n), most - 3 * SLACK_S, most);
});

test('without checkpoints it begins anew', async () => {
  const cluster = await checkpointed({});
  cluster.kill(await cluster.leader());
  between(await ttlAt(await cluster.leader(), 7n), TTL - 2 * SLACK_S, TTL + ELECTION_S);
});

test('a lease that was renewed behind its checkpoint has its whole time with the next leader', async () => {
  const cluster = await checkpointed(KEPT);
  const leader = await cluster.leader();
  assert.equal(await leader.server.leases.renew(7n), TTL);
  cluster.kill(leader);
  between(await ttlAt(await cluster.leader(), 7n), TTL - 2 * SLACK_S, TTL + ELECTION_S);
});

for (const [title, flags, isKept] of [
  ['checkpoints that are to be kept survive the restart of all members', KEPT, true],
  ['others are forgotten', ON, false],
] as const) {
  test(title, async () => {
    const cluster = await checkpointed(flags);
    // A change that brings the databases up to here: what is behind them is applied again.
    await (await cluster.leader()).server.leases.grant({ ID: 8n, TTL });
    await cluster.pass(1);
    for (const member of cluster.running) await cluster.restart(member);
    const leases = cluster.running.map(({ server }) => server.leases.list().length);
    assert.deepEqual(leases, [2, 2, 2]);
    const ttl = await ttlAt(await cluster.leader(), 7n);
    if (isKept) between(ttl, TTL - CHECKPOINT_S - 4 * SLACK_S, TTL - CHECKPOINT_S + ELECTION_S);
    else between(ttl, TTL - 2 * SLACK_S, TTL + ELECTION_S);
  });
}
