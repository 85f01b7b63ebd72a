// A member whose database is replaced by that of the leader while clients watch at it: they go on with the new one, and miss
// nothing that happened in between.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EtcdServer } from '../../../final/server/server.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { Life, Links, until } from './small_cluster.ts';

const LEADER_URL = 'http://10.0.0.1:2380';
const FOLLOWER_URL = 'http://10.0.0.2:2380';
const COMMON = { 'snapshot-count': '10', 'experimental-snapshot-catchup-entries': '1' };
const LEADER = { ...COMMON, name: 'n1', 'initial-advertise-peer-urls': LEADER_URL };
const LEADER_FLAGS = { ...LEADER, 'initial-cluster': `n1=${LEADER_URL}` };
const FOLLOWER_FLAGS = {
  ...COMMON,
  name: 'n2',
  'initial-advertise-peer-urls': FOLLOWER_URL,
  'initial-cluster': `n1=${LEADER_URL},n2=${FOLLOWER_URL}`,
  'initial-cluster-state': 'existing',
};

async function put(server: EtcdServer, count: number): Promise<void> {
  const rest = { lease: 0n, prev_kv: false, ignore_value: false, ignore_lease: false };
  for (let i = 0; i < count; i++)
    await server.put({ key: Buffer.from(`key/${i % 7}`), value: Buffer.from('v'), ...rest });
}

const applied = (server: EtcdServer): number => server.raftStatus().applied;

test('watchers of a member that gets the database of its leader see every event once', async () => {
  const links = new Links();
  const leaderLife = new Life(links, new MemFileSystem());
  const leader = await leaderLife.open(LEADER_FLAGS);
  await leader.start();
  await leader.members.add({ peerUrls: [FOLLOWER_URL], isLearner: true });
  const life = new Life(links, new MemFileSystem());
  const member = await life.open(FOLLOWER_FLAGS, () => leader);
  let isStarted = false;
  const started = member.start().then(() => {
    isStarted = true;
  });
  const level = (what: string) =>
    until(what, () => {
      leaderLife.tick();
      life.tick();
      return applied(member) === applied(leader);
    });
  await until('the learner serves', () => {
    leaderLife.tick();
    life.tick();
    return isStarted;
  });
  await started;
  await put(leader, 5);
  await level('the learner has everything');
  const abort = new AbortController();
  const events = member.watch({ range: { kind: 'fromKey', key: 'key/' }, startRevision: 3, signal: abort.signal });
  const seen: number[] = [];
  const reading = (async () => {
    for await (const some of events) seen.push(...some.map((event) => event.modRevision));
  })();
  let snapshots = 0;
  const sendSnapshot = links.sendSnapshot.bind(links);
  links.sendSnapshot = (...args) => {
    snapshots++;
    sendSnapshot(...args);
  };
  links.cut();
  await put(leader, 40);
  links.heal();
  await level('the learner has caught up');
  assert.ok(snapshots > 0, 'the log alone was enough');
  await put(leader, 5);
  await level('the learner follows');
  await until('all events are there', () => seen.length >= 49);
  assert.deepEqual(
    seen,
    Array.from({ length: 49 }, (_, i) => i + 3),
  );
  abort.abort();
  await reading;
  await member.stop();
  await leader.stop();
});
