// Methods of the API that this server knows and cannot do yet. They answer with a clear error, so that nobody takes a
// missing feature for a broken connection.

import type { ServiceDefinition } from '../../../proto/load.ts';
import type { GrpcServer, Handlers } from '../../transport/grpc/server.ts';
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

/** A streaming handler that refuses. */
export function refuseStream(what: string): () => Promise<never> {
  return () => Promise.reject(notImplemented(what));
}

/** Registers a service of which every method is refused with the error for `what`, or for the method itself. */
export function refuseService(grpc: GrpcServer, service: ServiceDefinition, what?: string): void {
  const handlers = Object.values(service.methods).map(({ name, requestStream, responseStream }) => {
    const refused = what ?? `${service.name.replace(/^.*\./, '')}.${name}`;
    return [name, requestStream || responseStream ? refuseStream(refused) : refuseUnary(refused)];
  });
  grpc.addService(service, Object.fromEntries(handlers) as Handlers<ServiceDefinition>);
}
