// The HTTP paths of the client port, one a line.

import type { AccessControl, HttpHandler, HttpRoutes } from './base.ts';
import { controlAccess, route, send } from './base.ts';
import type { Logger } from '../../ports.ts';
import { checkHandler, checksHandler, health, LIVE_CHECKS, READY_CHECKS } from './health.ts';
import { version } from './version.ts';

/** The handler of the client port. */
export function clientHandler(access: AccessControl, log: Logger): HttpHandler {
  return controlAccess(access, log, route(clientRoutes()));
}

function clientRoutes(): HttpRoutes {
  return new Map<string, HttpHandler>([
    ['/version', version],
    ['/health', health],
    ['/livez', checksHandler(LIVE_CHECKS)],
    ...LIVE_CHECKS.map((name) => [`/livez/${name}`, checkHandler(name)] as const),
    ['/readyz', checksHandler(READY_CHECKS)],
    ...READY_CHECKS.map((name) => [`/readyz/${name}`, checkHandler(name)] as const),
    ['/v3/', gatewayIsMissing],
    ['/v3beta/', gatewayIsMissing],
  ]);
}

const UNIMPLEMENTED = 12;

const gatewayIsMissing: HttpHandler = (_request, response) => {
  const message = 'the JSON gateway is not yet implemented';
  send(response, { status: 501, type: 'application/json', text: JSON.stringify({ code: UNIMPLEMENTED, message }) });
};
