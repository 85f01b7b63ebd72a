// The HTTP paths of the client port, one a line.

import type { HttpHandler, HttpRoutes } from './base.ts';
import { route } from './base.ts';
import { health } from './health.ts';
import { version } from './version.ts';

/** The handler of the client port. */
export function clientHandler(): HttpHandler {
  return route(clientRoutes());
}

function clientRoutes(): HttpRoutes {
  return new Map<string, HttpHandler>([
    ['/version', version],
    ['/health', health],
  ]);
}
