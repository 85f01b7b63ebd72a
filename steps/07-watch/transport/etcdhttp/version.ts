// /version on both ports. Mirrors etcd's etcdhttp/version.go.

import { CLUSTER_VERSION, ETCD_VERSION } from '../../version.ts';
import { getOnly, type HttpHandler, send } from './base.ts';

/** GET /version. */
export const version: HttpHandler = getOnly((_request, response) => {
  const text = JSON.stringify({ etcdserver: ETCD_VERSION, etcdcluster: CLUSTER_VERSION });
  send(response, { status: 200, type: 'application/json', text });
});
