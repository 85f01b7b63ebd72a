// Read this file first: it is the table of contents of the server. Each line of startEtcd is one step with the log line
// that etcd writes there; close is its mirror. Mirrors etcd's embed/etcd.go.

import type { Config } from '../etcdmain/config.ts';
import { formatDuration } from '../etcdmain/duration.ts';
import type { EtcdUrl } from '../etcdmain/urls.ts';
import type { Ports } from '../ports.ts';
import { must } from '../core/assert.ts';
import { newServer } from '../server/new_server.ts';
import type { EtcdServer } from '../server/server.ts';
import { httpPeerCalls } from '../transport/etcdhttp/peer_client.ts';
import { RaftHttpTransport } from '../transport/rafthttp/transport.ts';
import { ETCD_VERSION, IMPLEMENTATION } from '../version.ts';
import { CleanupStack } from './cleanup.ts';
import { Listener } from './listeners.ts';
import { serveClients, servePeers } from './serve.ts';

const LOG_CALLER = 'embed/etcd.ts';

/** A running server. */
export interface Etcd {
  /** Stops it: no new connections, running calls get their answers within a bound, then everything is closed. */
  close(): Promise<void>;
  /** Resolves when the member was removed from the cluster: then there is nothing left to do but to close it. */
  readonly removed: Promise<void>;
}

/** Starts a server with a valid `config`. Rejects, with everything undone, when a step fails. */
export async function startEtcd(config: Config, ports: Ports): Promise<Etcd> {
  const cleanup = new CleanupStack();
  try {
    const peers = await configureListeners({ port: 'peer', urls: config.listenPeerUrls, ports, cleanup });
    const clients = await configureListeners({ port: 'client', urls: config.listenClientUrls, ports, cleanup });
    logSettings(config, ports);
    const { server, transport, removed } = await newMember(config, ports);
    // Peers are served until the member has ended: it hands over its leadership with their help.
    servePeers({ listeners: peers, server, transport, ports, cleanup });
    cleanup.push(() => server.stop());
    await server.start();
    serveClients({ listeners: clients, server, config, ports, cleanup });
    ports.log.at(LOG_CALLER).info('now serving peer/client/metrics', {
      'local-member-id': server.cluster.localMemberId.toString(16),
      ...urlFields(config),
    });
    return { removed, close: () => close(config, ports, cleanup) };
  } catch (error) {
    await cleanup.runAll();
    throw error;
  }
}

interface NewMember {
  readonly server: EtcdServer;
  readonly transport: RaftHttpTransport;
  readonly removed: Promise<void>;
}

// The member, and what carries its messages: each knows the other.
async function newMember(config: Config, ports: Ports): Promise<NewMember> {
  let transport: RaftHttpTransport | undefined;
  let onRemoved = (): void => {};
  const removed = new Promise<void>((resolve) => {
    onRemoved = resolve;
  });
  const server = await newServer(config, ports, {
    newTransport: (parts) => {
      const advertisedPeerUrls = config.initialAdvertisePeerUrls.map((url) => url.text);
      const { clock, log } = ports;
      transport = new RaftHttpTransport({ ...parts, advertisedPeerUrls, clock, log, electionMs: config.electionMs });
      return transport;
    },
    calls: httpPeerCalls,
    onRemoved,
  });
  return { server, transport: must(transport, 'the peer transport'), removed };
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
  const fields = {
    name: config.name,
    'data-dir': config.dataDir,
    'advertise-peer-urls': config.initialAdvertisePeerUrls.map((url) => url.text),
    'advertise-client-urls': config.advertiseClientUrls.map((url) => url.text),
  };
  log.info('closing etcd server', fields);
  await cleanup.runAll();
  log.info('closed etcd server', fields);
}

function logSettings(config: Config, ports: Ports): void {
  ports.log.at(LOG_CALLER).info('starting an etcd server', {
    'etcd-version': ETCD_VERSION,
    implementation: IMPLEMENTATION,
    name: config.name,
    'data-dir': config.dataDir,
    'heartbeat-interval': formatDuration(config.heartbeatMs),
    'election-timeout': formatDuration(config.electionMs),
    ...urlFields(config),
    cors: config.cors,
    'host-whitelist': config.hostWhitelist,
    'initial-cluster': config.initialCluster,
    'initial-cluster-state': config.initialClusterState,
    'initial-cluster-token': config.initialClusterToken,
    'max-request-bytes': config.maxRequestBytes,
    'max-concurrent-streams': config.maxConcurrentStreams,
  });
}

function urlFields(config: Config): Record<string, readonly string[]> {
  const texts = (urls: readonly EtcdUrl[]): string[] => urls.map((url) => url.text);
  return {
    'initial-advertise-peer-urls': texts(config.initialAdvertisePeerUrls),
    'listen-peer-urls': texts(config.listenPeerUrls),
    'advertise-client-urls': texts(config.advertiseClientUrls),
    'listen-client-urls': texts(config.listenClientUrls),
  };
}
