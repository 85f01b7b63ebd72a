// One HTTP/2 exchange with everything visible: headers, data, trailers, or how the stream or connection failed. For the
// transport cases, where a gRPC library would hide or refuse what is to be seen.

import http2 from 'node:http2';
import { within } from './process.ts';

/** What came back on one stream. */
export interface Http2Answer {
  readonly headers: http2.IncomingHttpHeaders | undefined;
  readonly trailers: http2.IncomingHttpHeaders | undefined;
  readonly data: Buffer;
  /** Text of the stream or connection error, if there was one. */
  readonly error: string | undefined;
}

/** The headers that a gRPC call has, for `http2Exchange`. */
export function grpcHeaders(path: string): Record<string, string> {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
}

/** The five bytes in front of a gRPC message and the message. */
export function grpcFrame(message: Uint8Array, options: { compressed?: boolean; length?: number } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = options.compressed === true ? 1 : 0;
  head.writeUInt32BE(options.length ?? message.length, 1);
  return Buffer.concat([head, message]);
}

/** Sends one request over a new cleartext connection and reads the answer to its end. Throws an Error after `limitMs`. */
export async function http2Exchange(options: {
  port: number;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array;
  limitMs?: number;
}): Promise<Http2Answer> {
  const session = http2.connect(`http://127.0.0.1:${options.port}`);
  let error: string | undefined;
  let headers: http2.IncomingHttpHeaders | undefined;
  let trailers: http2.IncomingHttpHeaders | undefined;
  const chunks: Buffer[] = [];
  const done = new Promise<true>((resolve) => {
    session.once('error', (problem) => {
      error ??= problem.message;
      resolve(true);
    });
    const stream = session.request({ ...options.headers }, { endStream: options.body === undefined });
    stream.on('response', (received) => {
      headers = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', (problem) => {
      error ??= problem.message;
    });
    stream.once('close', () => resolve(true));
    if (options.body !== undefined) stream.end(options.body);
  });
  const limitMs = options.limitMs ?? 5000;
  const finished = await within(limitMs, done);
  session.destroy();
  if (finished === undefined) throw new Error(`no answer to ${options.headers[':path']} within ${limitMs} ms`);
  return { headers, trailers, data: Buffer.concat(chunks), error };
}
