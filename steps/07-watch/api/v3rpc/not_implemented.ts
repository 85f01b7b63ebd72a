// Methods of the API that this server knows and cannot do yet. They answer with a clear error, so that nobody takes a
// missing feature for a broken connection.

import { Code, StatusError } from '../../transport/grpc/status.ts';

/** The error for `what`, a method or a part of one. */
export function notImplemented(what: string): StatusError {
  return new StatusError(Code.Unimplemented, `etcdserver: ${what} is not yet implemented`);
}

/** A unary handler that refuses. */
export function refuseUnary(what: string): () => never {
  return () => {
    throw notImplemented(what);
  };
}
