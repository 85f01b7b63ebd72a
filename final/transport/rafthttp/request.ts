// Requests to a peer: connecting has a time limit of its own, and so has silence afterwards. A URL that cannot be used fails
// like a peer that cannot be reached, by the event `error`.

import http from 'node:http';
import { parseUrl } from '../../etcdmain/urls.ts';
import { PEER_ANSWER_BYTES } from '../limits.ts';

export interface PeerRequest {
  readonly url: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: http.OutgoingHttpHeaders;
  readonly agent: http.Agent;
  readonly dialTimeoutMs: number;
  /** Longest silence of the connected peer, in ms. */
  readonly silenceMs: number;
}

const KEEP_ALIVE_MS = 30_000;

/** Starts a request; its body is still to be written and ended. Throws an Error when the URL cannot be used. */
export function startRequest(options: PeerRequest): http.ClientRequest {
  const { agent, method, path, headers = {}, dialTimeoutMs, silenceMs } = options;
  const request = http.request({ ...addressOf(options.url), agent, method, path, headers, timeout: dialTimeoutMs });
  request.on('timeout', () => request.destroy(new Error('i/o timeout')));
  request.on('socket', (socket) => {
    const connected = (): void => {
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setNoDelay(true);
      socket.setTimeout(silenceMs);
    };
    if (socket.connecting) socket.once('connect', connected);
    else connected();
  });
  return request;
}

/** Where the URL of a peer leads. Throws an Error when it cannot be used. */
export function addressOf(
  text: string,
): { readonly socketPath: string } | { readonly host: string; readonly port: number } {
  const url = parseUrl(text);
  if (url.scheme === 'unix') return { socketPath: url.address };
  if (url.scheme !== 'http') throw new Error(`unsupported protocol scheme "${url.scheme}" of a peer: ${text}`);
  const colon = url.address.lastIndexOf(':');
  return { host: url.address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(url.address.slice(colon + 1)) };
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer of more bytes than are read. */
export class AnswerTooLong extends Error {
  constructor(limit: number) {
    super(`an answer of more than ${limit} bytes`);
  }
}

/** Reads an answer whole. Rejects when it is cut off, and with {@link AnswerTooLong} when it has more than `limit` bytes. */
export async function readAnswer(response: http.IncomingMessage, limit = PEER_ANSWER_BYTES): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  if (Number(response.headers['content-length'] ?? 0) > limit) {
    response.destroy();
    throw new AnswerTooLong(limit);
  }
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) throw new AnswerTooLong(limit);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** What a peer said with a refusal, without the line end. */
export function answerText(answer: Pick<Answer, 'body'>): string {
  return answer.body.toString('utf8').trim();
}
