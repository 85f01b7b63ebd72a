// Errors that a client can cause or must expect. Each is a kind, not a text: api/v3rpc/rpctypes.ts gives every kind its
// gRPC code and etcd's exact message, and the compiler finds a kind that has none. Mirrors etcd's api/v3rpc/rpctypes.

/** Names of the expected errors, as in etcd's rpctypes package without the prefix ErrGRPC. */
export type ErrorKind =
  | 'EmptyKey'
  | 'InvalidSortOption'
  | 'LeaseExist'
  | 'LeaseNotFound'
  | 'LeaseTTLTooLarge'
  | 'NoLeader'
  | 'NotPrimary'
  | 'RequestTooManyRequests'
  | 'Stopped'
  | 'Timeout';

/** An expected, deterministic failure: every member answers the same request with the same kind. */
export class EtcdError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind) {
    super(kind);
    this.name = 'EtcdError';
    this.kind = kind;
  }
}
