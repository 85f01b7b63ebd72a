// A plain TCP connection for what no client library sends: garbage, half requests, an HTTP/2 preface by hand.

import net from 'node:net';
import { within } from './process.ts';

/** What a connection gave before it ended or the time was over. */
export interface RawAnswer {
  readonly bytes: Buffer;
  /** Whether the other side closed or reset it. */
  readonly closed: boolean;
}

/**
 * Connects to 127.0.0.1:`port`, sends the pieces with a short pause between them, and reads until the other side closes or
 * `limitMs` is over.
 */
export async function rawExchange(options: {
  port: number;
  pieces: readonly (string | Uint8Array)[];
  limitMs: number;
}): Promise<RawAnswer> {
  const socket = net.connect({ port: options.port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const closed = new Promise<true>((resolve) => {
    socket.once('close', () => resolve(true));
    socket.once('error', () => resolve(true));
    socket.once('end', () => resolve(true));
  });
  for (const piece of options.pieces) {
    if (!socket.destroyed) socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const result = await within(options.limitMs, closed);
  socket.destroy();
  return { bytes: Buffer.concat(chunks), closed: result === true };
}
