// The Watch service: it gives every stream a ServerWatchStream. Mirrors etcd's api/v3rpc/watch.go.

import { Watch } from '../../../../proto/load.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { ServerWatchStream } from './watch_stream.ts';

/** Registers etcdserverpb.Watch. */
export function registerWatch(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(Watch, { Watch: (call) => new ServerWatchStream(call, server).run() });
}
