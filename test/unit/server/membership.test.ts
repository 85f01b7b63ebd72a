// Changes of the members out of the log: which are refused, what the others do to the list, to the database and to the
// content of snapshots. Bytes and texts are those of etcd (spec/raft.md B7, D7, D9).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecs } from '../../../proto/load.ts';
import type { RaftConfChange, RaftConfState } from '../../../proto/schema.ts';
import { Cluster, type Member } from '../../../final/server/cluster.ts';
import {
  addMemberChange,
  decodeContext,
  promoteMemberChange,
  removeMemberChange,
  updateMemberChange,
} from '../../../final/server/conf_change.ts';
import { Membership } from '../../../final/server/membership.ts';
import { decodeV2Store } from '../../../final/server/v2store.ts';
import { Backend } from '../../../final/storage/backend/backend.ts';
import { DB } from '../../../final/storage/bolt/db.ts';
import { MemFileSystem } from '../../../final/storage/fs_mem.ts';
import { type BucketName, Buckets } from '../../../final/storage/schema/buckets.ts';
import { keptLog } from './fixture.ts';

const A: Member = member(0x1an, { name: 'a', clientUrls: ['http://c:1'] });
const B: Member = member(0x2bn, { name: 'b' });
const L: Member = member(0x3cn, { isLearner: true });

function member(id: bigint, rest: Partial<Member> = {}): Member {
  return { id, name: '', peerUrls: [`http://p${id}:1`], clientUrls: [], isLearner: false, ...rest };
}

/** Members of a cluster, with what they have stored. */
function fixture(members: readonly Member[] = [A, B, L]) {
  const fs = new MemFileSystem();
  DB.open(fs.open('db', 'create')).close();
  const backend = new Backend({ fs, file: fs.open('db', 'write'), path: 'db' });
  const cluster = new Cluster({ id: 5n, localMemberId: A.id });
  for (const one of members) cluster.put(one);
  const { log, lines } = keptLog();
  const membership = new Membership(cluster, backend, 0, log);
  const stored = (bucket: BucketName): Record<string, string> => {
    const rows: Record<string, string> = {};
    backend.scan(bucket, new Uint8Array(0), (key, value) => {
      rows[Buffer.from(key).toString()] = Buffer.from(value).toString();
      return true;
    });
    return rows;
  };
  const apply = (change: RaftConfChange, confState?: RaftConfState): void => {
    assert.equal(membership.validate(change), undefined);
    membership.applyConfChange(change, { persist: true, ...(confState === undefined ? {} : { confState }) });
  };
  return { membership, cluster, backend, stored, apply, lines };
}

function v2IndexOf(membership: Membership): number {
  return decodeV2Store(membership.encodeSnapshot(), new Cluster({ id: 5n, localMemberId: A.id }));
}

const attributes = (id: string, text: string) => ({ Method: 'PUT', Path: `/0/members/${id}/attributes`, Val: text });

test('proposals have the bytes that etcd gives them', () => {
  const encode = (change: RaftConfChange): [string, string] => {
    const { context, ...rest } = change;
    const bytes = codecs['raftpb.ConfChange'].encode({ ...rest, context: undefined });
    return [Buffer.from(bytes).toString('hex'), Buffer.from(context ?? '').toString()];
  };
  const id = 10_712_843_129_027_876_379n;
  const learner = member(id, { peerUrls: ['http://127.0.0.1:32390'], isLearner: true });
  assert.deepEqual(encode(addMemberChange(0x5d87a2028efe920an, learner)), [
    '088aa4faf7a8c0e8c35d1003189bacc3c191c2ead59401',
    `{"id":${id},"peerURLs":["http://127.0.0.1:32390"],"isLearner":true}`,
  ]);
  const voter = { ...learner, isLearner: false };
  assert.deepEqual(encode(addMemberChange(1n, voter)), [
    '08011000189bacc3c191c2ead59401',
    `{"id":${id},"peerURLs":["http://127.0.0.1:32390"]}`,
  ]);
  assert.deepEqual(encode(promoteMemberChange(1n, id)), [
    '08011000189bacc3c191c2ead59401',
    `{"id":${id},"peerURLs":null,"isPromote":true}`,
  ]);
  assert.deepEqual(encode(updateMemberChange(1n, id, ['http://x:1'])), [
    '08011002189bacc3c191c2ead59401',
    `{"id":${id},"peerURLs":["http://x:1"]}`,
  ]);
  assert.deepEqual(encode(removeMemberChange(1n, id)), ['08011001189bacc3c191c2ead59401', '']);
  const first = member(6_052_944_291_034_586_503n, { name: 'm1', peerUrls: ['http://127.0.0.1:32383'] });
  assert.equal(
    encode(addMemberChange(0n, first))[1],
    '{"id":6052944291034586503,"peerURLs":["http://127.0.0.1:32383"],"name":"m1"}',
  );
});

