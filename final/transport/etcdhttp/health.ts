// /health, and the checks of Kubernetes, /livez and /readyz (spec/rpc.md 14.4, 14.5). Mirrors etcd's etcdhttp/health.go.
// A server of one member that answers is healthy: it has a leader, itself, and no alarms.

import type { HttpHandler } from './base.ts';
import { getOnly, send, sendText } from './base.ts';

/** GET /health. */
export const health: HttpHandler = getOnly((_request, response) => {
  send(response, { status: 200, type: 'text/plain; charset=utf-8', text: '{"health":"true","reason":""}' });
});

/** Names of the checks behind /livez. */
export const LIVE_CHECKS = ['serializable_read'] as const;

/** Names of the checks behind /readyz. */
export const READY_CHECKS = ['data_corruption', 'serializable_read', 'linearizable_read', 'non_learner'] as const;

/** GET /livez or /readyz: `ok`, and with `?verbose` a line for each check that `?exclude=` does not leave out. */
export function checksHandler(names: readonly string[]): HttpHandler {
  return getOnly((request, response) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const excluded = query.getAll('exclude');
    const lines = names.filter((name) => !excluded.includes(name)).map((name) => `[+]${name} ok\n`);
    sendText(response, 200, `${query.has('verbose') ? lines.join('') : ''}ok\n`);
  });
}

/** GET /livez/NAME or /readyz/NAME. */
export function checkHandler(name: string): HttpHandler {
  return checksHandler([name]);
}
