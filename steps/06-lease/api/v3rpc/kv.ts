// The KV service: checks a request and hands it to the server. Mirrors etcd's api/v3rpc/key.go.

import { KV } from '../../../../proto/load.ts';
import type { PutRequest, RangeRequest } from '../../../../proto/schema.ts';
import { checkDeleteRange, checkPut, checkRange } from '../../core/txn/check.ts';
import type { EtcdServer } from '../../server/server.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { notImplemented, refuseUnary } from './not_implemented.ts';

/** Registers etcdserverpb.KV. */
export function registerKV(grpc: GrpcServer, server: EtcdServer): void {
  grpc.addService(KV, {
    Range(request) {
      checkRange(request);
      refuseUnknownOptions(request);
      return server.range(request);
    },
    Put(request) {
      checkPut(request);
      refuseUnknownPutOptions(request);
      return server.put(request);
    },
    DeleteRange(request) {
      checkDeleteRange(request);
      return server.deleteRange(request);
    },
    Txn: refuseUnary('KV.Txn'),
    Compact: refuseUnary('KV.Compact'),
  });
}

// The past cannot be read yet: a revision, and bounds of one, are refused rather than ignored.
function refuseUnknownOptions(request: RangeRequest): void {
  if (request.revision > 0) throw notImplemented('reading a past revision');
  const bounds = ['min_mod_revision', 'max_mod_revision', 'min_create_revision', 'max_create_revision'] as const;
  for (const bound of bounds) {
    if (request[bound] !== 0) throw notImplemented(bound);
  }
}

function refuseUnknownPutOptions(request: PutRequest): void {
  if (request.ignore_value) throw notImplemented('ignore_value');
  if (request.ignore_lease) throw notImplemented('ignore_lease');
}