test('text in a change is escaped as Go does it, and read back', () => {
  const odd = member(1n, { name: '<&>\u2028é' });
  const change = addMemberChange(1n, odd);
  assert.ok(Buffer.from(change.context ?? '').includes('\\u003c\\u0026\\u003e\\u2028é'));
  assert.deepEqual(decodeContext(change), { member: odd, isPromote: false });
});

test('a committed change is refused for the first reason in the order of etcd', () => {
  const { membership, cluster, apply } = fixture();
  const added = member(0x9n);
  const validate = (change: RaftConfChange) => membership.validate(change);
  assert.equal(validate(addMemberChange(1n, added)), undefined);
  assert.equal(validate(addMemberChange(1n, { ...A, peerUrls: B.peerUrls })), 'MemberExist');
  assert.equal(validate(addMemberChange(1n, { ...L, peerUrls: ['http://new:1'] })), 'MemberExist');
  assert.equal(validate(addMemberChange(1n, { ...added, peerUrls: ['http://new:1', ...B.peerUrls] })), 'PeerURLExist');
  assert.equal(validate(addMemberChange(1n, { ...added, isLearner: true, peerUrls: B.peerUrls })), 'PeerURLExist');
  assert.equal(validate(addMemberChange(1n, { ...added, isLearner: true })), 'TooManyLearners');
  assert.equal(validate(promoteMemberChange(1n, L.id)), undefined);
  assert.equal(validate(promoteMemberChange(1n, A.id)), 'MemberNotLearner');
  assert.equal(validate(promoteMemberChange(1n, 99n)), 'MemberNotFound');
  assert.equal(validate(removeMemberChange(1n, B.id)), undefined);
  assert.equal(validate(removeMemberChange(1n, 99n)), 'MemberNotFound');
  assert.equal(validate(updateMemberChange(1n, B.id, B.peerUrls)), undefined);
  assert.equal(validate(updateMemberChange(1n, B.id, ['zzz'])), undefined);
  assert.equal(validate(updateMemberChange(1n, B.id, L.peerUrls)), 'PeerURLExist');
  assert.equal(validate(updateMemberChange(1n, 99n, ['http://new:1'])), 'MemberNotFound');
  apply(removeMemberChange(1n, B.id));
  assert.ok(cluster.isRemoved(B.id));
  const gone = [
    addMemberChange(1n, B),
    removeMemberChange(1n, B.id),
    updateMemberChange(1n, B.id, A.peerUrls),
    promoteMemberChange(1n, B.id),
  ];
  for (const change of gone) assert.equal(validate(change), 'MemberNotFound');
  const unknown = { ...removeMemberChange(1n, A.id), type: 9 };
  assert.throws(() => validate(unknown), /unknown type 9/);
});

test('members are added, promoted, updated and removed in the list and in the database', () => {
  const { cluster, stored, apply } = fixture([]);
  apply(addMemberChange(0n, A));
  apply(addMemberChange(1n, L));
  assert.deepEqual(
    cluster.learners.map(({ id }) => id),
    [L.id],
  );
  assert.deepEqual(stored(Buckets.members), {
    '1a': '{"id":26,"peerURLs":["http://p26:1"],"name":"a","clientURLs":["http://c:1"]}',
    '3c': '{"id":60,"peerURLs":["http://p60:1"],"isLearner":true}',
  });
  apply(promoteMemberChange(1n, L.id));
  assert.equal(stored(Buckets.members)['3c'], '{"id":60,"peerURLs":["http://p60:1"]}');
  assert.deepEqual(
    cluster.voters.map(({ id }) => id),
    [A.id, L.id],
  );
  apply(updateMemberChange(1n, A.id, ['http://new:1']));
  assert.deepEqual(cluster.member(A.id), { ...A, peerUrls: ['http://new:1'] });
  apply(removeMemberChange(1n, A.id));
  assert.deepEqual(stored(Buckets.members), { '3c': '{"id":60,"peerURLs":["http://p60:1"]}' });
  assert.deepEqual(stored(Buckets.membersRemoved), { '1a': 'removed' });
  assert.deepEqual(cluster.removed, [A.id]);
  assert.deepEqual(cluster.started, []);
});

test('an update says whether the member is a learner: to say nothing makes it a voter in the list, as on etcd 3.5.30', () => {
  const { cluster, apply } = fixture();
  apply(updateMemberChange(1n, L.id, ['http://new:1'], true));
  assert.deepEqual(cluster.member(L.id), { ...L, peerUrls: ['http://new:1'] });
  apply(updateMemberChange(1n, L.id, ['http://new:2']));
  assert.equal(cluster.member(L.id)?.isLearner, false);
});

