// /version on both ports. Mirrors etcd's etcdhttp/version.go.

import type { Cluster } from '../../server/cluster.ts';
import { ETCD_VERSION } from '../../version.ts';
import { getOnly, type HttpHandler, send } from './base.ts';

const UNDECIDED = 'not_decided';

/** GET /version: this release, and the version that the members of the cluster have agreed on. */
export function versionHandler(cluster: Pick<Cluster, 'version'>): HttpHandler {
  return getOnly((_request, response) => {
    const text = JSON.stringify({ etcdserver: ETCD_VERSION, etcdcluster: cluster.version ?? UNDECIDED });
    send(response, { status: 200, type: 'application/json', text });
  });
}
