// The Lock service: a mutex for clients that cannot watch, waited for by the server (spec/rpc.md 12.1). Mirrors etcd's
// api/v3lock/lock.go.

import { Lock } from '../../../proto/load.ts';
import { Mutex } from '../../client/concurrency/mutex.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { leaseFor, withPlainErrors } from './concurrency_calls.ts';
import { InProcessStore } from './in_process_store.ts';

/** Registers v3lockpb.Lock. A caller that gives up waiting takes its place in the queue with it. */
export function registerLock(grpc: GrpcServer, server: EtcdServer): void {
  const store = new InProcessStore(server);
  grpc.addService(Lock, {
    Lock({ name, lease }, { signal }) {
      return withPlainErrors(signal, async () => {
        const mutex = new Mutex({ store, lease: await leaseFor(store, lease, signal) }, name);
        await mutex.lock({ signal });
        return { header: mutex.header, key: mutex.key };
      });
    },
    Unlock({ key }, { signal }) {
      return withPlainErrors(signal, async () => ({ header: (await store.deleteRange({ key }, { signal })).header }));
    },
  });
}
