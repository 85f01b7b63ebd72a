// A TCP proxy between one client and a server that keeps what both send. It changes nothing.

import net from 'node:net';

export interface RecordingProxy {
  readonly port: number;
  close(): void;
}

/**
 * Listens on a free port of 127.0.0.1 and connects each client to `host`:`port`. `onBytes` gets every chunk of either side in
 * the order in which it passes.
 */
export function startProxy(
  target: { readonly host: string; readonly port: number },
  onBytes: (side: 'client' | 'server', chunk: Buffer) => void,
): Promise<RecordingProxy> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ ...target, noDelay: true });
    for (const [socket, other, side] of [
      [client, upstream, 'client'],
      [upstream, client, 'server'],
    ] as const) {
      sockets.add(socket);
      socket.on('data', (chunk) => onBytes(side, chunk));
      // Whoever does not read is not read from either.
      socket.pipe(other);
      socket.on('close', () => other.destroy());
      // The other end learns by the close that follows.
      socket.on('error', () => undefined);
    }
  });
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as net.AddressInfo).port, close }));
  });
}
