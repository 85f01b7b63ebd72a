// Changes of the members, as far as one running member shows them (spec/rpc.md 10, rows of 17.7). Members that are added
// here never start, so only learners are: a second voter would take the quorum with it.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, KV, Maintenance } from '../../proto/load.ts';
import type { Member } from '../../proto/schema.ts';
import { type Case, type CaseContext, type CaseGroup, Code } from './case.ts';

const since = 'final';
const { MemberAdd, MemberList, MemberPromote, MemberRemove, MemberUpdate } = Cluster.methods;
const { MoveLeader, Status } = Maintenance.methods;

const NOT_FOUND = { code: Code.NotFound, message: 'etcdserver: member not found' } as const;
const BAD_URLS = { code: Code.InvalidArgument, message: 'etcdserver: given member URLs are invalid' } as const;
const URL_EXISTS = { code: Code.FailedPrecondition, message: 'etcdserver: Peer URLs already exists' } as const;
const NOT_LEARNER = {
  code: Code.FailedPrecondition,
  message: 'etcdserver: can only promote a learner member',
} as const;
const NOT_READY = {
  code: Code.FailedPrecondition,
  message: 'etcdserver: can only promote a learner member which is in sync with leader',
} as const;
const TOO_MANY = { code: Code.FailedPrecondition, message: 'etcdserver: too many learner members in cluster' } as const;
const NOT_ENOUGH = {
  code: Code.Unknown,
  message: 'etcdserver: re-configuration failed due to not enough started members',
} as const;
const BAD_TRANSFEREE = { code: Code.FailedPrecondition, message: 'etcdserver: bad leader transferee' } as const;
const EXISTS = { code: Code.FailedPrecondition, message: 'etcdserver: member ID already exist' } as const;

/** Between two changes, in ms. */
const CHANGE_PAUSE_MS = 100;

/** URLs on which nobody listens. */
const A = 'http://127.0.0.1:9';
const B = 'http://127.0.0.1:7';

async function ownId(t: CaseContext): Promise<bigint> {
  return (await t.ok(Status, {})).header?.member_id ?? 0n;
}

async function addLearner(t: CaseContext, peerURLs: readonly string[]): Promise<Member> {
  const { member } = await t.ok(MemberAdd, { peerURLs: [...peerURLs], isLearner: true });
  assert.ok(member);
  return member;
}

async function membersOf(t: CaseContext): Promise<Member[]> {
  return (await t.ok(MemberList, {})).members;
}

const adding: Case[] = [
  {
    name: 'a member without URLs, or with one that none can have, is not added (row 140)',
    since,
    server: 'fresh',
    run: async (t) => {
      const wrong = [[], ['foo'], [`${A}/x`], [`${A}/`], ['http://127.0.0.1'], ['ftp://127.0.0.1:9'], [A, 'foo'], ['']];
      for (const isLearner of [false, true]) {
        for (const peerURLs of wrong) await t.refused(MemberAdd, { peerURLs, isLearner }, BAD_URLS);
      }
      assert.equal((await membersOf(t)).length, 1);
    },
  },
  {
    name: 'a member with a URL of another is not added (row 141)',
    since,
    server: 'fresh',
    run: async (t) => {
      const { peerUrl } = t.server;
      await t.refused(MemberAdd, { peerURLs: [peerUrl] }, URL_EXISTS);
      await t.refused(MemberAdd, { peerURLs: [A, peerUrl], isLearner: true }, URL_EXISTS);
    },
  },
  {
    name: 'a learner is added without a name, its URLs sorted; the answer has all members and no revision (row 142)',
    since,
    server: 'fresh',
    run: async (t) => {
      const { header } = await t.ok(KV.methods.Put, { key: t.key('k') });
      const { header: answered, member, members } = await t.ok(MemberAdd, { peerURLs: [A, B], isLearner: true });
      assert.deepEqual(answered, { ...header, revision: 0 });
      assert.ok(member && member.ID > 0n);
      assert.deepEqual({ ...member }, { ID: member.ID, name: '', peerURLs: [B, A], clientURLs: [], isLearner: true });
      assert.deepEqual(members, await membersOf(t));
      assert.deepEqual(
        members.map(({ ID }) => ID),
        [await ownId(t), member.ID].toSorted((a, b) => (a < b ? -1 : 1)),
      );
      await t.refused(MemberAdd, { peerURLs: ['http://127.0.0.1:11'], isLearner: true }, TOO_MANY);
    },
  },
  {
    name: 'the same URLs make the same ID within a second, and another in the next one',
    since,
    server: 'fresh',
    run: async (t) => {
      // At the beginning of a second, so that the next few calls are in it too.
      await delay(1010 - (Date.now() % 1000));
      const { ID } = await addLearner(t, [A]);
      await t.refused(MemberAdd, { peerURLs: [A], isLearner: true }, EXISTS);
      await t.ok(MemberRemove, { ID });
      await t.refused(MemberAdd, { peerURLs: [A], isLearner: true }, NOT_FOUND);
      await delay(1010 - (Date.now() % 1000));
      await t.refused(MemberPromote, { ID }, NOT_FOUND);
      assert.notEqual((await addLearner(t, [A])).ID, ID);
    },
  },
];

