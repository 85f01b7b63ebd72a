// HTTP/1.1 requests for cases: one connection per request, nothing followed, nothing decoded but text.

import http from 'node:http';

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** What to ask. */
export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Path of a unix socket to use instead of the host of the URL. */
  readonly socketPath?: string;
  /** Milliseconds for the whole exchange, 5000 by default. */
  readonly limitMs?: number;
}

/** Sends one request; rejects when the connection fails or the answer takes too long. */
export function httpRequest(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const limitMs = options.limitMs ?? 5000;
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      method: options.method ?? 'GET',
      headers: { ...options.headers },
      agent: false,
      signal: AbortSignal.timeout(limitMs),
      ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    request.end(options.body);
  });
}
