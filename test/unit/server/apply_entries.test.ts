// Committed entries, one after the other: what each changes, who is told, and what a restart goes through once more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../../final/core/assert.ts';
import { EtcdError } from '../../../final/core/errors.ts';
import type { RawNode } from '../../../final/core/raft/rawnode.ts';
import { type Applied, EntryApplier } from '../../../final/server/apply_entries.ts';
import { addMemberChange, removeMemberChange, updateMemberChange } from '../../../final/server/conf_change.ts';
import { attributesRequest, versionRequest } from '../../../final/server/membership.ts';
import type { PeerTransport } from '../../../final/server/peer_transport.ts';
import { Proposals } from '../../../final/server/proposals.ts';
import { encodeProposal, type Proposal } from '../../../final/server/propose.ts';
import { Buckets } from '../../../final/storage/schema/buckets.ts';
import { codecs } from '../../../proto/load.ts';
import { type RaftConfChange, type RaftEntry, RaftEntryType } from '../../../proto/schema.ts';
import { LOCAL, memberOf, memberState, votersOf } from './member_fixture.ts';

const TERM = 3;

function setUp({ inDatabase = 0, applied = 0 } = {}) {
  const member = memberState([1n, 2n, 3n]);
  const conf: RaftConfChange[] = [];
  const calls: string[] = [];
  const peerIds = [2n, 3n];
  const node = {
    applyConfChange: (change: RaftConfChange) => {
      conf.push(change);
      return votersOf([1n, 2n, BigInt(conf.length)]);
    },
  };
  const transport: Partial<PeerTransport> = {
    peerIds,
    addPeer: (id, urls) => void calls.push(`add ${id} ${urls.join()}`),
    updatePeer: (id, urls) => void calls.push(`update ${id} ${urls.join()}`),
    removePeer: (id) => void calls.push(`remove ${id}`),
  };
  const proposals = new Proposals(7000, () => 0);
  const entries = new EntryApplier(
    {
      node: node as unknown as RawNode,
      transport: transport as PeerTransport,
      proposals,
      progress: member.progress,
      state: () => member.state,
      header: () => ({ cluster_id: 9n, member_id: 1n, revision: member.state.store.currentRevision, raft_term: TERM }),
      onFirstCommitInTerm: () => void calls.push('first of the term'),
      onRemoved: () => void calls.push('removed'),
    },
    { applied: { index: applied, term: 1 }, inDatabase, confState: votersOf([1n, 2n, 3n]) },
  );
  /** Proposes here, so that somebody waits. */
  const propose = (id: bigint, data: Uint8Array, request?: Proposal) => {
    const outcome: { ended: string; applied?: Applied<unknown> } = { ended: 'not yet' };
    proposals
      .add<Applied<unknown>>({ id, data, request }, () => {})
      .then(
        (result) => {
          outcome.ended = 'applied';
          outcome.applied = result;
        },
        (error: unknown) => void (outcome.ended = error instanceof EtcdError ? error.kind : String(error)),
      );
    return outcome;
  };
  return { ...member, entries, conf, calls, proposals, propose };
}

function normal(Index: number, Data: Uint8Array | undefined, Term = TERM): RaftEntry {
  return { Type: RaftEntryType.EntryNormal, Term, Index, Data };
}

function changing(Index: number, change: RaftConfChange): RaftEntry {
  const Data = codecs['raftpb.ConfChange'].encode(change);
  return { Type: RaftEntryType.EntryConfChange, Term: TERM, Index, Data };
}

