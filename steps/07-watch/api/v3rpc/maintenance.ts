// The Maintenance service: the status of the member. Mirrors etcd's api/v3rpc/maintenance.go.

import { Maintenance } from '../../../../proto/load.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { ETCD_VERSION } from '../../version.ts';
import { refuseUnary } from './not_implemented.ts';

/** Registers etcdserverpb.Maintenance. */
export function registerMaintenance(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Maintenance, {
    Status() {
      const raft = server.raftStatus();
      return {
        header: server.header(),
        version: ETCD_VERSION,
        leader: server.leader,
        raftIndex: raft.index,
        raftTerm: raft.term,
        raftAppliedIndex: raft.applied,
      };
    },
    Alarm: refuseUnary('Maintenance.Alarm'),
    HashKV: refuseUnary('Maintenance.HashKV'),
    Hash: refuseUnary('Maintenance.Hash'),
    Defragment: refuseUnary('Maintenance.Defragment'),
    MoveLeader: refuseUnary('Maintenance.MoveLeader'),
    Downgrade: refuseUnary('Maintenance.Downgrade'),
    Snapshot: refuseUnary('Maintenance.Snapshot'),
  });
}
