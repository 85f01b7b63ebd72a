// The HTTP paths of the client port, one a line.

import type { AccessControl, HttpHandler, HttpRoutes } from './base.ts';
import { controlAccess, route, send } from './base.ts';
import type { Logger } from '../../ports.ts';
import { type ActiveAlarms, checksHandler, healthHandler, LIVE_CHECKS, READY_CHECKS } from './health.ts';
import { version } from './version.ts';

/** The handler of the client port. */
export function clientHandler(access: AccessControl, log: Logger, alarms: ActiveAlarms): HttpHandler {
  return controlAccess(access, log, route(clientRoutes(alarms)));
}

function clientRoutes(alarms: ActiveAlarms): HttpRoutes {
  return new Map<string, HttpHandler>([
    ['/version', version],
    ['/health', healthHandler(alarms)],
    ['/livez', checksHandler(LIVE_CHECKS, alarms)],
    ...LIVE_CHECKS.map((check) => [`/livez/${check.name}`, checksHandler([check], alarms)] as const),
    ['/readyz', checksHandler(READY_CHECKS, alarms)],
    ...READY_CHECKS.map((check) => [`/readyz/${check.name}`, checksHandler([check], alarms)] as const),
    ['/v3/', gatewayIsMissing],
    ['/v3beta/', gatewayIsMissing],
  ]);
}

const UNIMPLEMENTED = 12;

const gatewayIsMissing: HttpHandler = (_request, response) => {
  const message = 'the JSON gateway is not yet implemented';
  send(response, { status: 501, type: 'application/json', text: JSON.stringify({ code: UNIMPLEMENTED, message }) });
};
