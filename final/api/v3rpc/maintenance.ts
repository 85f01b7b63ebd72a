// The Maintenance service, as far as stock tools call it on the way: status, alarms (there are none) and the hash of the
// history. Mirrors etcd's api/v3rpc/maintenance.go.

import { Maintenance } from '../../../proto/load.ts';
import { AlarmRequest_AlarmAction as AlarmAction, AlarmType } from '../../../proto/schema.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { ETCD_VERSION } from '../../version.ts';
import { notImplemented, refuseStream, refuseUnary } from './not_implemented.ts';

/** Registers etcdserverpb.Maintenance. */
export function registerMaintenance(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Maintenance, {
    Status() {
      const raft = server.raftStatus();
      return {
        header: server.header(),
        version: ETCD_VERSION,
        // Nothing is on disk: both sizes are truly 0.
        dbSize: 0,
        dbSizeInUse: 0,
        leader: server.cluster.localMemberId,
        raftIndex: raft.index,
        raftTerm: raft.term,
        raftAppliedIndex: raft.applied,
      };
    },
    Alarm(request) {
      if (request.action === AlarmAction.ACTIVATE && request.alarm !== AlarmType.NONE)
        throw notImplemented('activating an alarm');
      return { header: server.header(), alarms: [] };
    },
    HashKV(request) {
      const { hash, compactRevision } = server.hashKV(request.revision);
      return { header: server.header(), hash, compact_revision: compactRevision };
    },
    Hash: refuseUnary('Maintenance.Hash'),
    Defragment: refuseUnary('Maintenance.Defragment'),
    MoveLeader: refuseUnary('Maintenance.MoveLeader'),
    Downgrade: refuseUnary('Maintenance.Downgrade'),
    Snapshot: refuseStream('Maintenance.Snapshot'),
  });
}
