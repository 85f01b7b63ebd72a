// From what a handler threw to what a client gets: gRPC code and message. Mirrors etcd's api/v3rpc/rpctypes/error.go and
// etcdserver/api/v3rpc/util.go.

import { Code, StatusError } from '../../transport/grpc/status.ts';

export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

/** What a client gets for anything a handler threw. */
export function toRpcStatus(error: unknown): RpcStatus {
  if (error instanceof StatusError) return { code: error.code, message: error.message };
  return { code: Code.Unknown, message: error instanceof Error ? error.message : String(error) };
}
