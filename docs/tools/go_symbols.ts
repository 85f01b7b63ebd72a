// Where a function of ours has its counterpart in etcd. A counterpart does about the same work at about the same place; names of
// files hold from etcd 3.4 on, though folders differ. Since 3.6 raft is a module of its own: its stations are in another tree.

export interface Counterpart {
  /** `file#Symbol`, relative to a step or final. */
  readonly ours: string;
  /** The names that the file has in some version, without its folder. */
  readonly goFiles: readonly string[];
  readonly goSymbol: string;
}

/** The stations of a put, in order. */
export const PUT_STATIONS: readonly Counterpart[] = [
  { ours: 'api/v3rpc/kv.ts#registerKV', goFiles: ['key.go'], goSymbol: 'kvServer.Put' },
  { ours: 'server/server.ts#EtcdServer.put', goFiles: ['v3_server.go'], goSymbol: 'EtcdServer.Put' },
  {
    ours: 'server/proposer.ts#Proposer.propose',
    goFiles: ['v3_server.go'],
    goSymbol: 'EtcdServer.processInternalRaftRequestOnce',
  },
  { ours: 'core/raft/raft.ts#Raft.step', goFiles: ['raft.go'], goSymbol: 'raft.Step' },
  { ours: 'core/raft/replication.ts#appendEntries', goFiles: ['raft.go'], goSymbol: 'raft.appendEntry' },
  { ours: 'core/raft/replication.ts#sendAppend', goFiles: ['raft.go'], goSymbol: 'raft.maybeSendAppend' },
  { ours: 'server/raft_loop.ts#RaftLoop.run', goFiles: ['raft.go'], goSymbol: 'raftNode.start' },
  { ours: 'storage/wal/wal.ts#Wal.save', goFiles: ['wal.go'], goSymbol: 'WAL.Save' },
  { ours: 'core/raft/log.ts#RaftLog.maybeAppend', goFiles: ['log.go'], goSymbol: 'raftLog.maybeAppend' },
  { ours: 'core/raft/log.ts#RaftLog.maybeCommit', goFiles: ['log.go'], goSymbol: 'raftLog.maybeCommit' },
  { ours: 'server/raft_member.ts#RaftMember.#apply', goFiles: ['server.go'], goSymbol: 'EtcdServer.applyEntryNormal' },
  { ours: 'server/apply.ts#Applier.put', goFiles: ['apply.go', 'backend.go'], goSymbol: 'applierV3backend.Put' },
  { ours: 'core/mvcc/kvstore.ts#KVStore.put', goFiles: ['kvstore_txn.go'], goSymbol: 'storeTxnWrite.put' },
];
