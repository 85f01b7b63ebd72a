// /health, and the checks of Kubernetes, /livez and /readyz (spec/rpc.md 14.4, 14.5). Mirrors etcd's etcdhttp/health.go.
// A server of one member that answers has a leader, itself, and can read: what may be wrong is an alarm.

import type { IncomingMessage } from 'node:http';
import type { HttpHandler } from './base.ts';
import { getOnly, send, sendText } from './base.ts';

/** Names of the active alarms, as NOSPACE. */
export type ActiveAlarms = () => readonly string[];

/** GET /health: 503 while there is an alarm that `?exclude=` does not name. */
export function healthHandler(alarms: ActiveAlarms): HttpHandler {
  return getOnly((request, response) => {
    const excluded = queryOf(request).getAll('exclude');
    const alarm = alarms().find((name) => !excluded.includes(name));
    const body = JSON.stringify({
      health: String(alarm === undefined),
      reason: alarm === undefined ? '' : `ALARM ${alarm}`,
    });
    const type = 'text/plain; charset=utf-8';
    if (alarm === undefined) send(response, { status: 200, type, text: body });
    else sendText(response, 503, `${body}\n`);
  });
}

/** One check; returns what is wrong. */
interface Check {
  readonly name: string;
  readonly problem: (alarms: ActiveAlarms) => string | undefined;
}

const always = (name: string): Check => ({ name, problem: () => undefined });

/** The checks behind /livez. */
export const LIVE_CHECKS: readonly Check[] = [always('serializable_read')];

/** The checks behind /readyz. */
export const READY_CHECKS: readonly Check[] = [
  {
    name: 'data_corruption',
    problem: (alarms) => (alarms().includes('CORRUPT') ? 'alarm activated: CORRUPT' : undefined),
  },
  always('serializable_read'),
  always('linearizable_read'),
  always('non_learner'),
];

/**
 * GET /livez or /readyz, or one check of them: `ok`, or 503 with a line for each check; `?verbose` has the lines always, and
 * `?exclude=` leaves checks out.
 */
export function checksHandler(checks: readonly Check[], alarms: ActiveAlarms): HttpHandler {
  return getOnly((request, response) => {
    const query = queryOf(request);
    const excluded = query.getAll('exclude');
    const results = checks
      .filter(({ name }) => !excluded.includes(name))
      .map(({ name, problem }) => ({ name, problem: problem(alarms) }));
    const lines = results.map(({ name, problem }) =>
      problem === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${problem}\n`,
    );
    if (results.some(({ problem }) => problem !== undefined)) return sendText(response, 503, lines.join(''));
    sendText(response, 200, `${query.has('verbose') ? lines.join('') : ''}ok\n`);
  });
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URL(request.url ?? '/', 'http://localhost').searchParams;
}
