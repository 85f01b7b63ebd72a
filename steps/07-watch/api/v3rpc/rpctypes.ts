// From what a handler threw to what a client gets: gRPC code and message. Mirrors etcd's api/v3rpc/rpctypes/error.go and
// etcdserver/api/v3rpc/util.go.

import { type ErrorKind, EtcdError } from '../../core/errors.ts';
import { Code, StatusError } from '../../transport/grpc/status.ts';

export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

// Clients match on the message, so it is etcd's to the byte.
const RPC_STATUS: Readonly<Record<ErrorKind, RpcStatus>> = {
  EmptyKey: { code: Code.InvalidArgument, message: 'etcdserver: key is not provided' },
  InvalidSortOption: { code: Code.InvalidArgument, message: 'etcdserver: invalid sort option' },
  LeaseExist: { code: Code.FailedPrecondition, message: 'etcdserver: lease already exists' },
  LeaseNotFound: { code: Code.NotFound, message: 'etcdserver: requested lease not found' },
  LeaseTTLTooLarge: { code: Code.OutOfRange, message: 'etcdserver: too large lease TTL' },
  NoLeader: { code: Code.Unavailable, message: 'etcdserver: no leader' },
  NotPrimary: { code: Code.Unknown, message: 'not a primary lessor' },
  RequestTooManyRequests: { code: Code.Unknown, message: 'etcdserver: too many requests' },
  Stopped: { code: Code.Unavailable, message: 'etcdserver: server stopped' },
  Timeout: { code: Code.Unavailable, message: 'etcdserver: request timed out' },
};

/** What a client gets for anything a handler threw. */
export function toRpcStatus(error: unknown): RpcStatus {
  if (error instanceof EtcdError) return RPC_STATUS[error.kind];
  if (error instanceof StatusError) return { code: error.code, message: error.message };
  return { code: Code.Unknown, message: error instanceof Error ? error.message : String(error) };
}
