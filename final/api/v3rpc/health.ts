// The standard gRPC health service, which load balancers ask (spec/rpc.md 13). The server as a whole, service "", is the
// only one it knows. Mirrors etcd's api/v3rpc/health.go.

import { Health } from '../../../proto/load.ts';
import { HealthCheckResponse_ServingStatus as Status } from '../../../proto/schema.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { Code, StatusError } from '../../transport/grpc/status.ts';

const WHOLE_SERVER = '';

/** Registers grpc.health.v1.Health. */
export function registerHealth(grpc: GrpcServer): void {
  grpc.addService(Health, {
    Check(request) {
      if (request.service !== WHOLE_SERVER) throw new StatusError(Code.NotFound, 'unknown service');
      return { status: Status.SERVING };
    },
    async Watch(call) {
      const [request] = await first(call.requests());
      call.write({ status: request?.service === WHOLE_SERVER ? Status.SERVING : Status.SERVICE_UNKNOWN });
      // The status never changes while the server runs: the stream stays open until one side ends it.
      await new Promise<void>((resolve) => call.ctx.signal.addEventListener('abort', () => resolve(), { once: true }));
      throw new StatusError(Code.Canceled, 'Stream has ended.');
    },
  });
}

async function first<T>(items: AsyncIterable<T>): Promise<T[]> {
  for await (const item of items) return [item];
  return [];
}
