// The HTTP paths of the client port, one a line.

import type { AccessControl, HttpHandler, HttpRoutes } from './base.ts';
import { controlAccess, route, send } from './base.ts';
import type { Logger } from '../../ports.ts';
import { checksHandler, type HealthApi, healthHandler, LIVE_CHECKS, READY_CHECKS } from './health.ts';
import { versionHandler } from './version.ts';

/** What the paths ask the member. */
export interface ClientHttpApi extends HealthApi {
  readonly cluster: { readonly version: string | undefined };
}

/** The handler of the client port. */
export function clientHandler(access: AccessControl, log: Logger, api: ClientHttpApi): HttpHandler {
  return controlAccess(access, log, route(clientRoutes(api)));
}

function clientRoutes(api: ClientHttpApi): HttpRoutes {
  return new Map<string, HttpHandler>([
    ['/version', versionHandler(api.cluster)],
    ['/health', healthHandler(api)],
    ['/livez', checksHandler(LIVE_CHECKS, api)],
    ...LIVE_CHECKS.map((check) => [`/livez/${check.name}`, checksHandler([check], api)] as const),
    ['/readyz', checksHandler(READY_CHECKS, api)],
    ...READY_CHECKS.map((check) => [`/readyz/${check.name}`, checksHandler([check], api)] as const),
    ['/v3/', gatewayIsMissing],
    ['/v3beta/', gatewayIsMissing],
  ]);
}

const UNIMPLEMENTED = 12;

const gatewayIsMissing: HttpHandler = (_request, response) => {
  const message = 'the JSON gateway is not yet implemented';
  send(response, { status: 501, type: 'application/json', text: JSON.stringify({ code: UNIMPLEMENTED, message }) });
};