test('the configuration in the database is that of raft', () => {
  const { stored, apply } = fixture([A]);
  const state = { voters: [1n, 2n ** 63n], learners: [3n], voters_outgoing: [], learners_next: [], auto_leave: false };
  apply(addMemberChange(1n, B), state);
  assert.equal(
    stored(Buckets.meta)['confState'],
    '{"voters":[1,9223372036854775808],"learners":[3],"auto_leave":false}',
  );
  apply(addMemberChange(1n, member(9n)));
  assert.equal(stored(Buckets.meta)['confState'], '{"voters":[9,26,43],"auto_leave":false}');
});

test('a change that the database has already only changes the list', () => {
  const { membership, cluster, backend, stored } = fixture([A]);
  backend.commit();
  membership.applyConfChange(addMemberChange(1n, B), { persist: false });
  membership.applyConfChange(removeMemberChange(1n, A.id), { persist: false });
  membership.applyV2({ Method: 'PUT', Path: '/0/version', Val: '3.5.0' }, { persist: false });
  membership.applyV2(attributes('2b', '{"name":"x"}'), { persist: false });
  assert.deepEqual([cluster.members, cluster.version], [[{ ...B, name: 'x' }], '3.5.0']);
  for (const bucket of [Buckets.members, Buckets.membersRemoved, Buckets.cluster, Buckets.meta]) {
    assert.deepEqual(stored(bucket), {}, bucket);
  }
});

test('a context that names another member is a broken log', () => {
  const { membership } = fixture();
  const change = { ...addMemberChange(1n, member(9n)), node_id: 8n };
  assert.throws(() => membership.applyConfChange(change, { persist: true }), /assertion failed/);
});

test('members say who they are; one that was removed is passed over, one that never was ends the process', () => {
  const { membership, cluster, stored, apply, lines } = fixture();
  apply(removeMemberChange(1n, B.id));
  membership.applyV2(attributes('3c', '{"name":"l","clientURLs":["http://l:1"]}'), { persist: true });
  assert.deepEqual(cluster.member(L.id), { ...L, name: 'l', clientUrls: ['http://l:1'] });
  assert.ok(stored(Buckets.members)['3c']?.includes('"name":"l"'));
  membership.applyV2(attributes('2b', '{"name":"b"}'), { persist: true });
  assert.deepEqual(
    lines.filter(([level]) => level === 'warn').map(([, msg]) => msg),
    ['skipped attributes update of removed member'],
  );
  assert.equal(cluster.member(B.id), undefined);
  assert.throws(
    () => membership.applyV2(attributes('77', '{"name":"b"}'), { persist: true }),
    /failed to update; member unknown: 77/,
  );
});

test('a cluster version that is newer than this release ends the process, also at a start', () => {
  const { membership, cluster, backend, stored } = fixture();
  const set = (version: string) =>
    membership.applyV2({ Method: 'PUT', Path: '/0/version', Val: version }, { persist: true });
  assert.deepEqual(set('3.4.0'), { kind: 'version', version: '3.4.0' });
  assert.equal(stored(Buckets.cluster)['clusterVersion'], '3.4.0');
  assert.throws(() => set('3.6.0'), /invalid downgrade; server version is lower than determined cluster version/);
  assert.equal(cluster.version, '3.4.0');
  cluster.setVersion('4.0.0');
  assert.throws(() => new Membership(cluster, backend, 0), /invalid downgrade/);
});

test('requests that are not about members do nothing or are refused', () => {
  const { membership } = fixture();
  assert.equal(membership.applyV2({ Method: 'QGET', Path: '/0/version', Val: '' }, { persist: true }), undefined);
  assert.throws(
    () => membership.applyV2({ Method: 'PUT', Path: '/1/x', Val: '' }, { persist: true }),
    /not implemented/,
  );
});

test('a snapshot says everything that the members are, and counts changes as etcd does', () => {
  const { membership, apply } = fixture([]);
  for (const one of [A, B, { ...L, isLearner: false }]) apply(addMemberChange(0n, { ...one, clientUrls: [] }));
  const learner = member(0x4dn, { isLearner: true });
  apply(addMemberChange(0n, learner));
  for (const id of ['1a', '2b', '3c', '4d']) {
    membership.applyV2(attributes(id, `{"name":"n${id}","clientURLs":["http://${id}:1"]}`), { persist: true });
  }
  membership.applyV2({ Method: 'PUT', Path: '/0/version', Val: '3.5.0' }, { persist: true });
  // A fresh cluster of four on etcd.
  assert.equal(v2IndexOf(membership), 9);
  apply(removeMemberChange(1n, B.id));
  assert.equal(v2IndexOf(membership), 11);
  const copy = new Cluster({ id: 5n, localMemberId: A.id });
  decodeV2Store(membership.encodeSnapshot(), copy);
  assert.deepEqual(copy.members, membership.cluster.members);
  assert.deepEqual(copy.removed, [B.id]);
  assert.equal(copy.version, '3.5.0');
  assert.deepEqual(
    copy.learners.map(({ name }) => name),
    ['n4d'],
  );
});
