// The HTTP paths of the peer port, one a line. Mirrors etcd's etcdhttp/peer.go.

import type { LeaseKeeper } from '../../server/leases.ts';
import type { HttpRoutes } from './base.ts';
import { type HttpHandler, route } from './base.ts';
import { leaseTimesHandler, renewHandler } from './lease.ts';
import { version } from './version.ts';

/** The handler of the peer port. */
export function peerHandler(raft: HttpRoutes, leases: LeaseKeeper): HttpHandler {
  return route(
    new Map<string, HttpHandler>([
      ...raft,
      ['/version', version],
      ['/leases', renewHandler(leases)],
      ['/leases/internal', leaseTimesHandler(leases)],
    ]),
  );
}
