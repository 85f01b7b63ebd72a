// What is looked at before a method: learners, and calls that need a leader (spec/rpc.md 3.3, 16).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KV, Cluster, Lease, Maintenance, Health } from '../../../proto/load.ts';
import { MemberInterceptor } from '../../../final/api/v3rpc/interceptor.ts';
import { EtcdError } from '../../../final/core/errors.ts';
import type { CallContext } from '../../../final/transport/grpc/call.ts';
import { steppedClock } from '../server/fixture.ts';

const ELECTION_MS = 1000;

interface FakeCall {
  readonly call: CallContext;
  readonly end: () => void;
}

function fakeCall(path: string, metadata: Readonly<Record<string, string>> = {}): FakeCall {
  const abort = new AbortController();
  const call: CallContext = {
    path,
    peer: '127.0.0.1:1',
    metadata: (name) => metadata[name],
    signal: abort.signal,
    deadline: undefined,
  };
  return { call, end: () => abort.abort() };
}

function fixture(server: { isLearner: boolean; leader: bigint }) {
  const { clock, pass } = steppedClock();
  return { interceptor: new MemberInterceptor({ server, clock, electionMs: ELECTION_MS }), pass };
}

const never = (): void => assert.fail('cancelled');
const needsLeader = { hasleader: 'true' };
const NO_LEADER = new EtcdError('NoLeader');
const NOT_FOR_LEARNERS = new EtcdError('NotSupportedForLearner');

describe('a learner', () => {
  const { interceptor } = fixture({ isLearner: true, leader: 1n });
  const unary = (path: string, request: unknown = {}) => interceptor.beforeUnary(fakeCall(path).call, request);

  test('answers its status and serializable reads', () => {
    unary(Maintenance.methods.Status.path);
    unary(KV.methods.Range.path, { serializable: true });
  });

  test('refuses every other call', () => {
    assert.throws(() => unary(KV.methods.Range.path, { serializable: false }), NOT_FOR_LEARNERS);
    assert.throws(() => unary(KV.methods.Put.path, { serializable: true }), NOT_FOR_LEARNERS);
    const others = [Cluster.methods.MemberList, Maintenance.methods.HashKV, Health.methods.Check, KV.methods.Txn];
    for (const { path } of others) assert.throws(() => unary(path), NOT_FOR_LEARNERS, path);
  });

  test('sends snapshots, and opens no other stream', () => {
    interceptor.beforeStream(fakeCall(Maintenance.methods.Snapshot.path).call, never);
    for (const { path } of [Lease.methods.LeaseKeepAlive, Health.methods.Watch]) {
      assert.throws(() => interceptor.beforeStream(fakeCall(path).call, never), NOT_FOR_LEARNERS);
    }
  });

  test('says that before it says that there is no leader', () => {
    const alone = fixture({ isLearner: true, leader: 0n }).interceptor;
    const { call } = fakeCall(KV.methods.Put.path, needsLeader);
    assert.throws(() => alone.beforeUnary(call, {}), NOT_FOR_LEARNERS);
  });
});

describe('a call that asks for a leader', () => {
  const range = KV.methods.Range.path;
  const keepAlive = Lease.methods.LeaseKeepAlive.path;

  test('is refused while there is none, and only with the value true', () => {
    const { interceptor } = fixture({ isLearner: false, leader: 0n });
    assert.throws(() => interceptor.beforeUnary(fakeCall(range, needsLeader).call, {}), NO_LEADER);
    assert.throws(() => interceptor.beforeStream(fakeCall(keepAlive, needsLeader).call, never), NO_LEADER);
    for (const metadata of [{}, { hasleader: 'false' }, { hasleader: 'TRUE' }]) {
      interceptor.beforeUnary(fakeCall(range, metadata).call, {});
      interceptor.beforeStream(fakeCall(keepAlive, metadata).call, never);
    }
  });

  test('is cancelled as a stream when there was none at three looks in a row', () => {
    const server = { isLearner: false, leader: 1n };
    const { interceptor, pass } = fixture(server);
    const cancelled: unknown[] = [];
    const open = fakeCall(keepAlive, needsLeader);
    const cancel = (error: unknown): void => {
      cancelled.push(error);
      open.end();
    };
    interceptor.beforeStream(open.call, cancel);
    interceptor.beforeStream(fakeCall(keepAlive).call, never);
    server.leader = 0n;
    pass(2 * ELECTION_MS);
    server.leader = 1n;
    pass(ELECTION_MS);
    server.leader = 0n;
    pass(2 * ELECTION_MS);
    assert.deepEqual(cancelled, []);
    pass(ELECTION_MS);
    assert.deepEqual(cancelled, [NO_LEADER]);
    pass(10 * ELECTION_MS);
    assert.equal(cancelled.length, 1);
  });

  test('is looked at no more when it has ended; the next stream is counted from the start', () => {
    const server = { isLearner: false, leader: 1n };
    const { interceptor, pass } = fixture(server);
    const first = fakeCall(keepAlive, needsLeader);
    interceptor.beforeStream(first.call, never);
    server.leader = 0n;
    pass(2 * ELECTION_MS);
    first.end();
    pass(10 * ELECTION_MS);
    server.leader = 1n;
    const cancelled: unknown[] = [];
    interceptor.beforeStream(fakeCall(keepAlive, needsLeader).call, (error) => cancelled.push(error));
    server.leader = 0n;
    pass(2 * ELECTION_MS);
    assert.deepEqual(cancelled, []);
    pass(ELECTION_MS);
    assert.deepEqual(cancelled, [NO_LEADER]);
  });
});
