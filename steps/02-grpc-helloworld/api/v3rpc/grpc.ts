// The gRPC server with all services registered, one a line: what is here is what a client can call. Mirrors etcd's
// api/v3rpc/grpc.go.

import { GrpcServer } from '../../transport/grpc/server.ts';
import { registerGreeter } from './greeter.ts';
import { toRpcStatus } from './rpctypes.ts';

/** A gRPC server; connections are handed to it by embed/serve.ts. */
export function newGrpcServer(): GrpcServer {
  const grpc = new GrpcServer(toRpcStatus);
  registerGreeter(grpc);
  return grpc;
}
