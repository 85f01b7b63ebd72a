// Watch in a cluster: through any member, over a cut link, a killed member, a database that came from the leader, and with
// the wish to be told when there is no leader (spec/rpc.md 7 and 13).

import assert from 'node:assert/strict';
import { KV, Watch } from '../../proto/load.ts';
import type { Event } from '../../proto/schema.ts';
import { Cluster, type ClusterMember } from '../harness/cluster.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import { assertStatus, bytes, type Case, type CaseContext, type CaseGroup, Code } from './case.ts';
import { revisionOf, Watching } from './watching.ts';

const { Put, DeleteRange } = KV.methods;
const since = 'final';
const HAS_LEADER = { hasleader: 'true' };
const NO_LEADER = { code: Code.Unavailable, message: 'etcdserver: no leader' } as const;
// A member notices the loss of its leader after one election timeout, and looks at streams once in another.
const LOSS_LIMIT_MS = 12_000;
// More than the entries that a Go leader keeps for a follower that lags.
const LAG = 5600;

async function roles(t: CaseContext): Promise<{ leader: ClusterMember; followers: [ClusterMember, ClusterMember] }> {
  const leader = await t.cluster.waitLeader();
  const followers = t.cluster.members.filter((one) => one !== leader);
  return { leader, followers: followers as [ClusterMember, ClusterMember] };
}

/** A client with streams for a member that runs. */
function clientOf({ server, name }: ClusterMember): GrpcClient {
  if (server === undefined) throw new Error(`${name} does not run`);
  return server.grpc();
}

async function write(client: Pick<GrpcClient, 'unary'>, key: Buffer, value: string): Promise<void> {
  const { code, message } = await client.unary(Put, { key, value: bytes(value) });
  assert.equal(code, Code.OK, message);
}

/** Writes `count` revisions, a hundred at a time. */
async function writeMany(client: Pick<GrpcClient, 'unary'>, key: Buffer, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    await Promise.all(Array.from({ length: Math.min(100, left) }, (_, i) => write(client, key, String(left - i))));
  }
}

function assertGapless(events: readonly Event[], base: number, count: number): void {
  assert.deepEqual(
    events.map(({ kv }) => (kv?.mod_revision ?? 0) - base),
    Array.from({ length: count }, (_, i) => i + 1),
  );
}

