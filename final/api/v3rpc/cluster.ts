// The Cluster service: who the members are. Mirrors etcd's api/v3rpc/member.go.

import { Cluster } from '../../../proto/load.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { refuseUnary } from './not_implemented.ts';

/** Registers etcdserverpb.Cluster. */
export function registerCluster(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Cluster, {
    MemberList() {
      // The header of a membership answer carries no revision (spec/rpc.md 5).
      return {
        header: server.header(0),
        members: server.cluster.members.map((member) => ({
          ID: member.id,
          name: member.name,
          peerURLs: [...member.peerUrls],
          clientURLs: [...member.clientUrls],
        })),
      };
    },
    MemberAdd: refuseUnary('Cluster.MemberAdd'),
    MemberRemove: refuseUnary('Cluster.MemberRemove'),
    MemberUpdate: refuseUnary('Cluster.MemberUpdate'),
    MemberPromote: refuseUnary('Cluster.MemberPromote'),
  });
}
