// The Lease service (spec/rpc.md 8). Mirrors etcd's api/v3rpc/lease.go.

import { Lease } from '../../../proto/load.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { KeepAliveStream } from './lease_keep_alive.ts';

/** Registers etcdserverpb.Lease. */
export function registerLease(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Lease, {
    async LeaseGrant(request) {
      const lease = await server.leases.grant(request);
      return { header: server.header(), ID: lease.id, TTL: lease.ttl };
    },
    async LeaseRevoke(request) {
      await server.leases.revoke(request.ID);
      return { header: server.header() };
    },
    LeaseKeepAlive(call) {
      const renewals = { header: () => server.header(), renew: (id: bigint) => server.leases.renew(id) };
      return new KeepAliveStream(call, renewals).run();
    },
    async LeaseTimeToLive(request) {
      const times = await server.leases.timeToLive(request.ID, request.keys);
      return {
        header: server.header(),
        ID: request.ID,
        TTL: times.ttl,
        grantedTTL: times.grantedTtl,
        keys: times.keys,
      };
    },
    LeaseLeases() {
      return { header: server.header(), leases: server.leases.list().map((ID) => ({ ID })) };
    },
  });
}
