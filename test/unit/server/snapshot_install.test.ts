// A member that gets the database of its leader, on a disk whose power fails at every single call in turn, from the start of
// the program to the entries behind the snapshot. Whatever is left on the disk must be a member that starts, that remembers all
// that it has acknowledged, and that has the old state or the new one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConfig } from '../../../final/etcdmain/config.ts';
import { bootstrap, lastPosition, pointOf } from '../../../final/server/bootstrap.ts';
import type { EtcdServer } from '../../../final/server/server.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { readConsistentIndex } from '../../../final/storage/schema/meta_bucket.ts';
import { type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import { copyOf, Life, Links, until } from './small_cluster.ts';

const LEADER_URL = 'http://10.0.0.1:2380';
const FOLLOWER_URL = 'http://10.0.0.2:2380';
const COMMON = {
  'snapshot-count': '10',
  'experimental-snapshot-catchup-entries': '1',
  'backend-batch-limit': '3',
  'max-wals': '1',
  'max-snapshots': '1',
};
const LEADER_FLAGS = {
  ...COMMON,
  name: 'n1',
  'initial-advertise-peer-urls': LEADER_URL,
  'initial-cluster': `n1=${LEADER_URL}`,
};
const FOLLOWER_FLAGS = {
  ...COMMON,
  name: 'n2',
  'initial-advertise-peer-urls': FOLLOWER_URL,
  'initial-cluster': `n1=${LEADER_URL},n2=${FOLLOWER_URL}`,
  'initial-cluster-state': 'existing',
};
// Calls of the disk from the start to the last entry; fewer would mean that the windows were not there.
const LEAST_CALLS = 40;

const LOSSES = {
  'all that was not synced is lost': () => false,
  'nothing is lost': () => true,
  'every other sector is lost': (_: string, sector: number) => sector % 2 === 0,
} as const;

class PowerFailure extends Error {}

interface Leader {
  readonly life: Life;
  readonly server: EtcdServer;
  readonly links: Links;
}

let puts = 0;

async function put({ server }: Pick<Leader, 'server'>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const n = puts++;
    await server.put({
      key: Buffer.from(`key/${n % 7}`),
      value: Buffer.alloc(100, n),
      lease: 0n,
      prev_kv: false,
      ignore_value: false,
      ignore_lease: false,
    });
  }
}

function applied(server: EtcdServer): number {
  return server.raftStatus().applied;
}

interface Disks {
  readonly leader: MemFileSystem;
  readonly learner: MemFileSystem;
}

/** Disks of a leader that can commit alone, and of a learner that was left behind so far that only the database helps. */
async function oldDisks(): Promise<Disks> {
  const leader = await startLeader(new MemFileSystem());
  const { server, life, links } = leader;
  await server.members.add({ peerUrls: [FOLLOWER_URL], isLearner: true });
  const learner = new Life(links, new MemFileSystem());
  const first = await learner.open(FOLLOWER_FLAGS, () => server);
  const started = first.start();
  life.tick();
  await started;
  await put(leader, 15);
  life.tick();
  await until('the learner has everything', () => applied(first) === applied(server));
  links.cut();
  learner.end(undefined);
  await put(leader, 40);
  await server.stop();
  life.end(undefined);
  return { leader: copyOf(life.disk, 'data'), learner: copyOf(learner.disk, 'data') };
}

async function startLeader(disk: MemFileSystem): Promise<Leader> {
  const links = new Links();
  const life = new Life(links, disk);
  const server = await life.open(LEADER_FLAGS);
  await server.start();
  return { life, server, links };
}

interface Acknowledged {
  index: number;
  term: number;
}

type Keeps = (path: string, sector: number) => boolean;

/** Runs the learner until it has everything, or the power fails at call `failAt` of its disk. Returns where that was. */
async function run(
  leader: Leader,
  disk: MemFileSystem,
  known: Acknowledged,
  power?: { readonly failAt: number; readonly keeps: Keeps },
): Promise<string | undefined> {
  const { links } = leader;
  let left = power?.failAt ?? Number.POSITIVE_INFINITY;
  let failedAt: string | undefined;
  const life = new Life(links, disk);
  disk.hook = (operation, path) => {
    if (--left > 0) return;
    failedAt = `${operation} ${path}`;
    disk.hook = () => {};
    life.end(undefined);
    disk.crash(power?.keeps ?? (() => true));
    throw new PowerFailure('the power failed');
  };
  links.onSend = ({ from, type, term, index, reject }: RaftMessage) => {
    if (from === leader.server.cluster.localMemberId) return;
    known.term = Math.max(known.term, term);
    if (type === RaftMessageType.MsgAppResp && !reject) known.index = Math.max(known.index, index);
  };
  links.heal();
  try {
    await Promise.race([life.ended, live(leader, life)]);
  } catch (error) {
    if (failedAt === undefined) throw error;
  }
  if (failedAt === undefined && life.failure !== undefined) throw life.failure;
  life.end(undefined);
  links.cut();
  return failedAt;
}

