// Leases in clusters, of our members alone and of ours with real ones: every member serves under every leader, whoever has to ask
// whom, and a lease outlives its leader by its whole time, no less and not for ever.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KV, Lease } from '../../proto/load.ts';
import { Cluster, type ClusterMember } from '../harness/cluster.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';

const ours = parseTarget(process.env['MIXED_TARGET'] ?? 'final');
const { LeaseGrant, LeaseKeepAlive, LeaseRevoke, LeaseTimeToLive } = Lease.methods;
const SHORT_TTL = 2;
const LONG_TTL = 60;
// A look every 500 ms, the log, and a machine that does other things too.
const LATE_MS = 3_000;
const ELECTION_MS = 1_000;
const RENEW_EVERY_MS = 250;

let granted = 5_000n;

interface Granted {
  readonly id: bigint;
  readonly key: Buffer;
}

async function grant(member: ClusterMember, ttl: number): Promise<Granted> {
  const id = ++granted;
  const key = Buffer.from(`lease/${id}`);
  await member.client.ok(LeaseGrant, { ID: id, TTL: ttl });
  await member.client.ok(KV.methods.Put, { key, lease: id });
  return { id, key };
}

async function exists(member: ClusterMember, { key }: Granted): Promise<boolean> {
  const { response } = await member.client.unary(KV.methods.Range, { key }, { deadlineMs: 2_000 });
  return response === undefined || response.count > 0;
}

/** Waits for the end of a lease, through `member`; returns when that was. */
async function endOf(member: ClusterMember, lease: Granted, limitMs: number): Promise<number> {
  const begin = performance.now();
  while (await exists(member, lease)) {
    assert.ok(performance.now() - begin < limitMs, `lease ${lease.id} does not end within ${limitMs} ms`);
    await delay(25);
  }
  return performance.now();
}

function clientOf(member: ClusterMember): GrpcClient {
  assert.ok(member.server);
  return member.server.grpc();
}

async function renewOnce(member: ClusterMember, ids: readonly bigint[]): Promise<number[]> {
  const client = clientOf(member);
  try {
    const stream = client.openBidi(LeaseKeepAlive);
    for (const ID of ids) stream.write({ ID });
    const ttls: number[] = [];
    for (const ID of ids) {
      const answer = await stream.next();
      assert.equal(answer.ID, ID, 'answers come in the order of the requests');
      ttls.push(answer.TTL);
    }
    return ttls;
  } finally {
    client.close();
  }
}

async function exercise(cluster: Cluster, leader: ClusterMember): Promise<void> {
  await cluster.moveLeader(leader);
  for (const member of cluster.running) {
    const who = `${member.name} under ${leader.name}`;
    const lease = await grant(member, LONG_TTL);
    assert.deepEqual(await renewOnce(member, [lease.id, 999n, lease.id, 0n]), [LONG_TTL, 0, LONG_TTL, 0], who);
    const times = await member.client.ok(LeaseTimeToLive, { ID: lease.id, keys: true });
    assert.deepEqual([times.grantedTTL, times.keys.map(String)], [LONG_TTL, [String(lease.key)]], who);
    assert.ok(times.TTL >= LONG_TTL - 10 && times.TTL < LONG_TTL, `${who}: ${times.TTL}`);
    assert.equal((await member.client.ok(LeaseTimeToLive, { ID: 999n })).TTL, -1, who);
    await member.client.ok(LeaseRevoke, { ID: lease.id });
    assert.equal(await exists(member, lease), false, who);
  }
  const [begin, short] = [performance.now(), await grant(leader, SHORT_TTL)];
  const end = await endOf(leader, short, SHORT_TTL * 1000 + LATE_MS);
  assert.ok(end - begin >= SHORT_TTL * 1000, `early under ${leader.name}: after ${end - begin} ms`);
}

/**
 * The leader is killed. A lease that nobody renews lives its whole time after that, and ends; one that is renewed through a
 * follower does not end.
 */
async function outlive(cluster: Cluster, leader: ClusterMember, follower: ClusterMember): Promise<void> {
  await cluster.moveLeader(leader);
  const ttl = 4;
  const [kept, left] = [await grant(leader, ttl), await grant(leader, ttl)];
  const client = clientOf(follower);
  try {
    const renewals = keepRenewing(client, kept.id);
    await delay(2 * RENEW_EVERY_MS);
    const killedAt = performance.now();
    await cluster.kill(leader);
    await cluster.waitLeader(cluster.running);
    const end = await endOf(follower, left, ttl * 1000 + 4 * ELECTION_MS + LATE_MS);
    assert.ok(end - killedAt >= ttl * 1000, `early: ${end - killedAt} ms after the leader was killed`);
    assert.equal(await exists(follower, kept), true);
    const { answers, streams } = await renewals.stop();
    assert.ok(answers > 5, `${answers} answers`);
    assert.ok(streams <= 2, `${streams} streams were needed`);
    await cluster.restart(leader);
    await endOf(leader, kept, ttl * 1000 + 4 * ELECTION_MS + LATE_MS);
  } finally {
    client.close();
  }
}

/** Renews a lease all the time, on a new stream where one fails. */
function keepRenewing(client: GrpcClient, ID: bigint): { stop(): Promise<{ answers: number; streams: number }> } {
  const over = new AbortController();
  let answers = 0;
  let streams = 0;
  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const stream = client.openBidi(LeaseKeepAlive);
      streams += 1;
      try {
        while (!over.signal.aborted) {
          stream.write({ ID });
          assert.ok((await stream.next()).TTL > 0, 'the lease ended');
          answers += 1;
          await delay(RENEW_EVERY_MS);
        }
        stream.cancel();
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
      }
    }
  };
  const running = run();
  running.catch(() => undefined);
  const stop = async (): Promise<{ answers: number; streams: number }> => {
    over.abort();
    await running;
    return { answers, streams };
  };
  return { stop };
}

async function withCluster(targets: readonly Target[], run: (cluster: Cluster) => Promise<void>): Promise<void> {
  const cluster = await Cluster.start(targets);
  try {
    await run(cluster);
  } catch (error) {
    throw new Error(`${String(error)}\n${cluster.logs()}`, { cause: error });
  } finally {
    await cluster.close();
  }
}

test('three of ours: leases are served by every member under every leader', () =>
  withCluster([ours, ours, ours], async (cluster) => {
    for (const leader of cluster.running) await exercise(cluster, leader);
  }));

test('three of ours: a lease outlives its leader by its whole time, and is kept alive through a follower', () =>
  withCluster([ours, ours, ours], (cluster) => outlive(cluster, cluster.member('n1'), cluster.member('n2'))));

for (const variable of ['ETCD_BIN', 'ETCD35_BIN'] as const) {
  const go = findReal(variable);
  if (go === undefined) {
    test(`leases together with the real etcd of ${variable}`, { skip: `set ${variable} to run it` }, () => undefined);
    continue;
  }
  const title = `${go.label} and ${ours.label}`;

  test(`${title}: leases are served by every member under every leader`, () =>
    withCluster([go, ours, go], async (cluster) => {
      for (const leader of cluster.running) await exercise(cluster, leader);
    }));

  test(`${title}: a lease outlives a leader of either kind`, () =>
    withCluster([go, ours, ours], async (cluster) => {
      await outlive(cluster, cluster.member('n1'), cluster.member('n2'));
      await outlive(cluster, cluster.member('n2'), cluster.member('n1'));
    }));
}
