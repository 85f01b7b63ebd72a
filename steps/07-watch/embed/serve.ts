// Serving: which protocol a connection speaks shows in its first bytes, and decides who gets it. HTTP/2 is gRPC,
// everything else is HTTP/1. Mirrors the serving half of etcd's embed/serve.go and embed/etcd.go.

import type net from 'node:net';
import { newGrpcServer } from '../api/v3rpc/grpc.ts';
import type { Ports } from '../ports.ts';
import type { EtcdServer } from '../server/server.ts';
import { newHttpServer } from '../transport/etcdhttp/base.ts';
import { clientHandler } from '../transport/etcdhttp/client.ts';
import { peerHandler } from '../transport/etcdhttp/peer.ts';
import { raftRoutes } from '../transport/rafthttp/routes.ts';
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

/** Serves the peer port. */
export function servePeers({ listeners, server, ports, cleanup }: Serving): void {
  const log = ports.log.at(LOG_CALLER);
  const http = newHttpServer(peerHandler(raftRoutes(server), server.leases));
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

/** Serves the client port: gRPC and HTTP/1 on every listener. */
export function serveClients({ listeners, server, ports, cleanup }: Serving): void {
  const log = ports.log.at(LOG_CALLER);
  const grpc = newGrpcServer(server);
  const http = newHttpServer(clientHandler());
  cleanup.push(() => {
    grpc.close();
    http.closeAllConnections();
  });
  for (const listener of listeners) {
    log.info('ready to serve client requests');
    listener.serve((socket) => {
      sniff(socket, (isHttp2, head) => {
        if (isHttp2) return grpc.accept(socket, head);
        socket.unshift(head);
        http.emit('connection', socket);
        socket.resume();
      });
    });
    const fields = { traffic: 'grpc+http', address: listener.url.address };
    log.info('serving client traffic insecurely; this is strongly discouraged!', fields);
  }
}

// Reads until the bytes so far either are the whole preface or cannot become it.
function sniff(socket: net.Socket, decide: (isHttp2: boolean, head: Buffer) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const finish = (isHttp2: boolean): void => {
    socket.off('data', onData).off('end', onEnd);
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
  socket.on('data', onData).once('end', onEnd);
}
