// The KV service: checks a request, hands it to the server, puts the header on the answer. Mirrors etcd's
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
      const response = server.range(request);
      response.header = server.header();
      return response;
    },
    Put(request) {
      checkPut(request);
      const response = server.put(request);
      response.header = server.header();
      return response;
    },
    DeleteRange(request) {
      checkDeleteRange(request);
      const response = server.deleteRange(request);
      response.header = server.header();
      return response;
    },
    Txn(request) {
      checkTxn(request, server.config.maxTxnOps);
      const response = server.txn(request);
      response.header = server.header();
      return response;
    },
    Compact(request) {
      server.compact(request);
      return { header: server.header() };
    },
  });
}
