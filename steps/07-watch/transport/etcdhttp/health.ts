// /health. Mirrors etcd's etcdhttp/health.go. A server that answers is healthy.

import type { HttpHandler } from './base.ts';
import { getOnly, send } from './base.ts';

/** GET /health. */
export const health: HttpHandler = getOnly((_request, response) => {
  send(response, { status: 200, type: 'text/plain; charset=utf-8', text: '{"health":"true","reason":""}' });
});
