// The gRPC server with all services registered, one a line: what is here is what a client can call. Mirrors etcd's
// api/v3rpc/grpc.go.

import { Auth, Election, KV, Lease, Lock, Watch } from '../../../proto/load.ts';
import { GRPC_OVERHEAD_BYTES } from '../../limits.ts';
import type { Ports } from '../../ports.ts';
import type { EtcdServer } from '../../server/server.ts';
import { GrpcServer } from '../../transport/grpc/server.ts';
import { registerAuth } from './auth.ts';
import { registerCluster } from './cluster.ts';
import { registerElection } from './election.ts';
import { registerHealth } from './health.ts';
import { MemberInterceptor } from './interceptor.ts';
import { registerKV } from './kv.ts';
import { registerLease } from './lease.ts';
import { registerLock } from './lock.ts';
import { registerMaintenance } from './maintenance.ts';
import { refuseService } from './not_implemented.ts';
import { toRpcStatus } from './rpctypes.ts';
import { registerWatch } from './watch.ts';

/** A gRPC server for `server`; connections are handed to it by embed/serve.ts. */
export function newGrpcServer(server: EtcdServer, ports: Ports): GrpcServer {
  const { config } = server;
  const grpc = new GrpcServer({
    maxReceiveBytes: config.maxRequestBytes + GRPC_OVERHEAD_BYTES,
    maxConcurrentStreams: config.maxConcurrentStreams,
    keepalive: config.keepalive,
    toStatus: (error) => toRpcStatus(error, ports),
    interceptor: new MemberInterceptor({ server, clock: ports.clock, electionMs: config.electionMs }),
    log: ports.log.at('transport/grpc/server.ts'),
  });
  if (server.isAuthEnabled) refuseWhatNeedsUsers(grpc);
  else registerWhatNeedsUsers(grpc, server, ports);
  registerCluster(grpc, server);
  registerMaintenance(grpc, server);
  registerHealth(grpc);
  return grpc;
}

function registerWhatNeedsUsers(grpc: GrpcServer, server: EtcdServer, ports: Ports): void {
  registerKV(grpc, server);
  registerWatch(grpc, server, ports);
  registerLease(grpc, server);
  registerLock(grpc, server);
  registerElection(grpc, server);
  registerAuth(grpc, server);
}

// The data directory is that of a cluster with users. Without them nobody may be let at the keys.
function refuseWhatNeedsUsers(grpc: GrpcServer): void {
  const what = 'authentication, which is enabled in this data directory,';
  for (const service of [KV, Watch, Lease, Lock, Election, Auth]) refuseService(grpc, service, what);
}
