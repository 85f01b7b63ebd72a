// The Lease service. Mirrors etcd's api/v3rpc/lease.go.

import { Lease } from '../../../../proto/load.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';

/** Registers etcdserverpb.Lease. */
export function registerLease(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Lease, {
    LeaseGrant: (request) => server.leases.grant(request),
    LeaseRevoke: (request) => server.leases.revoke(request.ID),
    async LeaseKeepAlive(call) {
      for await (const request of call.requests()) {
        // The header is taken first: whatever it tells was so before the renewal.
        const header = server.header();
        call.write({ header, ID: request.ID, TTL: await server.leases.renew(request.ID) });
      }
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