const cases: Case[] = [
  {
    name: 'a watch through any member sees what is written through any member, in one order',
    since,
    server: 'cluster',
    run: async (t) => {
      const base = await revisionOf(t, clientOf(t.cluster.members[0] as ClusterMember));
      const watchings = await Promise.all(
        t.cluster.members.map((member) => Watching.open(t, { client: clientOf(member), base })),
      );
      const request = { key: t.key(''), range_end: t.rangeEnd, start_revision: base + 1 };
      for (const one of watchings) assert.match(await one.create(request), /created$/);
      await Promise.all(t.cluster.members.map(({ client, name }) => writeMany(client, t.key(name), 100)));
      const seen = await Promise.all(watchings.map((one) => one.events(300)));
      for (const events of seen) assertGapless(events, base, 300);
      const shown = seen.map((events, i) => events.map((event) => watchings[i]?.showEvent(event)));
      assert.deepEqual(shown[1], shown[0]);
      assert.deepEqual(shown[2], shown[0]);
    },
  },
  {
    name: 'a watcher of a follower that was cut off gets what it missed, once and in order',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const [follower] = followers;
      const watching = await Watching.open(t, { client: clientOf(follower) });
      await watching.create({ key: t.key('a') });
      await write(leader.client, t.key('a'), 'first');
      assertGapless(await watching.events(1), watching.base, 1);
      t.cluster.isolate(follower);
      await writeMany(leader.client, t.key('a'), 200);
      t.cluster.heal();
      assertGapless(await watching.events(200), watching.base + 1, 200);
    },
  },
  {
    name: 'when the leader is killed, the watchers of the others go on without a gap',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const watching = await Watching.open(t, { client: clientOf(followers[0]) });
      await watching.create({ key: t.key('a') });
      await writeMany(leader.client, t.key('a'), 50);
      await t.cluster.kill(leader);
      await t.cluster.waitLeader(followers);
      await writeMany(followers[1].client, t.key('a'), 50);
      assertGapless(await watching.events(100), watching.base, 100);
    },
  },
  {
    name: 'a watcher goes on at another member from the revision behind the last that it saw',
    since,
    server: 'cluster',
    run: async (t) => {
      const { followers } = await roles(t);
      const [lost, next] = followers;
      const first = await Watching.open(t, { client: clientOf(lost) });
      await first.create({ key: t.key('a') });
      await writeMany(next.client, t.key('a'), 20);
      assertGapless(await first.events(20), first.base, 20);
      // The client is to see the connection break before the harness closes it.
      lost.server?.signal('SIGKILL');
      assert.equal((await first.stream.ended).code, Code.Unavailable);
      await t.cluster.kill(lost);
      const { response } = await next.client.unary(DeleteRange, { key: t.key('a') });
      assert.equal(response?.deleted, 1);
      const second = await Watching.open(t, { client: clientOf(next), base: first.base });
      await second.create({ key: t.key('a'), start_revision: first.base + 21 });
      assert.equal(await second.next(), '0 @21 | delete a m21');
    },
  },
  {
    name: 'a stream that wants a leader is cut off when the quorum is lost, one that does not stays',
    since,
    server: 'cluster',
    run: async (t) => {
      const { leader, followers } = await roles(t);
      const [follower, other] = followers;
      const wanting = await Watching.open(t, { client: clientOf(follower), metadata: HAS_LEADER });
      const content = await Watching.open(t, { client: clientOf(follower) });
      for (const one of [wanting, content]) await one.create({ key: t.key('a') });
      await write(leader.client, t.key('a'), '1');
      for (const one of [wanting, content]) await one.events(1);
      await Promise.all([t.cluster.kill(leader), t.cluster.kill(other)]);
      const limit = setTimeout(() => wanting.stream.cancel(), LOSS_LIMIT_MS);
      assertStatus(await wanting.stream.ended, NO_LEADER);
      clearTimeout(limit);
      const refused = clientOf(follower).openBidi(Watch.methods.Watch, { metadata: HAS_LEADER });
      assertStatus(await refused.ended, NO_LEADER);
      // What is there can be watched, also without a leader.
      assert.match(await content.create({ key: t.key('a'), start_revision: content.base + 1 }), /created$/);
      assert.equal(await content.next(), '1 @1 | put a=1 c1 m1 v1');
      await t.cluster.restart(leader);
      await t.cluster.waitLeader([leader, follower]);
      await write(leader.client, t.key('a'), '2');
      assert.deepEqual((await content.take(2)).map((answer) => answer.slice(1)).sort(), [
        ' @2 | put a=2 c1 m2 v2',
        ' @2 | put a=2 c1 m2 v2',
      ]);
    },
  },
  {
    name: 'the watchers of a follower that is sent the whole database miss nothing of what it was sent',
    since,
    // 3.4 begins again with the revision in which the watcher was created.
    only: '3.5',
    server: 'none',
    run: async (t) => {
      const cluster = await Cluster.start([t.target, t.target, t.target], { 'snapshot-count': '100' });
      try {
        const leader = await cluster.waitLeader();
        const follower = cluster.members.find((one) => one !== leader) as ClusterMember;
        const watching = await Watching.open(t, { client: clientOf(follower) });
        await watching.create({ key: t.key('a') });
        await watching.create({ key: t.key('never') });
        await watching.create({ key: t.key('b'), start_revision: watching.base + LAG + 1 });
        await write(leader.client, t.key('a'), 'first');
        assertGapless(await watching.events(1), watching.base, 1);
        cluster.isolate(follower);
        await writeMany(leader.client, t.key('a'), LAG - 1);
        cluster.heal();
        assertGapless(await watching.events(LAG - 1), watching.base + 1, LAG - 1);
        await write(leader.client, t.key('b'), 'live');
        assert.equal(await watching.next(), `2 @${LAG + 1} | put b=live c${LAG + 1} m${LAG + 1} v1`);
      } finally {
        await cluster.close();
      }
    },
  },
];

export const watchClusterCases: CaseGroup = { name: 'watch in a cluster', cases };