function putOf(key: string, value = 'v'): Proposal {
  const options = { lease: 0n, prev_kv: false, ignore_value: false, ignore_lease: false };
  return { put: { key: Buffer.from(key), value: Buffer.from(value), ...options } };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('who proposed a request gets its result, with the revision of that moment', async () => {
  const it = setUp();
  const [first, second] = [putOf('a'), putOf('b')];
  const [one, two] = [encodeProposal(first, 11n), encodeProposal(second, 12n)];
  const outcomes = [it.propose(11n, one, first), it.propose(12n, two, second)];
  it.entries.apply([normal(1, one), normal(2, two), normal(3, encodeProposal(putOf('c'), 99n))]);
  await settled();
  assert.deepEqual(
    outcomes.map(({ ended }) => ended),
    ['applied', 'applied'],
  );
  assert.deepEqual(
    outcomes.map(({ applied }) => applied?.header.revision),
    [2, 3],
  );
  assert.equal(it.state.store.currentRevision, 4, 'what others have proposed is applied too');
  assert.deepEqual(it.entries.applied, { index: 3, term: TERM });
  assert.deepEqual(it.progress.applied, { index: 3, term: TERM });
  assert.equal(it.proposals.ofId(11n), undefined);
});

test('what was encoded here is not decoded again, and what came back over the network is known by its ID', async () => {
  const it = setUp();
  // These bytes are no request: whoever decodes them fails.
  const own = Uint8Array.of(0xff, 0xff);
  const kept = it.propose(11n, own, putOf('a'));
  const sent = encodeProposal(putOf('b'), 12n);
  const returned = it.propose(12n, sent, putOf('b'));
  it.entries.apply([normal(1, own), normal(2, sent.slice())]);
  await settled();
  assert.deepEqual([kept.ended, returned.ended], ['applied', 'applied']);
  assert.equal(it.state.store.currentRevision, 3);
});

test('a request that fails is told to who waits, and only to it', async () => {
  const it = setUp();
  const request: Proposal = { lease_revoke: { ID: 5n } };
  const data = encodeProposal(request, 11n);
  const outcome = it.propose(11n, data, request);
  it.entries.apply([normal(1, data), normal(2, encodeProposal(request, 12n))]);
  await settled();
  assert.equal(outcome.ended, 'LeaseNotFound');
  assert.equal(it.entries.applied.index, 2);
});

test('the empty entry of a leader is told', () => {
  const it = setUp();
  it.entries.apply([normal(1, undefined), normal(2, new Uint8Array(0))]);
  assert.deepEqual(it.calls, ['first of the term', 'first of the term']);
});

test('entries that are applied are passed over, and a gap is a bug', () => {
  const it = setUp({ applied: 5 });
  const data = encodeProposal(putOf('a'), 1n);
  it.entries.apply([normal(4, data), normal(5, data), normal(6, data)]);
  assert.equal(it.state.store.currentRevision, 2);
  assert.throws(() => it.entries.apply([normal(8, data)]), AssertionError);
});

test('up to the index of the database only members change, and nothing is written', () => {
  const it = setUp({ inDatabase: 3 });
  it.progress.applied = { index: 3, term: TERM };
  it.backend.commit();
  it.entries.apply([normal(1, encodeProposal(putOf('a'), 1n)), changing(2, addMemberChange(2n, memberOf(4n)))]);
  assert.deepEqual(it.progress.applied, { index: 3, term: TERM }, 'a commit must not say less than the database holds');
  it.entries.apply([normal(3, attributesRequest(3n, { id: 2n, name: 'two', clientUrls: [] }))]);
  assert.equal(it.state.store.currentRevision, 1, 'the key is in the database already');
  assert.equal(it.cluster.member(4n)?.peerUrls[0], 'http://p4:1');
  assert.equal(it.cluster.member(2n)?.name, 'two');
  assert.equal(it.conf.length, 1, 'raft learns of it');
  assert.equal(it.backend.hasChanges, false);
  assert.equal(it.entries.applied.index, 3);
  it.entries.apply([normal(4, encodeProposal(putOf('a'), 4n)), changing(5, removeMemberChange(5n, 4n))]);
  assert.equal(it.state.store.currentRevision, 2);
  assert.ok(it.backend.get(Buckets.membersRemoved, Buffer.from('4')));
  assert.equal(it.progress.applied.index, 5);
});

test('requests on the v2 store: a name, the version, and one that has no meaning', async () => {
  const it = setUp();
  const named = attributesRequest(21n, { id: LOCAL, name: 'one', clientUrls: ['http://c:1'] });
  const outcome = it.propose(21n, named);
  const sync = codecs['etcdserverpb.Request'].encode({ ID: 23n, Method: 'SYNC', Path: '', Val: '' });
  it.entries.apply([normal(1, named), normal(2, versionRequest(22n, '3.5.0')), normal(3, sync)]);
  await settled();
  assert.equal(outcome.ended, 'applied');
  assert.equal(it.cluster.member(LOCAL)?.name, 'one');
  assert.equal(it.cluster.version, '3.5.0');
  assert.throws(() => it.entries.apply([normal(4, versionRequest(24n, '9.9.0'))]), /version/);
});

test('changes of the members reach raft, the list, the transport, and who waits', async () => {
  const it = setUp();
  const added = addMemberChange(31n, memberOf(4n));
  const outcome = it.propose(31n, codecs['raftpb.ConfChange'].encode(added));
  it.entries.apply([
    changing(1, added),
    changing(2, updateMemberChange(32n, 2n, ['http://new:1'])),
    changing(3, removeMemberChange(33n, 3n)),
    changing(4, removeMemberChange(34n, LOCAL)),
  ]);
  await settled();
  assert.deepEqual(it.calls, ['add 4 http://p4:1', 'update 2 http://new:1', 'remove 3', 'removed']);
  assert.deepEqual(
    ((outcome.applied?.result ?? []) as { id: bigint }[]).map(({ id }) => id),
    [1n, 2n, 3n, 4n],
    'of that moment',
  );
  assert.deepEqual(
    it.conf.map(({ node_id: id }) => id),
    [4n, 2n, 3n, 1n],
  );
  assert.deepEqual(it.entries.confState, votersOf([1n, 2n, 4n]), 'the last one that raft has told');
  assert.deepEqual(
    it.cluster.members.map(({ id }) => id),
    [2n, 4n],
  );
});

test('a change that is refused reaches raft without a member, and who waits is told why', async () => {
  const it = setUp();
  const again = addMemberChange(31n, memberOf(2n));
  const outcome = it.propose(31n, codecs['raftpb.ConfChange'].encode(again));
  it.entries.apply([changing(1, again), changing(2, removeMemberChange(32n, 77n))]);
  await settled();
  assert.equal(outcome.ended, 'MemberExist');
  assert.deepEqual(
    it.conf.map(({ node_id: id, type }) => [id, type]),
    [
      [0n, again.type],
      [0n, removeMemberChange(0n, 0n).type],
    ],
  );
  assert.deepEqual(it.calls, []);
  assert.equal(it.entries.applied.index, 2);
});

test('it goes on behind a database that was sent', () => {
  const it = setUp();
  it.entries.restart({ applied: { index: 40, term: 2 }, inDatabase: 41, confState: votersOf([1n]) });
  const data = encodeProposal(putOf('a'), 1n);
  it.entries.apply([normal(40, data), normal(41, data)]);
  assert.equal(it.state.store.currentRevision, 1);
  it.entries.apply([normal(42, data)]);
  assert.equal(it.state.store.currentRevision, 2);
  assert.deepEqual(it.entries.confState, votersOf([1n]));
});
