// The gRPC server with all services registered, one a line: what is here is what a client can call. Mirrors etcd's
// api/v3rpc/grpc.go.

import { Election, Lock, Watch } from '../../../proto/load.ts';
import { GRPC_OVERHEAD_BYTES } from '../../limits.ts';
import type { Ports } from '../../ports.ts';
import type { EtcdServer } from '../../server/server.ts';
import { GrpcServer } from '../../transport/grpc/server.ts';
import { registerAuth } from './auth.ts';
import { registerCluster } from './cluster.ts';
import { registerHealth } from './health.ts';
import { registerKV } from './kv.ts';
import { registerLease } from './lease.ts';
import { registerMaintenance } from './maintenance.ts';
import { refuseStream, refuseUnary } from './not_implemented.ts';
import { toRpcStatus } from './rpctypes.ts';

/** A gRPC server for `server`; connections are handed to it by embed/serve.ts. */
export function newGrpcServer(server: EtcdServer, ports: Ports): GrpcServer {
  const { config } = server;
  const grpc = new GrpcServer({
    maxReceiveBytes: config.maxRequestBytes + GRPC_OVERHEAD_BYTES,
    maxConcurrentStreams: config.maxConcurrentStreams,
    keepalive: config.keepalive,
    toStatus: (error) => toRpcStatus(error, ports),
    log: ports.log.at('transport/grpc/server.ts'),
  });
  registerKV(grpc, server);
  registerLease(grpc, server);
  registerCluster(grpc, server);
  registerMaintenance(grpc, server);
  registerAuth(grpc, server);
  registerHealth(grpc);
  refuseTheRest(grpc);
  return grpc;
}

function refuseTheRest(grpc: GrpcServer): void {
  grpc.addService(Watch, { Watch: refuseStream('Watch.Watch') });
  grpc.addService(Lock, { Lock: refuseUnary('Lock.Lock'), Unlock: refuseUnary('Lock.Unlock') });
  grpc.addService(Election, {
    Campaign: refuseUnary('Election.Campaign'),
    Proclaim: refuseUnary('Election.Proclaim'),
    Leader: refuseUnary('Election.Leader'),
    Observe: refuseStream('Election.Observe'),
    Resign: refuseUnary('Election.Resign'),
  });
}
