// The Election service: candidates in the order of their keys, what the leader proclaims, and what observers see (spec/rpc.md
// 12.2 and rows of 17.8).

import assert from 'node:assert/strict';
import { Election, KV, Lease, Lock as LockService } from '../../proto/load.ts';
import type { CampaignResponse, LeaderKey, LeaderResponse } from '../../proto/schema.ts';
import type { GrpcStream } from '../harness/grpc_stream.ts';
import { bytes, type Case, type CaseContext, type CaseGroup, Code, text } from './case.ts';
import { assertGaveUp, hex, isWaiting, leaseOf, queued, waiters } from './locking.ts';

const { Campaign, Proclaim, Leader, Observe, Resign } = Election.methods;
const { Range, Put, DeleteRange } = KV.methods;
const { LeaseGrant, LeaseRevoke, LeaseTimeToLive } = Lease.methods;
const since = 'final';
const LONG_WAIT = { deadlineMs: 20_000 };
const NO_LEADER = { code: Code.Unknown, message: 'election: no leader' } as const;
const NOT_LEADER = { code: Code.Unknown, message: 'election: not leader' } as const;
const MUST_PROVIDE = { code: Code.Unknown, message: '"leader" field must be provided' } as const;

const campaign = (t: CaseContext, lease: bigint, value: string) =>
  t.client.unary(Campaign, { name: t.key('E'), lease, value: bytes(value) }, LONG_WAIT);

/** Campaigns where it must be won at once. */
async function win(t: CaseContext, lease: bigint, value: string): Promise<LeaderKey> {
  const { leader } = await t.ok(Campaign, { name: t.key('E'), lease, value: bytes(value) });
  if (leader === undefined) throw new Error('a campaign without a leader key');
  return leader;
}

/** The value of the leader, as the service tells it. */
async function leaderOf(t: CaseContext): Promise<string> {
  const { kv } = await t.ok(Leader, { name: t.key('E') });
  return text(kv?.value ?? bytes('no kv'));
}

const leaderKeyOf = ({ leader }: CampaignResponse): LeaderKey => leader as LeaderKey;

const observe = (t: CaseContext): GrpcStream<unknown, LeaderResponse> =>
  t.client.openServerStream(Observe, { name: t.key('E') });

/** The next value that an observer is told, and whether the header has the revision of that value. */
async function observed(stream: GrpcStream<unknown, LeaderResponse>): Promise<string> {
  const { kv } = await stream.next();
  return text(kv?.value ?? bytes('no kv'));
}

const campaigns: Case[] = [
  {
    name: 'a single candidate wins at once, with the key of its lease and the revision of its put (row 170)',
    since,
    run: async (t) => {
      const ID = 600n;
      await t.ok(LeaseGrant, { TTL: 600, ID });
      const { header: before } = await t.ok(Range, { key: t.key('E') });
      const { header, leader } = await t.ok(Campaign, { name: t.key('E'), lease: ID, value: bytes('v1') });
      const rev = (before?.revision ?? 0) + 1;
      assert.deepEqual(header, { ...before, revision: rev });
      assert.deepEqual(leader, { name: t.key('E'), key: t.key('E/258'), rev, lease: ID });
      const [kv] = (await t.ok(Range, { key: t.key('E/258') })).kvs;
      assert.deepEqual([text(kv?.value ?? bytes('')), kv?.lease, kv?.create_revision], ['v1', ID, rev]);
    },
  },
  {
    name: 'without a lease the server grants one of 60 s to the candidate',
    since,
    run: async (t) => {
      const leader = await win(t, 0n, 'v');
      assert.equal(t.nameOf(leader.key), `E/${hex(leader.lease)}`);
      assert.equal((await t.ok(LeaseTimeToLive, { ID: leader.lease })).grantedTTL, 60);
    },
  },
  {
    name: 'the second candidate waits until the first resigns; its answer has the revision of its own put',
    since,
    run: async (t) => {
      const first = await win(t, await leaseOf(t), 'one');
      const lease = await leaseOf(t);
      const waiting = campaign(t, lease, 'two');
      await queued(t, 'E', 2);
      const rev = (await waiters(t, 'E'))[1]?.create_revision;
      assert.equal(await isWaiting(waiting), true);
      assert.equal(await leaderOf(t), 'one');
      await t.ok(Resign, { leader: first });
      const { response } = await waiting;
      assert.deepEqual([response?.header?.revision, response?.leader?.rev], [rev, rev]);
      assert.equal(await leaderOf(t), 'two');
    },
  },
  {
    name: 'candidates win in the order in which they came, when leaders resign or their leases end',
    since,
    run: async (t) => {
      const leases = await Promise.all(Array.from({ length: 4 }, () => leaseOf(t)));
      const calls = [];
      for (const [i, lease] of leases.entries()) {
        calls.push({ lease, call: campaign(t, lease, `c${i}`) });
        await queued(t, 'E', i + 1);
      }
      for (const [i, { lease, call }] of calls.entries()) {
        const { response, message } = await call;
        if (response === undefined) assert.fail(message);
        assert.equal(await leaderOf(t), `c${i}`);
        if (i % 2 === 0) await t.ok(Resign, { leader: leaderKeyOf(response) });
        else await t.ok(LeaseRevoke, { ID: lease });
      }
      await t.refused(Leader, { name: t.key('E') }, NO_LEADER);
    },
  },
  {
    name: 'the leader that campaigns again stays leader under its old revision, and its new value is proclaimed',
    since,
    run: async (t) => {
      const lease = await leaseOf(t);
      const first = await win(t, lease, 'v1');
      const again = await win(t, lease, 'v1b');
      assert.deepEqual(again, first);
      assert.equal(await leaderOf(t), 'v1b');
      const [kv] = await waiters(t, 'E');
      assert.deepEqual([kv?.version, kv?.lease], [2, lease]);
    },
  },
  {
    name: 'a candidate whose deadline comes takes its key with it',
    since,
    run: async (t) => {
      const first = await leaseOf(t);
      await win(t, first, 'one');
      const request = { name: t.key('E'), lease: await leaseOf(t), value: bytes('two') };
      const answer = await t.client.unary(Campaign, request, { deadlineMs: 700 });
      assertGaveUp(answer);
      await queued(t, 'E', 1);
      assert.equal((await waiters(t, 'E'))[0]?.lease, first);
    },
  },
  {
    name: 'a candidate with a lease that is not there is refused with its text and no code of its own',
    since,
    run: async (t) => {
      const request = { name: t.key('E'), lease: 12_345_678n };
      await t.refused(Campaign, request, { code: Code.Unknown, message: 'etcdserver: requested lease not found' });
    },
  },
  {
    name: 'locks and elections of one name share their keys: a lock is a leader without a value',
    since,
    run: async (t) => {
      const { key } = await t.ok(LockService.methods.Lock, { name: t.key('E'), lease: await leaseOf(t) });
      const { kv } = await t.ok(Leader, { name: t.key('E') });
      assert.deepEqual([kv?.key, kv?.value.length], [key, 0]);
      const waiting = campaign(t, await leaseOf(t), 'v');
      await queued(t, 'E', 2);
      await t.ok(LockService.methods.Unlock, { key });
      assert.equal((await waiting).code, Code.OK);
    },
  },
];