// Catches up, follows for a while, and stops in an orderly way.
async function live(leader: Leader, life: Life): Promise<void> {
  const server = await life.open(FOLLOWER_FLAGS, () => leader.server);
  let isStarted = false;
  const started = server.start().then(() => {
    isStarted = true;
  });
  started.catch(() => {});
  for (let round = 0; round < 4 && life.isAlive; round++) {
    await converge(leader, life, server);
    if (round < 3) await put(leader, 2);
  }
  // What it said of itself may have come back as a part of the snapshot: then it says it again after a while.
  await until('the learner serves', () => {
    leader.life.tick();
    life.tick();
    return !life.isAlive || isStarted;
  });
  if (!life.isAlive) return;
  await started;
  await server.stop();
}

async function converge(leader: Leader, life: Life, server: EtcdServer): Promise<void> {
  let turns = 0;
  await until('the learner has caught up', () => {
    if (turns++ % 20 === 0) leader.life.tick();
    return !life.isAlive || applied(server) === applied(leader.server);
  });
}

/** What the disk says without changing it. */
async function check(leader: Leader, disk: MemFileSystem, known: Acknowledged, old: number): Promise<void> {
  const { ports } = new Life(new Links(), copyOf(disk, 'data'));
  const config = toConfig(new Map(Object.entries({ 'data-dir': 'data', ...FOLLOWER_FLAGS })));
  const calls = { fetchMembers: fail, fetchVersion: fail, promote: fail, renewLease: fail, leaseTimes: fail };
  const left = await bootstrap({ config, ports, calls });
  const last = lastPosition(left);
  assert.ok(last.index >= known.index, `acknowledged up to ${known.index}, the log ends at ${last.index}`);
  assert.ok(left.hardState.term >= known.term, `was in term ${known.term}, remembers ${left.hardState.term}`);
  assert.ok(left.hardState.commit >= pointOf(left.snapshot).index, 'the snapshot is behind what is committed');
  const { index } = readConsistentIndex(left.backend);
  assert.ok(index >= pointOf(left.snapshot).index && index >= old, `the database is at ${index}`);
  left.backend.abandon();
  const server = await new Life(new Links(), copyOf(disk, 'data')).open(FOLLOWER_FLAGS);
  const { hash, revision } = server.hashKV(0);
  assert.equal(hash, leader.server.hashKV(revision).hash, `the state at revision ${revision}`);
}

const fail = (): Promise<never> => Promise.reject(new Error('nobody is asked'));

for (const [loss, keeps] of Object.entries(LOSSES)) {
  test(`the power fails at every call while a snapshot comes in: ${loss}`, async () => {
    const old = await oldDisks();
    const before = await indexIn(old.learner);
    let installs = 0;
    for (let failAt = 1; ; failAt++) {
      // The leader too is what it was: it must not remember what a learner of another course has acknowledged.
      const leader = await startLeader(copyOf(old.leader, 'data'));
      const disk = copyOf(old.learner, 'data');
      const known = { index: 0, term: 0 };
      const failedAt = await run(leader, disk, known, { failAt, keeps });
      const at = `call ${failAt}, ${failedAt}`;
      await check(leader, disk, known, before).catch((error: unknown) => {
        throw new Error(`${at}: ${(error as Error).message}`, { cause: error });
      });
      if ((await indexIn(disk)) > before) installs++;
      await run(leader, disk, known);
      const { hash } = leader.server.hashKV(0);
      assert.equal((await new Life(new Links(), disk).open(FOLLOWER_FLAGS)).hashKV(0).hash, hash, at);
      const left = disk.list('data/member/snap').filter((name) => name.endsWith('.snap.db'));
      assert.deepEqual(left, [], `${at}: databases that nobody needs any more`);
      if (failedAt !== undefined) continue;
      assert.ok(failAt > LEAST_CALLS, `only ${failAt} calls`);
      assert.ok(installs > 1 && installs < failAt, `${installs} of ${failAt} had the new state`);
      return;
    }
  });
}

async function indexIn(disk: MemFileSystem): Promise<number> {
  const server = await new Life(new Links(), copyOf(disk, 'data')).open(FOLLOWER_FLAGS);
  return readConsistentIndex(server.storage.backend).index;
}
