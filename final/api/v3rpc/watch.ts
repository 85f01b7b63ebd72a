// The Watch service (spec/rpc.md 7): it gives every stream a ServerWatchStream. Mirrors etcd's api/v3rpc/watch.go.

import { Watch } from '../../../proto/load.ts';
import { GRPC_OVERHEAD_BYTES, MIN_WATCH_PROGRESS_MS } from '../../limits.ts';
import type { Ports } from '../../ports.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { HeaderEncoder } from './watch_response.ts';
import { ServerWatchStream, type WatchService } from './watch_stream.ts';

const DEFAULT_PROGRESS_MS = 10 * 60_000;

// Streams with something to send.
let waiting: { flush(): void }[] = [];

// Node runs what nextTick takes from within a promise callback behind all promise callbacks: then all is gathered.
function flushAtEndOfTurn(stream: { flush(): void }): void {
  if (waiting.length === 0) process.nextTick(flushAll);
  waiting.push(stream);
}

function flushAll(): void {
  const streams = waiting;
  waiting = [];
  for (const stream of streams) stream.flush();
}

/** Registers etcdserverpb.Watch. */
export function registerWatch(grpc: GrpcServer, server: EtcdServer, ports: Ports): void {
  const intervalMs = progressIntervalMs(server, ports);
  const service: WatchService = {
    hub: server.watchers,
    header: (revision) => server.header(revision),
    headers: new HeaderEncoder(
      (revision) => server.header(revision),
      () => server.raftStatus().term,
    ),
    fragmentBytes: server.config.maxRequestBytes + GRPC_OVERHEAD_BYTES,
    // The streams of a member should not all speak at once.
    everyProgress: (tick) => ports.clock.every(intervalMs + ports.random(Math.ceil(intervalMs / 10)), tick),
    flushLater: flushAtEndOfTurn,
  };
  grpc.addService(Watch, { Watch: (call) => new ServerWatchStream(call, service).run() });
}

function progressIntervalMs({ config }: EtcdServer, ports: Ports): number {
  const wanted = config.watchProgressIntervalMs;
  if (wanted <= 0) return DEFAULT_PROGRESS_MS;
  if (wanted >= MIN_WATCH_PROGRESS_MS) return wanted;
  ports.log.at('api/v3rpc/watch.ts').warn('adjusting watch progress notify interval to minimum period', {
    'min-watch-progress-notify-interval': `${MIN_WATCH_PROGRESS_MS}ms`,
  });
  return MIN_WATCH_PROGRESS_MS;
}
