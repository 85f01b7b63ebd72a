// The KV service: checks a request and hands it to the server. Mirrors etcd's
// api/v3rpc/key.go.

import { KV } from '../../../proto/load.ts';
import { checkDeleteRange, checkPut, checkRange, checkTxn } from '../../core/txn/check.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';

/** Registers etcdserverpb.KV. */
export function registerKV(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(KV, {
    Range(request) {
      checkRange(request);
      return server.range(request);
    },
    Put(request) {
      checkPut(request);
      return server.put(request);
    },
    DeleteRange(request) {
      checkDeleteRange(request);
      return server.deleteRange(request);
    },
    Txn(request) {
      checkTxn(request, server.config.maxTxnOps);
      return server.txn(request);
    },
    Compact: (request) => server.compact(request),
  });
}
