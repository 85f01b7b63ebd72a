// A cluster of three: one log on all members, a new leader when one is lost, nothing acknowledged forgotten (spec/raft.md A, C).
// The cases share a cluster; what a case stops, the next one finds running again.

import assert from 'node:assert/strict';
import { KV } from '../../proto/load.ts';
import type { ClusterMember } from '../harness/cluster.ts';
import { httpRequest } from '../harness/http.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code, text } from './case.ts';

const { Range, Put, DeleteRange } = KV.methods;
const since = '05-raft';
const ELECTION_TIMEOUT_MS = 1000;
// Starting processes of a test on a small machine takes its share of the time.
const SLACK_MS = 4000;
const CATCH_UP_LIMIT_MS = 10_000;
// 5 s and two election timeouts, and some for the way.
const REQUEST_LIMIT_MS = 9000;

async function put(t: CaseContext, member: ClusterMember, name: string, value: string): Promise<void> {
  await member.client.ok(Put, { key: t.key(name), value: bytes(value) });
}

/** The value of a key as a member reads it; undefined when there is none. */
async function get(
  t: CaseContext,
  member: ClusterMember,
  name: string,
  options: { readonly serializable?: boolean } = {},
): Promise<string | undefined> {
  const { kvs } = await member.client.ok(Range, { key: t.key(name), ...options });
  const [kv] = kvs;
  return kv === undefined ? undefined : text(kv.value);
}

/** `name=value` of all keys of the case, as a member has them. */
async function everything(t: CaseContext, member: ClusterMember, serializable = false): Promise<string[]> {
  const request = { key: t.key(''), range_end: t.rangeEnd, serializable };
  return t.pairs((await member.client.ok(Range, request)).kvs);
}

/** Writes until a member takes it, and returns how long that took, in ms. */
async function putSoon(
  t: CaseContext,
  members: readonly ClusterMember[],
  name: string,
  value: string,
): Promise<number> {
  const begin = performance.now();
  for (let i = 0; performance.now() - begin < CATCH_UP_LIMIT_MS; i++) {
    const member = members[i % members.length] as ClusterMember;
    const request = { key: t.key(name), value: bytes(value) };
    const { code } = await member.client.unary(Put, request, { deadlineMs: 200 });
    if (code === Code.OK) return performance.now() - begin;
  }
  throw new Error(`nobody takes a write: ${t.cluster.logs()}`);
}

/** Waits until the member has all keys of the case, without asking the others. */
async function caughtUp(t: CaseContext, member: ClusterMember, expected: readonly string[]): Promise<void> {
  const end = performance.now() + CATCH_UP_LIMIT_MS;
  let found = await everything(t, member, true);
  while (found.length < expected.length && performance.now() < end) found = await everything(t, member, true);
  assert.deepEqual(found, expected);
}

const others = (t: CaseContext, one: ClusterMember): ClusterMember[] =>
  t.cluster.members.filter((each) => each !== one);

const peerUrlOf = (member: ClusterMember): string => `http://127.0.0.1:${member.peerPort}/raft`;

async function clusterHeaders(member: ClusterMember, clusterId?: string): Promise<Record<string, string>> {
  const id = (await member.status())?.header?.cluster_id ?? 0n;
  return {
    'X-Etcd-Cluster-Id': clusterId ?? id.toString(16),
    'X-Min-Cluster-Version': '3.0.0',
    'X-Server-From': '1',
    'X-Server-Version': '3.5.0',
    'Content-Type': 'application/protobuf',
  };
}

