// Serving: which protocol a connection speaks shows in its first bytes, and decides who gets it. HTTP/2 is gRPC,
// everything else is HTTP/1. Mirrors the serving half of etcd's embed/serve.go and embed/etcd.go.

import type { Server as HttpServer } from 'node:http';
import type net from 'node:net';
import { newGrpcServer } from '../api/v3rpc/grpc.ts';
import { RPC_STATUS } from '../api/v3rpc/rpctypes.ts';
import { EtcdError } from '../core/errors.ts';
import type { Config } from '../etcdmain/config.ts';
import { SHUTDOWN_GRACE_MS, SNIFF_TIMEOUT_MS } from '../limits.ts';
import type { Ports } from '../ports.ts';
import type { EtcdServer } from '../server/server.ts';
import type { GrpcServer } from '../transport/grpc/server.ts';
import { newHttpServer, newPeerHttpServer } from '../transport/etcdhttp/base.ts';
import { clientHandler, type ClientHttpApi } from '../transport/etcdhttp/client.ts';
import { memberHandler, type PeerApi } from '../transport/etcdhttp/peer.ts';
import type { RaftHttpTransport } from '../transport/rafthttp/transport.ts';
import type { CleanupStack } from './cleanup.ts';
import type { Listener } from './listeners.ts';

const LOG_CALLER = 'embed/serve.ts';

// What an HTTP/2 connection begins with; no HTTP/1 request does.
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

interface Serving {
  readonly listeners: readonly Listener[];
  readonly server: EtcdServer;
  readonly ports: Ports;
  readonly cleanup: CleanupStack;
}

/** Serves the peer port: other members by HTTP/1, and gRPC with the same services as the client port. */
export function servePeers({
  listeners,
  server,
  transport,
  ports,
  cleanup,
}: Serving & { readonly transport: RaftHttpTransport }): void {
  const log = ports.log.at(LOG_CALLER);
  const grpc = newGrpcServer(server, ports);
  const http = newPeerHttpServer(memberHandler(peerApi(server), transport.routes, log));
  cleanup.push(() => grpc.close({ graceMs: SHUTDOWN_GRACE_MS, reason: new EtcdError('Stopped') }));
  for (const listener of listeners) {
    const fields = { address: listener.url.address };
    log.info('serving peer traffic', fields);
    listener.serve((socket) => serveConnection(socket, grpc, http));
    cleanup.push(() => {
      log.info('stopping serving peer traffic', fields);
      listener.close();
      log.info('stopped serving peer traffic', fields);
    });
  }
}

/** Serves the client port: gRPC and HTTP/1 on every listener. */
export function serveClients({
  listeners,
  server,
  config,
  ports,
  cleanup,
}: Serving & { readonly config: Config }): void {
  const log = ports.log.at(LOG_CALLER);
  const grpc = newGrpcServer(server, ports);
  const http = newHttpServer(clientHandler(config, log, clientHttpApi(server)));
  cleanup.push(async () => {
    for (const listener of listeners) listener.stopAccepting();
    await grpc.close({ graceMs: SHUTDOWN_GRACE_MS, reason: new EtcdError('Stopped') });
    http.closeAllConnections();
  });
  for (const listener of listeners) {
    log.info('ready to serve client requests');
    listener.serve((socket) => serveConnection(socket, grpc, http));
    const fields = { traffic: 'grpc+http', address: listener.url.address };
    log.info('serving client traffic insecurely; this is strongly discouraged!', fields);
  }
}

function serveConnection(socket: net.Socket, grpc: GrpcServer, http: HttpServer): void {
  sniff(socket, (isHttp2, head) => {
    if (isHttp2) return grpc.accept(socket, head);
    socket.unshift(head);
    http.emit('connection', socket);
    socket.resume();
  });
}

// What the HTTP paths of the client port ask; a failed read is told with the text that a client would get.
function clientHttpApi(server: EtcdServer): ClientHttpApi {
  return {
    get cluster() {
      return server.cluster;
    },
    get alarmNames() {
      return server.alarmNames;
    },
    get leader() {
      return server.leader;
    },
    get isLearner() {
      return server.isLearner;
    },
    tryRead: (options) =>
      server.tryRead(options).catch((error: unknown) => {
        throw error instanceof EtcdError ? new Error(RPC_STATUS[error.kind].message) : error;
      }),
  };
}

// What other members may ask of this one.
function peerApi(server: EtcdServer): PeerApi {
  return {
    get cluster() {
      return server.cluster;
    },
    promoteMember: (id) => server.members.promoteHere(id),
    hashKV: (revision) => server.hashKV(revision),
    renewLease: (id) => server.leases.renewHere(id),
    leaseTimes: (id, withKeys) => server.leases.timeToLiveHere(id, withKeys),
  };
}

// Reads until the bytes so far either are the whole preface or cannot become it.
function sniff(socket: net.Socket, decide: (isHttp2: boolean, head: Buffer) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const finish = (isHttp2: boolean): void => {
    socket.off('data', onData).off('end', onEnd).off('timeout', onTimeout);
    socket.setTimeout(0);
    socket.pause();
    decide(isHttp2, head);
  };
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const length = Math.min(head.length, HTTP2_PREFACE.length);
    const isPrefix = head.compare(HTTP2_PREFACE, 0, length, 0, length) === 0;
    if (!isPrefix) finish(false);
    else if (length === HTTP2_PREFACE.length) finish(true);
  };
  const onEnd = (): void => void socket.destroy();
  const onTimeout = (): void => void socket.destroy();
  socket.on('data', onData).once('end', onEnd).once('timeout', onTimeout);
  socket.setTimeout(SNIFF_TIMEOUT_MS);
}
