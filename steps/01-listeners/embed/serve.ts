// Serving: hands the connections of each listener to the HTTP server of its port. Mirrors the serving half of etcd's
// embed/serve.go and embed/etcd.go.

import type { Ports } from '../ports.ts';
import { newHttpServer } from '../transport/etcdhttp/base.ts';
import { clientHandler } from '../transport/etcdhttp/client.ts';
import { peerHandler } from '../transport/etcdhttp/peer.ts';
import type { CleanupStack } from './cleanup.ts';
import type { Listener } from './listeners.ts';

const LOG_CALLER = 'embed/serve.ts';

interface Serving {
  readonly listeners: readonly Listener[];
  readonly ports: Ports;
  readonly cleanup: CleanupStack;
}

/** Serves the peer port. */
export function servePeers({ listeners, ports, cleanup }: Serving): void {
  const log = ports.log.at(LOG_CALLER);
  const http = newHttpServer(peerHandler());
  for (const listener of listeners) {
    const fields = { address: listener.url.address };
    log.info('serving peer traffic', fields);
    listener.serve((socket) => http.emit('connection', socket));
    cleanup.push(() => {
      log.info('stopping serving peer traffic', fields);
      listener.close();
      log.info('stopped serving peer traffic', fields);
    });
  }
}

/** Serves the client port. */
export function serveClients({ listeners, ports, cleanup }: Serving): void {
  const log = ports.log.at(LOG_CALLER);
  const http = newHttpServer(clientHandler());
  cleanup.push(() => http.closeAllConnections());
  for (const listener of listeners) {
    log.info('ready to serve client requests');
    listener.serve((socket) => http.emit('connection', socket));
    const fields = { traffic: 'http', address: listener.url.address };
    log.info('serving client traffic insecurely; this is strongly discouraged!', fields);
  }
}