const leaders: Case[] = [
  {
    name: 'without candidates there is no leader (row 169)',
    since,
    run: async (t) => {
      await t.refused(Leader, { name: t.key('E') }, NO_LEADER);
      await t.ok(Put, { key: t.key('E'), value: bytes('not below E/') });
      await t.refused(Leader, { name: t.key('E') }, NO_LEADER);
    },
  },
  {
    name: 'the leader is told as its whole key-value, with the header of the read',
    since,
    run: async (t) => {
      const { key } = await win(t, await leaseOf(t), 'v');
      const { header } = await t.ok(Put, { key: t.key('other') });
      const { kvs } = await t.ok(Range, { key });
      assert.deepEqual(await t.ok(Leader, { name: t.key('E') }), { header, kv: kvs[0] });
    },
  },
  {
    name: 'proclaim changes the value of the leader, and keeps key, lease and leadership',
    since,
    run: async (t) => {
      const leader = await win(t, await leaseOf(t), 'v1');
      const { header } = await t.ok(Proclaim, { leader, value: bytes('v2') });
      const { kv } = await t.ok(Leader, { name: t.key('E') });
      assert.deepEqual(
        [text(kv?.value ?? bytes('')), kv?.create_revision, kv?.mod_revision, kv?.lease],
        ['v2', leader.rev, header?.revision, leader.lease],
      );
    },
  },
  {
    name: 'who is not the leader cannot proclaim: a wrong revision, one who has resigned, one whose lease is over (row 171)',
    since,
    run: async (t) => {
      const lease = await leaseOf(t);
      const leader = await win(t, lease, 'v1');
      const value = bytes('v2');
      await t.refused(Proclaim, { leader: { ...leader, rev: leader.rev - 1 }, value }, NOT_LEADER);
      await t.refused(Proclaim, { leader: { ...leader, key: t.key('E/none') }, value }, NOT_LEADER);
      assert.equal(await leaderOf(t), 'v1');
      await t.ok(Resign, { leader });
      await t.refused(Proclaim, { leader, value }, NOT_LEADER);
      const second = await win(t, lease, 'v3');
      await t.ok(LeaseRevoke, { ID: lease });
      await t.refused(Proclaim, { leader: second, value }, NOT_LEADER);
    },
  },
  {
    name: 'proclaim and resign must say for which leader (row 169)',
    since,
    run: async (t) => {
      await t.refused(Proclaim, { value: bytes('v') }, MUST_PROVIDE);
      await t.refused(Resign, {}, MUST_PROVIDE);
    },
  },
  {
    name: 'resign with a wrong revision changes nothing, and is no error (row 171)',
    since,
    run: async (t) => {
      const leader = await win(t, await leaseOf(t), 'v1');
      const { header } = await t.ok(Resign, { leader: { ...leader, rev: leader.rev + 1 } });
      assert.equal(header?.revision, leader.rev);
      assert.equal(await leaderOf(t), 'v1');
      const done = await t.ok(Resign, { leader });
      assert.equal(done.header?.revision, leader.rev + 1);
      await t.ok(Resign, { leader });
      await t.refused(Leader, { name: t.key('E') }, NO_LEADER);
    },
  },
];

