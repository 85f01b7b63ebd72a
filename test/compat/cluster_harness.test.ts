// The harness of clusters on real members, which are known to be right: links that are cut are cut, what is killed comes
// back, and members come and go.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KV } from '../../proto/load.ts';
import { Cluster } from '../harness/cluster.ts';
import { findReal, type Target } from '../harness/target.ts';

const old = findReal('ETCD_BIN');
const recent = findReal('ETCD35_BIN');
const SHORT = { deadlineMs: 1500 };

function clusterTest(
  name: string,
  targets: readonly (Target | undefined)[],
  run: (it: Cluster) => Promise<void>,
): void {
  const found = targets.filter((target) => target !== undefined);
  const skip = found.length < targets.length ? 'no etcd: set ETCD_BIN and ETCD35_BIN' : false;
  const label = found.map((target) => target.label).join(', ');
  test(`${name} (${label})`, { skip }, async () => {
    const cluster = await Cluster.start(found);
    try {
      await run(cluster);
    } catch (error) {
      throw new Error(`${String(error)}\n${cluster.logs()}`, { cause: error });
    } finally {
      await cluster.close();
    }
  });
}

const put = (key: string) => ({ key: Buffer.from(key), value: Buffer.from('v') });

for (const targets of [
  [old, old, old],
  [recent, recent, recent],
  [old, recent, old],
]) {
  clusterTest('faults and their ends', targets, async (cluster) => {
    const first = await cluster.waitLeader();
    await first.client.ok(KV.methods.Put, put('a'));

    cluster.isolate(first);
    const second = await cluster.waitLeader(cluster.members.filter((one) => one !== first));
    assert.notEqual(second, first);
    await second.client.ok(KV.methods.Put, put('b'));
    const cutOff = await first.client.unary(KV.methods.Put, put('c'), SHORT);
    assert.notEqual(cutOff.code, 0, 'a member without a majority acknowledged a write');
    cluster.heal();
    await cluster.waitLeader();

    const leader = await cluster.waitLeader();
    await cluster.kill(leader);
    const next = await cluster.waitLeader();
    await next.client.ok(KV.methods.Put, put('d'));
    await cluster.restart(leader);

    const paused = await cluster.waitLeader();
    cluster.pause(paused);
    const after = await cluster.waitLeader(cluster.running);
    await after.client.ok(KV.methods.Put, put('e'));
    cluster.resume(paused);
    await cluster.waitLeader();
    await cluster.waitEqualHash();
  });
}

for (const target of [old, recent]) {
  clusterTest('a cut in one direction', [target, target, target], async (cluster) => {
    const leader = await cluster.waitLeader();
    const [one, two] = cluster.members.filter((member) => member !== leader);
    assert.ok(one && two);
    const before = await one.status();
    // The leader does not reach one follower; what that one says still arrives.
    cluster.cut(leader, one, { oneWay: true });
    await leader.client.ok(KV.methods.Put, put('a'));
    const there = await two.client.ok(KV.methods.Range, { key: Buffer.from('a') });
    const here = await one.client.ok(KV.methods.Range, { key: Buffer.from('a'), serializable: true });
    assert.deepEqual([there.kvs.length, here.kvs.length], [1, 0]);
    cluster.heal();
    await cluster.waitLeader();
    await cluster.waitEqualHash();
    assert.ok(((await one.status())?.raftAppliedIndex ?? 0) > (before?.raftAppliedIndex ?? 0));
  });

  clusterTest('members come and go', [target, target, target], async (cluster) => {
    const added = await cluster.add({ target: target as Target, isLearner: true });
    await cluster.restart(added);
    await cluster.promote(added, await cluster.waitLeader());
    await added.client.ok(KV.methods.Put, put('through the new one'));
    await cluster.moveLeader(added);
    const [first] = cluster.members;
    assert.ok(first);
    await cluster.remove(first, added);
    assert.equal(cluster.members.length, 3);
    await cluster.waitLeader();
    await cluster.waitEqualHash();
  });
}
