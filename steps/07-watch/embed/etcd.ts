// Read this file first: it is the table of contents of the server. Each line of startEtcd is one step with the log line
// that etcd writes there; close is its mirror. Mirrors etcd's embed/etcd.go.

import type { Config } from '../etcdmain/config.ts';
import type { EtcdUrl } from '../etcdmain/urls.ts';
import type { Ports } from '../ports.ts';
import { bootstrap } from '../server/bootstrap.ts';
import { EtcdServer } from '../server/server.ts';
import { httpPeerCalls } from '../transport/etcdhttp/peer_client.ts';
import { RaftHttpTransport } from '../transport/rafthttp/transport.ts';
import { CleanupStack } from './cleanup.ts';
import { Listener } from './listeners.ts';
import { serveClients, servePeers } from './serve.ts';

const LOG_CALLER = 'embed/etcd.ts';

/** A running server. */
export interface Etcd {
  /** Stops it: what was opened last is closed first. */
  close(): Promise<void>;
}

/** Starts a server with a valid `config`. Rejects, with everything undone, when a step fails. */
export async function startEtcd(config: Config, ports: Ports): Promise<Etcd> {
  const cleanup = new CleanupStack();
  try {
    const peers = await configureListeners({ port: 'peer', urls: config.listenPeerUrls, ports, cleanup });
    const clients = await configureListeners({ port: 'client', urls: config.listenClientUrls, ports, cleanup });
    const bootstrapped = bootstrap(config);
    const transport = new RaftHttpTransport(bootstrapped.cluster);
    cleanup.push(() => transport.stop());
    const server = new EtcdServer(bootstrapped, transport, httpPeerCalls);
    cleanup.push(() => server.stop());
    servePeers({ listeners: peers, server, ports, cleanup });
    server.start();
    serveClients({ listeners: clients, server, ports, cleanup });
    ports.log.at(LOG_CALLER).info('now serving peer/client/metrics', { name: config.name });
    return { close: () => close(config, ports, cleanup) };
  } catch (error) {
    await cleanup.runAll();
    throw error;
  }
}

interface Listening {
  readonly port: 'peer' | 'client';
  readonly urls: readonly EtcdUrl[];
  readonly ports: Ports;
  readonly cleanup: CleanupStack;
}

async function configureListeners({ port, urls, ports, cleanup }: Listening): Promise<Listener[]> {
  ports.log
    .at(LOG_CALLER)
    .info(`configuring ${port} listeners`, { [`listen-${port}-urls`]: urls.map((url) => url.text) });
  const listeners: Listener[] = [];
  for (const url of urls) {
    const listener = await Listener.open(url);
    cleanup.push(() => listener.close());
    listeners.push(listener);
  }
  return listeners;
}

async function close(config: Config, ports: Ports, cleanup: CleanupStack): Promise<void> {
  const log = ports.log.at(LOG_CALLER);
  const fields = { name: config.name, 'advertise-client-urls': config.advertiseClientUrls.map((url) => url.text) };
  log.info('closing etcd server', fields);
  await cleanup.runAll();
  log.info('closed etcd server', fields);
}