const observers: Case[] = [
  {
    name: 'an observer is told every leader and every value, in order (row 172)',
    since,
    run: async (t) => {
      const [one, two] = [await leaseOf(t), await leaseOf(t)];
      const first = await win(t, one, 'v1');
      const stream = observe(t);
      assert.equal(await observed(stream), 'v1');
      await win(t, one, 'v1b');
      const next = campaign(t, two, 'w1');
      await queued(t, 'E', 2);
      await t.ok(Proclaim, { leader: first, value: bytes('v2') });
      await t.ok(Resign, { leader: first });
      const won = await next;
      await t.ok(Proclaim, { leader: won.response?.leader, value: bytes('w2') });
      const told = [];
      for (let i = 0; i < 4; i++) told.push(await observed(stream));
      assert.deepEqual(told, ['v1b', 'v2', 'w1', 'w2']);
    },
  },
  {
    name: 'an observer that comes before all candidates waits for the first, and is told with the revision of its put',
    since,
    run: async (t) => {
      const stream = observe(t);
      await stream.quiet(200);
      const leader = await win(t, await leaseOf(t), 'v1');
      const { kv, header } = await stream.next();
      assert.deepEqual(
        [kv?.key, text(kv?.value ?? bytes('')), kv?.mod_revision, header?.revision],
        [leader.key, 'v1', leader.rev, leader.rev],
      );
    },
  },
  {
    name: 'an observer is told nothing when a leader goes and nobody is there, and goes on with the next',
    since,
    run: async (t) => {
      const first = await win(t, await leaseOf(t), 'v1');
      const stream = observe(t);
      assert.equal(await observed(stream), 'v1');
      await t.ok(DeleteRange, { key: first.key });
      await stream.quiet(200);
      await t.ok(Put, { key: t.key('E0'), value: bytes('no candidate') });
      await win(t, await leaseOf(t), 'w1');
      assert.equal(await observed(stream), 'w1');
    },
  },
  {
    name: 'candidates that wait are no news for observers',
    since,
    run: async (t) => {
      const first = await win(t, await leaseOf(t), 'v1');
      const stream = observe(t);
      assert.equal(await observed(stream), 'v1');
      const waiting = campaign(t, await leaseOf(t), 'w1');
      await queued(t, 'E', 2);
      await stream.quiet(150);
      await t.ok(Proclaim, { leader: first, value: bytes('v2') });
      assert.equal(await observed(stream), 'v2');
      await t.ok(Resign, { leader: first });
      await waiting;
      assert.equal(await observed(stream), 'w1');
    },
  },
  {
    name: 'many observers are told the same',
    since,
    run: async (t) => {
      const leader = await win(t, await leaseOf(t), 'v0');
      const streams = Array.from({ length: 10 }, () => observe(t));
      assert.deepEqual(new Set(await Promise.all(streams.map(observed))), new Set(['v0']));
      for (let i = 1; i <= 5; i++) await t.ok(Proclaim, { leader, value: bytes(`v${i}`) });
      for (const stream of streams) {
        const told = [];
        for (let i = 0; i < 5; i++) told.push(await observed(stream));
        assert.deepEqual(told, ['v1', 'v2', 'v3', 'v4', 'v5']);
      }
    },
  },
  {
    name: 'an election in a cluster: campaigns, proclaims and observers through different members',
    since,
    server: 'cluster',
    run: async (t) => {
      const [one, two, three] = t.cluster.members;
      if (one === undefined || two === undefined || three?.server === undefined) throw new Error('three members');
      const grant = async (): Promise<bigint> => (await one.client.ok(LeaseGrant, { TTL: 600 })).ID;
      const stream = three.server.grpc().openServerStream(Observe, { name: t.key('E') });
      const request = { name: t.key('E'), lease: await grant(), value: bytes('v1') };
      const { leader } = await one.client.ok(Campaign, request);
      assert.equal(await observed(stream), 'v1');
      const waiting = two.client.unary(
        Campaign,
        { name: t.key('E'), lease: await grant(), value: bytes('w1') },
        LONG_WAIT,
      );
      assert.equal(await isWaiting(waiting), true);
      await three.client.ok(Proclaim, { leader, value: bytes('v2') });
      assert.equal(await observed(stream), 'v2');
      await two.client.ok(Resign, { leader });
      assert.equal((await waiting).code, Code.OK);
      assert.equal(await observed(stream), 'w1');
    },
  },
];

export const electionCases: CaseGroup = { name: 'election', cases: [...campaigns, ...leaders, ...observers] };
