// What a cluster of different programs must be able to do together: serve through every member under every leader, change its
// members, catch up from each other's snapshots, and be replaced member by member while clients write.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { KV } from '../../proto/load.ts';
import type { Cluster, ClusterMember } from '../harness/cluster.ts';
import { httpRequest } from '../harness/http.ts';
import { MemberClient } from '../harness/member_client.ts';
import type { Target } from '../harness/target.ts';

/** Flags under which a newcomer always needs a snapshot: once one was taken, the first entry of the log is gone. */
export const SNAPSHOT_FLAGS = { 'snapshot-count': '40' } as const;
const FILLING = 120;
const VALUE_BYTES = 4000;
const WRITE_LIMIT_MS = 400;
const WRITE_EVERY_MS = 15;
// Between two replacements, so that each has clients before and after it.
const BETWEEN_MS = 500;

let written = 0;

/** Through every member: a write, which all members read at once, a transaction, and a delete. */
export async function exercise(cluster: Cluster): Promise<void> {
  for (const member of cluster.running) {
    const key = Buffer.from(`exercise/${++written}`);
    const value = Buffer.from(member.name);
    await member.client.ok(KV.methods.Put, { key, value });
    for (const reader of cluster.running) {
      const { kvs } = await reader.client.ok(KV.methods.Range, { key });
      assert.equal(String(kvs[0]?.value), member.name, `written through ${member.name}, read through ${reader.name}`);
    }
    const { succeeded } = await member.client.ok(KV.methods.Txn, {
      compare: [{ result: 0, target: 3, key, value }],
      success: [{ request_put: { key, value: Buffer.from('changed') } }],
    });
    assert.ok(succeeded, member.name);
    const { deleted } = await member.client.ok(KV.methods.DeleteRange, { key });
    assert.equal(deleted, 1, member.name);
  }
}

/** Every member leads once, and all serve under it. */
export async function exerciseUnderEach(cluster: Cluster): Promise<void> {
  for (const leader of [...cluster.running, ...cluster.running.slice(0, 1)]) {
    await cluster.moveLeader(leader);
    await exercise(cluster);
  }
}

/** Under `leader`: a learner of `target` joins, cannot be used, becomes a voter, serves, and is removed. */
export async function addPromoteRemove(cluster: Cluster, leader: ClusterMember, target: Target): Promise<void> {
  await cluster.moveLeader(leader);
  const added = await cluster.add({ target, isLearner: true, via: leader });
  await cluster.restart(added);
  const refused = await added.client.unary(KV.methods.Put, { key: Buffer.from('k') });
  assert.deepEqual([refused.code, refused.message], [14, 'etcdserver: rpc not supported for learner']);
  assert.equal((await added.status())?.isLearner, true);
  await cluster.promote(added, leader);
  await exercise(cluster);
  await cluster.remove(added, leader);
  await exercise(cluster);
}

/** A member's data directory is lost: under `leader` it is removed and joins anew, and gets a snapshot. */
export async function loseAndRejoin(cluster: Cluster, lost: ClusterMember, leader: ClusterMember): Promise<void> {
  await cluster.moveLeader(leader);
  await fill(leader);
  const sentBefore = await metric(leader, 'etcd_network_snapshot_send_success');
  await cluster.kill(lost);
  cluster.wipe(lost);
  const { target } = lost;
  await cluster.remove(lost, leader);
  const added = await cluster.add({ target, via: leader });
  await cluster.restart(added);
  await exercise(cluster);
  // The Go server counts, and one of the two is one.
  const isReceived = (await metric(added, 'etcd_network_snapshot_receive_success')) > 0;
  const isSent = (await metric(leader, 'etcd_network_snapshot_send_success')) > sentBefore;
  assert.ok(isReceived || isSent, 'it was to catch up from a snapshot');
  await cluster.waitEqualHash();
}

/** Writes enough for a snapshot, and for a database of some pages. */
export async function fill(member: ClusterMember): Promise<void> {
  for (let i = 0; i < FILLING; i++) {
    await member.client.ok(KV.methods.Put, { key: Buffer.from(`fill/${i % 50}`), value: Buffer.alloc(VALUE_BYTES, i) });
  }
}

/** Sum of a counter over its labels; 0 where there is none. */
async function metric(member: ClusterMember, name: string): Promise<number> {
  const { body } = await httpRequest(`http://127.0.0.1:${member.clientPort}/metrics`);
  const lines = body.split('\n').filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** One client that writes all the time through whatever member answers. */
export class LightLoad {
  readonly #cluster: Cluster;
  readonly #acknowledged: string[] = [];
  readonly #clients = new Map<string, MemberClient>();
  #isOver = false;
  #running: Promise<void> = Promise.resolve();
  #lastAt = 0;
  #longestGapMs = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  start(): void {
    this.#lastAt = performance.now();
    this.#running = this.#run();
  }

  /** Ends it without looking. */
  abandon(): void {
    this.#isOver = true;
    this.#closeClients();
  }

  /** Ends it, and looks whether everything that was acknowledged is there. */
  async finish(): Promise<{ readonly acknowledged: number; readonly longestGapMs: number }> {
    this.#isOver = true;
    await this.#running;
    this.#closeClients();
    const [member] = this.#cluster.running;
    const all = { key: Buffer.from('load/'), range_end: Buffer.from('load0'), keys_only: true };
    const found = new Set((await member?.client.ok(KV.methods.Range, all))?.kvs.map(({ key }) => String(key)));
    const lost = this.#acknowledged.filter((key) => !found.has(key));
    assert.deepEqual(lost, [], 'acknowledged and lost');
    return { acknowledged: this.#acknowledged.length, longestGapMs: Math.round(this.#longestGapMs) };
  }

  async #run(): Promise<void> {
    for (let n = 0, at = 0; !this.#isOver; n++) {
      const { running } = this.#cluster;
      const client = this.#clientOf(running[at % running.length]?.client.endpoint ?? '');
      const key = `load/${n}`;
      const { code } = await client.unary(KV.methods.Put, { key: Buffer.from(key) }, { deadlineMs: WRITE_LIMIT_MS });
      if (code === 0) this.#acknowledge(key);
      else at += 1;
      await delay(WRITE_EVERY_MS);
    }
    this.#noteGap();
  }

  #closeClients(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #acknowledge(key: string): void {
    this.#acknowledged.push(key);
    this.#noteGap();
    this.#lastAt = performance.now();
  }

  #noteGap(): void {
    this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - this.#lastAt);
  }

  #clientOf(endpoint: string): MemberClient {
    const client = this.#clients.get(endpoint) ?? new MemberClient(endpoint);
    this.#clients.set(endpoint, client);
    return client;
  }
}

/** The program of a member is replaced: stopped, and the other one started on its data directory. */
export async function replaceInPlace(cluster: Cluster, member: ClusterMember, target: Target): Promise<void> {
  await delay(BETWEEN_MS);
  await cluster.stop(member);
  await cluster.restart(member, target);
  await cluster.waitLeader();
}

/** A member is replaced by a new one of `target`: removed, and the new one joins as a learner first. */
export async function replaceByNew(cluster: Cluster, member: ClusterMember, target: Target): Promise<ClusterMember> {
  await cluster.remove(member);
  const added = await cluster.add({ target, isLearner: true, via: await cluster.waitLeader() });
  await cluster.restart(added);
  await cluster.promote(added, await cluster.waitLeader());
  await cluster.waitLeader();
  return added;
}
