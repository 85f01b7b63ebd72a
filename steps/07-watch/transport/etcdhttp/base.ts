// HTTP/1: from a request to the handler of its path. Mirrors etcd's embed/serve.go and etcdhttp/base.go.

import http from 'node:http';

/** Answers one request. */
export type HttpHandler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Handlers by path. */
export type HttpRoutes = ReadonlyMap<string, HttpHandler>;

/** An HTTP/1 server without a listener: connections are handed to it with `server.emit('connection', socket)`. */
export function newHttpServer(handler: HttpHandler): http.Server {
  return http.createServer(handler);
}

/** Looks up the path; an unknown one is 404. */
export function route(routes: HttpRoutes): HttpHandler {
  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const handler = routes.get(path);
    if (handler === undefined) return sendText(response, 404, '404 page not found\n');
    handler(request, response);
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
