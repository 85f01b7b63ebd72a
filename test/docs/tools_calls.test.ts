// Who calls whom, as the tools see it: checked on calls of every form.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Codes } from './tools_code.ts';

const STEP = 'steps/05-raft';

describe('the calls of step 05', () => {
  const codes = new Codes();
  const callersOf = (symbol: string): string[] =>
    codes
      .of(STEP)
      .graph.to(`${STEP}/${symbol}`)
      .map(({ from }) => from.slice(STEP.length + 1));

  const CALLS: readonly (readonly [form: string, callee: string, caller: string])[] = [
    ['a function', 'server/bootstrap.ts#newMember', 'server/bootstrap.ts#bootstrap'],
    ['an imported function', 'server/bootstrap.ts#bootstrap', 'embed/etcd.ts#startEtcd'],
    ['a method', 'storage/wal/wal.ts#Wal.save', 'server/raft_loop.ts#RaftLoop.#handle'],
    ['a private method', 'server/raft_loop.ts#RaftLoop.#handle', 'server/raft_loop.ts#RaftLoop.run'],
    ['a static method', 'storage/wal/wal.ts#Wal.open', 'server/bootstrap.ts#bootstrap'],
    ['a constructor', 'core/raft/log.ts#RaftLog.constructor', 'core/raft/raft.ts#Raft.constructor'],
    ['a getter', 'core/raft/raft.ts#Raft.quorum', 'core/raft/election.ts#takeVote'],
    [
      'a method by way of its interface',
      'transport/rafthttp/transport.ts#RaftHttpTransport.send',
      'server/raft_loop.ts#RaftLoop.#handle',
    ],
    [
      'a method in a function that is handed on',
      'server/raft_member.ts#RaftMember.#apply',
      'server/raft_member.ts#RaftMember.constructor',
    ],
  ];
  for (const [form, callee, caller] of CALLS) {
    it(`finds the call of ${form}`, () => assert.ok(callersOf(callee).includes(caller), callersOf(callee).join()));
  }

  it('does not mix up methods of one name', () => {
    // KVStore.put, Applier.put and EtcdServer.put.
    assert.deepEqual([...new Set(callersOf('core/mvcc/kvstore.ts#KVStore.put'))], ['server/apply.ts#Applier.put']);
    assert.deepEqual([...new Set(callersOf('server/apply.ts#Applier.put'))], ['server/apply.ts#Applier.apply']);
  });

  it('takes the class of a static method for no call of the class', () => {
    const { graph } = codes.of(STEP);
    const calls = graph.from(`${STEP}/embed/etcd.ts#configureListeners`).filter(({ isCall }) => isCall);
    const callees = calls.map(({ to }) => to.split('#')[1]);
    assert.ok(callees.includes('Listener.open'));
    assert.ok(!callees.includes('Listener') && !callees.includes('Listener.constructor'), callees.join());
  });

  it('takes a type for no call', () => {
    // Its parameters are of the classes GrpcServer and EtcdServer.
    const callees = codes
      .of(STEP)
      .graph.from(`${STEP}/api/v3rpc/kv.ts#registerKV`)
      .map(({ to }) => to.split('#')[1]);
    assert.ok(callees.includes('GrpcServer.addService') && callees.includes('EtcdServer.put'), callees.join());
    assert.ok(!callees.includes('GrpcServer') && !callees.includes('EtcdServer'), callees.join());
  });

  it('finds the shortest chain, and none where there is none', () => {
    const { graph } = codes.of(STEP);
    const main = `${STEP}/etcdmain/main.ts#main`;
    const chain = graph.path(main, `${STEP}/server/bootstrap.ts#newMember`)?.map((key) => key.split('#')[1]);
    assert.deepEqual(chain, ['main', 'startEtcd', 'bootstrap', 'newMember']);
    assert.equal(graph.path(`${STEP}/server/bootstrap.ts#newMember`, main), undefined);
  });
});
