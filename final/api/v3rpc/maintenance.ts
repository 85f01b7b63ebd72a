// The Maintenance service: status, alarms, hashes, snapshots and defragmentation. Mirrors etcd's api/v3rpc/maintenance.go.

import { Maintenance } from '../../../proto/load.ts';
import type { AlarmMember } from '../../../proto/schema.ts';
import { alarmName } from '../../server/alarms.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { ETCD_VERSION } from '../../version.ts';
import { refuseUnary } from './not_implemented.ts';
import { RPC_STATUS } from './rpctypes.ts';
import { sendSnapshot } from './snapshot.ts';

/** Registers etcdserverpb.Maintenance. */
export function registerMaintenance(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Maintenance, {
    Status() {
      const raft = server.raftStatus();
      return {
        header: server.header(),
        version: ETCD_VERSION,
        dbSize: server.storage.backend.size,
        dbSizeInUse: server.storage.backend.sizeInUse,
        leader: server.leader,
        raftIndex: raft.index,
        raftTerm: raft.term,
        raftAppliedIndex: raft.applied,
        errors: problemsOf(server),
        isLearner: server.isLearner,
      };
    },
    async Alarm(request) {
      const alarms = await server.alarm(request);
      return { header: server.header(), alarms };
    },
    HashKV(request) {
      const { hash, compactRevision } = server.hashKV(request.revision);
      return { header: server.header(), hash, compact_revision: compactRevision };
    },
    async Hash() {
      const hash = await server.storage.hash();
      return { header: server.header(), hash };
    },
    async Defragment() {
      await server.storage.defragment();
      return {};
    },
    // As etcd answers it: without a header.
    async MoveLeader({ targetID }) {
      await server.members.moveLeader(targetID);
      return {};
    },
    Downgrade: refuseUnary('Maintenance.Downgrade'),
    Snapshot: (call) => sendSnapshot(server, call),
  });
}

function problemsOf({ leader, alarms }: EtcdServer): string[] {
  return [...(leader === 0n ? [RPC_STATUS.NoLeader.message] : []), ...alarms.map(alarmText)];
}

// As Go prints the message, with its blank at the end; tools compare the text.
function alarmText({ memberID, alarm }: AlarmMember): string {
  return `memberID:${memberID} alarm:${alarmName(alarm)} `;
}