const cases: Case[] = [
  {
    name: 'what one member writes, all others read at once',
    since,
    server: 'cluster',
    run: async (t) => {
      for (const writer of t.cluster.members) {
        await put(t, writer, 'k', writer.name);
        for (const reader of t.cluster.members) assert.equal(await get(t, reader, 'k'), writer.name, reader.name);
      }
    },
  },
  {
    name: 'what one member deletes, all others miss at once',
    since,
    server: 'cluster',
    run: async (t) => {
      const [first, second, third] = t.cluster.members as [ClusterMember, ClusterMember, ClusterMember];
      await put(t, first, 'k', '1');
      const { deleted } = await second.client.ok(DeleteRange, { key: t.key('k') });
      assert.equal(deleted, 1);
      assert.equal(await get(t, third, 'k'), undefined);
    },
  },
  {
    name: 'a follower reads the last write, however fast one follows the other',
    since,
    server: 'cluster',
    run: async (t) => {
      const leader = await t.cluster.waitLeader();
      const [follower] = others(t, leader) as [ClusterMember];
      for (let i = 0; i < 50; i++) {
        await put(t, leader, 'k', String(i));
        assert.equal(await get(t, follower, 'k'), String(i));
      }
    },
  },
  {
    name: 'writes through all members at once get revisions of their own, and all members tell the same',
    since,
    server: 'cluster',
    run: async (t) => {
      const calls = t.cluster.members.flatMap(({ client, name }) =>
        Array.from({ length: 20 }, (_, i) => client.ok(Put, { key: t.key(`${name}/${i}`), value: bytes('v') })),
      );
      const revisions = (await Promise.all(calls)).map(({ header }) => header?.revision ?? 0);
      assert.equal(new Set(revisions).size, revisions.length);
      const answers = await Promise.all(
        t.cluster.members.map(({ client }) => client.ok(Range, { key: t.key(''), range_end: t.rangeEnd })),
      );
      const lists = answers.map(({ kvs }) => kvs.map((kv) => `${t.nameOf(kv.key)} ${kv.mod_revision}`));
      assert.equal(lists[0]?.length, revisions.length);
      for (const list of lists) assert.deepEqual(list, lists[0]);
    },
  },
  {
    name: 'the status of all members names the same leader, one of them, and the same term',
    since,
    server: 'cluster',
    run: async (t) => {
      const leader = await t.cluster.waitLeader();
      const answers = await Promise.all(t.cluster.members.map((member) => member.status()));
      assert.deepEqual(
        answers.map((one) => [one?.leader, one?.raftTerm]),
        t.cluster.members.map(() => [leader.id, answers[0]?.raftTerm]),
      );
      const ids = answers.map((one) => one?.header?.member_id);
      assert.equal(new Set(ids).size, 3);
      assert.equal(new Set(answers.map((one) => one?.header?.cluster_id)).size, 1);
    },
  },
  {
    name: 'a message of another cluster is refused with 412, one that makes no sense with 400',
    since,
    server: 'cluster',
    run: async (t) => {
      const [member] = t.cluster.members as [ClusterMember];
      const post = async (clusterId: string | undefined, body: Uint8Array): Promise<[number, string]> => {
        const headers = await clusterHeaders(member, clusterId);
        const answer = await httpRequest(peerUrlOf(member), { method: 'POST', headers, body });
        return [answer.status, answer.body];
      };
      const garbage = Uint8Array.of(0xff, 0xff, 0xff);
      assert.deepEqual(await post('1234', garbage), [412, 'cluster ID mismatch\n']);
      assert.deepEqual(await post(undefined, garbage), [400, 'error unmarshalling raft message\n']);
      const { status, headers } = await httpRequest(peerUrlOf(member));
      assert.deepEqual([status, headers['allow']], [405, 'POST']);
    },
  },
  {
    name: 'when the leader is killed, writes go on within two election timeouts, and the old one catches up when it comes back',
    since,
    server: 'cluster',
    run: async (t) => {
      const leader = await t.cluster.waitLeader();
      const rest = others(t, leader);
      const expected = Array.from({ length: 20 }, (_, i) => `${i + 10}=v`);
      await Promise.all(expected.map((_, i) => put(t, leader, String(i + 10), 'v')));
      await t.cluster.kill(leader);
      const ms = await putSoon(t, rest, '99', 'after');
      assert.ok(ms < 2 * ELECTION_TIMEOUT_MS + SLACK_MS, `${ms} ms`);
      expected.push('99=after');
      for (const member of rest) assert.deepEqual(await everything(t, member), expected);
      const next = await t.cluster.waitLeader(rest);
      assert.notEqual(next, leader);
      await t.cluster.restart(leader);
      await caughtUp(t, leader, expected);
    },
  },
  {
    name: 'a member that was down has what it missed when it is back, and can be asked for it without the others',
    since,
    server: 'cluster',
    run: async (t) => {
      const leader = await t.cluster.waitLeader();
      const [follower] = others(t, leader) as [ClusterMember];
      await put(t, leader, '100', 'before');
      await t.cluster.kill(follower);
      const missed = Array.from({ length: 50 }, (_, i) => String(i + 101));
      for (const name of missed) await put(t, leader, name, 'missed');
      await t.cluster.restart(follower);
      await caughtUp(t, follower, ['100=before', ...missed.map((name) => `${name}=missed`)]);
    },
  },
  {
    name: 'a leader that is cut off answers no read with what is old by then',
    since,
    server: 'cluster',
    run: async (t) => {
      const leader = await t.cluster.waitLeader();
      const rest = others(t, leader);
      await put(t, leader, 'k', 'old');
      t.cluster.isolate(leader);
      await putSoon(t, rest, 'k', 'new');
      const answer = await leader.client.unary(Range, { key: t.key('k') }, { deadlineMs: 500 });
      assert.notEqual(answer.code, Code.OK);
      t.cluster.heal();
      await t.cluster.waitLeader();
      assert.equal(await get(t, leader, 'k'), 'new');
    },
  },
  {
    name: 'without a majority a write fails in the end and a serializable read is answered; with one again all is well',
    since,
    server: 'cluster',
    run: async (t) => {
      const [one, two, three] = t.cluster.members as [ClusterMember, ClusterMember, ClusterMember];
      await put(t, one, 'k', '1');
      assert.equal(await get(t, three, 'k'), '1');
      await Promise.all([t.cluster.kill(one), t.cluster.kill(two)]);
      const refused = three.client.unary(Put, { key: t.key('k'), value: bytes('2') }, { deadlineMs: REQUEST_LIMIT_MS });
      assert.equal(await get(t, three, 'k', { serializable: true }), '1');
      const { code, message } = await refused;
      assert.match(message, /timed out|deadline exceeded/i);
      assert.ok(code === Code.Unavailable || code === Code.DeadlineExceeded, `${code} ${message}`);
      await t.cluster.restart(one);
      await putSoon(t, [one, three], 'k', '3');
      for (const member of [one, three]) assert.equal(await get(t, member, 'k'), '3');
    },
  },
  {
    name: 'all members are killed at the same time: what was acknowledged is there when they are back',
    since,
    server: 'cluster',
    run: async (t) => {
      const expected = Array.from({ length: 30 }, (_, i) => `${i + 10}=v`);
      await Promise.all(expected.map((_, i) => put(t, t.cluster.members[i % 3] as ClusterMember, String(i + 10), 'v')));
      await Promise.all(t.cluster.members.map((member) => t.cluster.kill(member)));
      await Promise.all(t.cluster.members.map((member) => t.cluster.restart(member)));
      await t.cluster.waitLeader();
      for (const member of t.cluster.members) assert.deepEqual(await everything(t, member), expected);
    },
  },
];

export const raftCases: CaseGroup = { name: 'raft', cases };