const changing: Case[] = [
  {
    name: 'only a learner that follows the leader closely is promoted (row 143)',
    since,
    server: 'fresh',
    run: async (t) => {
      await t.refused(MemberPromote, { ID: 1234n }, NOT_FOUND);
      await t.refused(MemberPromote, { ID: await ownId(t) }, NOT_LEARNER);
      const { ID } = await addLearner(t, [A]);
      await t.refused(MemberPromote, { ID }, NOT_READY);
    },
  },
  {
    name: 'the last voter stays; whoever is removed is gone from the list, and a second time not found (row 144)',
    since,
    server: 'fresh',
    run: async (t) => {
      const self = await ownId(t);
      await t.refused(MemberRemove, { ID: 1234n }, NOT_FOUND);
      await t.refused(MemberRemove, { ID: self }, NOT_ENOUGH);
      const { ID } = await addLearner(t, [A]);
      await t.refused(MemberRemove, { ID: self }, NOT_ENOUGH);
      const { header, members } = await t.ok(MemberRemove, { ID });
      assert.equal(header?.revision, 0);
      assert.deepEqual(
        members.map((one) => one.ID),
        [self],
      );
      assert.deepEqual(members, await membersOf(t));
      await t.refused(MemberRemove, { ID }, NOT_FOUND);
      await t.refused(MemberUpdate, { ID, peerURLs: [B] }, NOT_FOUND);
      await t.ok(KV.methods.Put, { key: t.key('k') });
    },
  },
  {
    name: 'an update takes any URL but one of another member, and leaves the rest as it is (row 145)',
    since,
    server: 'fresh',
    run: async (t) => {
      const self = await ownId(t);
      const { peerUrl } = t.server;
      await addLearner(t, [A]);
      await t.refused(MemberUpdate, { ID: 1234n, peerURLs: [B] }, NOT_FOUND);
      // A leader drops a change while the one before it, already answered, is not behind it yet.
      await delay(CHANGE_PAUSE_MS);
      await t.refused(MemberUpdate, { ID: self, peerURLs: [A] }, URL_EXISTS);
      const before = (await membersOf(t)).find((one) => one.ID === self);
      for (const peerURLs of [['zzz'], [B, 'a'], [peerUrl]]) {
        await delay(CHANGE_PAUSE_MS);
        const { members } = await t.ok(MemberUpdate, { ID: self, peerURLs });
        assert.deepEqual(
          members.find((one) => one.ID === self),
          { ...before, peerURLs },
        );
      }
    },
  },
  {
    name: 'a learner that gets other URLs is still a learner',
    since,
    notOnReal: 'up to 3.5.30 it becomes a voter in the list, while raft goes on taking it for a learner',
    server: 'fresh',
    run: async (t) => {
      const { ID } = await addLearner(t, [A]);
      const { members } = await t.ok(MemberUpdate, { ID, peerURLs: [B] });
      const updated = members.find((one) => one.ID === ID);
      assert.deepEqual([updated?.peerURLs, updated?.isLearner], [[B], true]);
    },
  },
  {
    name: 'the leader is moved to itself at once, and to nobody who cannot lead (rows 146 and 154)',
    since,
    server: 'fresh',
    run: async (t) => {
      const targetID = await ownId(t);
      assert.deepEqual({ ...(await t.ok(MoveLeader, { targetID })) }, { header: undefined });
      await t.refused(MoveLeader, { targetID: 1234n }, BAD_TRANSFEREE);
      const { ID } = await addLearner(t, [A]);
      await t.refused(MoveLeader, { targetID: ID }, BAD_TRANSFEREE);
    },
  },
];

/** The cases of changes of the members. */
export const memberChangesCases: CaseGroup = { name: 'member changes', cases: [...adding, ...changing] };
