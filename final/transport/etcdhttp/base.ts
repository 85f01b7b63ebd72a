// HTTP/1 on both ports: what every request passes before its path is looked up (spec/rpc.md 14.2, spec/raft.md C1, C13).
// Mirrors etcd's embed/serve.go and etcdhttp/base.go.

import http from 'node:http';
import { HTTP_BODY_BYTES, HTTP_HEADER_BYTES } from '../../limits.ts';
import type { Logger } from '../../ports.ts';
import { PEER_KEEP_ALIVE_MS } from '../limits.ts';

/** Answers one request. */
export type HttpHandler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Handlers by path; a path that ends in `/` also takes everything below it. */
export type HttpRoutes = ReadonlyMap<string, HttpHandler>;

export interface AccessControl {
  /** Origins of web pages that may call; `*` = any. */
  readonly cors: readonly string[];
  /** Host names that a request may carry, without port; `*` = any. */
  readonly hostWhitelist: readonly string[];
}

/**
 * The HTTP/1 server of the client port, without a listener: connections are handed to it with `server.emit('connection',
 * socket)`. None of its paths gets to see a body.
 */
export function newHttpServer(handler: HttpHandler): http.Server {
  return http.createServer({ maxHeaderSize: HTTP_HEADER_BYTES, insecureHTTPParser: false }, (request, response) => {
    boundBody(request);
    handler(request, response);
  });
}

/**
 * The same for the peer port, whose paths read bodies: that of a snapshot may take as long as it needs. What a path leaves
 * unread is thrown away behind its answer.
 */
export function newPeerHttpServer(handler: HttpHandler): http.Server {
  const options = {
    maxHeaderSize: HTTP_HEADER_BYTES,
    insecureHTTPParser: false,
    requestTimeout: 0,
    keepAliveTimeout: PEER_KEEP_ALIVE_MS,
  };
  return http.createServer(options, (request, response) => {
    response.once('finish', () => {
      if (!request.complete) boundBody(request);
    });
    handler(request, response);
  });
}

/** Looks up the path; an unknown one is 404. */
export function route(routes: HttpRoutes): HttpHandler {
  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const below = [...routes.keys()].find((prefix) => prefix.endsWith('/') && path.startsWith(prefix));
    const handler = routes.get(path) ?? (below === undefined ? undefined : routes.get(below));
    if (handler === undefined) return sendText(response, 404, '404 page not found\n');
    handler(request, response);
  };
}

/** Checks the Host header, then adds the headers that let web pages call, then answers OPTIONS, then goes on. */
export function controlAccess(access: AccessControl, log: Logger, next: HttpHandler): HttpHandler {
  return (request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!allows(access.hostWhitelist, host)) {
      log.warn('rejecting HTTP request to prevent DNS rebinding attacks', { host });
      return sendText(response, 421, refusedHost(host));
    }
    addCorsHeaders(access.cors, request, response);
    if (request.method === 'OPTIONS') response.writeHead(200, { 'Content-Length': 0 }).end();
    else next(request, response);
  };
}

/** Only GET may pass; anything else is 405. */
export function getOnly(next: HttpHandler): HttpHandler {
  return methodOnly('GET', next);
}

/** Only requests of one method may pass; any other is 405. */
export function methodOnly(method: 'GET' | 'POST', next: HttpHandler): HttpHandler {
  return (request, response) => {
    if (request.method === method) return next(request, response);
    response.setHeader('Allow', method);
    sendText(response, 405, 'Method Not Allowed\n');
  };
}

/** The whole body; undefined when it is longer than `limit` bytes, or cut off. */
export async function readBody(request: http.IncomingMessage, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('close', () => resolve(undefined));
  });
}

/** Answers with plain text, marked as nothing else. */
export function sendText(response: http.ServerResponse, status: number, text: string): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  send(response, { status, type: 'text/plain; charset=utf-8', text });
}

/** Answers with `text` of the content type `type`. */
export function send(
  response: http.ServerResponse,
  answer: { readonly status: number; readonly type: string; readonly text: string | Uint8Array },
): void {
  const headers = { 'Content-Type': answer.type, 'Content-Length': Buffer.byteLength(answer.text) };
  response.writeHead(answer.status, headers).end(answer.text);
}

// A body that nobody reads is thrown away, and too much of it ends the connection.
function boundBody(request: http.IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > HTTP_BODY_BYTES) request.destroy();
  });
}

function allows(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes('') || list.includes(value);
}

function addCorsHeaders(cors: readonly string[], request: http.IncomingMessage, response: http.ServerResponse): void {
  const origin = request.headers.origin;
  const allowed = cors.includes('*') ? '*' : cors.includes(origin ?? '') ? origin : undefined;
  if (allowed === undefined) return;
  response.setHeader('Access-Control-Allow-Headers', 'accept, content-type, authorization');
  response.setHeader('Access-Control-Allow-Methods', 'POST, GET, OPTIONS, PUT, DELETE');
  response.setHeader('Access-Control-Allow-Origin', allowed);
}

function refusedHost(host: string): string {
  return `
This server does not answer to the host name of your request, so that a web page cannot reach it under a name of
its own ("DNS rebinding", CVE-2018-5702). Add the name to those allowed:

  etcd --host-whitelist "${host.replace(/[^\w.:-]/g, '?')}"

`;
}
