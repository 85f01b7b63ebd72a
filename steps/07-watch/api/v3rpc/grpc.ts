// The gRPC server with all services registered, one a line: what is here is what a client can call. Mirrors etcd's
// api/v3rpc/grpc.go.

import type { EtcdServer } from '../../server/server.ts';
import { GrpcServer } from '../../transport/grpc/server.ts';
import { registerGreeter } from './greeter.ts';
import { registerKV } from './kv.ts';
import { registerLease } from './lease.ts';
import { registerMaintenance } from './maintenance.ts';
import { toRpcStatus } from './rpctypes.ts';
import { registerWatch } from './watch.ts';

/** A gRPC server for `server`; connections are handed to it by embed/serve.ts. */
export function newGrpcServer(server: EtcdServer): GrpcServer {
  const grpc = new GrpcServer(toRpcStatus);
  registerGreeter(grpc);
  registerKV(grpc, server);
  registerLease(grpc, server);
  registerMaintenance(grpc, server);
  registerWatch(grpc, server);
  return grpc;
}
